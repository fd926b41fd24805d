//! Logins of virtual users, before the load.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::client::{SideClient, SideError, json_field, login_request, side_headers};

use crate::profile::{Destination, Identity, IdentityRules, Login, fill_marks, without_mark};
use crate::record::RunProblem;
use crate::secret::Secret;

/// How long one login may take.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(10);

/// How users log in.
pub(in crate::harness) struct Logins<'a> {
    pub(in crate::harness) login: &'a Login,
    pub(in crate::harness) rules: &'a IdentityRules,
    pub(in crate::harness) destination: &'a Destination,
}

impl Logins<'_> {
    /// Logs users in, one after the other and no faster than the profile allows.
    ///
    /// # Errors
    /// With the first user who is not let in.
    pub(in crate::harness) fn of(
        &self,
        users: Vec<(String, u32, Option<Secret>)>,
    ) -> Result<Vec<Identity>, RunProblem> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| own_fault(&error.to_string()))?;
        runtime.block_on(async {
            let client = SideClient::new(self.destination, LOGIN_TIMEOUT)
                .map_err(|error| own_fault(&error.to_string()))?
                .with_rules(&self.login.rules);
            let pause = Duration::from_secs_f64(1.0 / self.login.rate.as_f64());
            let begun = tokio::time::Instant::now();
            let mut identities = Vec::with_capacity(users.len());
            for (place, (user, n, password)) in users.into_iter().enumerate() {
                tokio::time::sleep_until(begun + pause * place as u32).await;
                let token = self.log_in(&client, &user, n, password).await?;
                identities.push(Identity {
                    headers: self.rules.headers(n, &user),
                    token: Some(token),
                    user,
                });
            }
            Ok(identities)
        })
    }

    async fn log_in(
        &self,
        client: &SideClient,
        user: &str,
        n: u32,
        password: Option<Secret>,
    ) -> Result<Secret, RunProblem> {
        let failed = |what: String| {
            RunProblem {
            what: format!("the login of `{user}` at {} {what}", self.login.path),
            advice: "look at [identity.login] in the profile, and at the password in PERF_LOGIN_PASSWORD \
                     or in the users file"
                .to_owned(),
        }
        };
        let password = password.ok_or_else(|| failed("has no password".to_owned()))?;
        let number = n.to_string();
        let marks = [
            ("{user}", user),
            ("{n}", number.as_str()),
            ("{password}", password.reveal()),
        ];
        let body = fill_marks(&self.login.body, &marks);
        let own = self.rules.headers(n, user);
        let destination = Destination {
            users: Arc::from([Identity {
                user: user.to_owned(),
                token: None,
                headers: Vec::new(),
            }]),
            ..self.destination.clone()
        };
        let common = side_headers(&self.login.rules, &destination);
        let headers = [&common[..], &own[..]];
        let request = login_request(&self.login.path, &body, headers, self.destination)
            .map_err(|error| failed(format!("can't be sent: {error}")))?;
        let answer = client.send_on(&request, LOGIN_TIMEOUT).await;
        let answer = answer.map_err(|error: SideError| failed(format!("gave {error}")))?;
        if !(200..300).contains(&answer.status) {
            let said = answer.excerpt(&request, &[password.reveal()]);
            return Err(failed(format!("was answered {}{said}", answer.status)));
        }
        let token = serde_json::from_slice::<Value>(without_mark(&answer.body)).ok();
        let token = token
            .as_ref()
            .and_then(|answer| json_field(answer, &self.login.token_field))
            .and_then(Value::as_str);
        let missing = || failed(format!("was answered without `{}`", self.login.token_field));
        token.map(Secret::new).ok_or_else(missing)
    }
}

fn own_fault(what: &str) -> RunProblem {
    RunProblem {
        what: what.to_owned(),
        advice: "see to the limits of the machine that makes the load".to_owned(),
    }
}
