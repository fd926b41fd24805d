//! Who the virtual users are: read from a file, minted, logged in, or all the same.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::harness::run::jwt::SigningKey;
use crate::harness::run::login::Logins;

use crate::plan::Plan;
use crate::profile::{Algorithm, Destination, Identity, IdentityRules, Login, fill_marks};
use crate::record::RunProblem;
use crate::secret::Secret;

/// Where users' credentials come from, in the order in which they are preferred.
#[derive(Debug, Clone, Default)]
pub(in crate::harness) struct Credentials {
    /// Users of a file, with what each identifies itself with.
    pub(in crate::harness) users: Vec<FileUser>,
    /// The file they come from.
    pub(in crate::harness) file: Option<PathBuf>,
    /// The key that tokens are signed with.
    pub(in crate::harness) signing_key: Option<Secret>,
    /// The password with which every user logs in.
    pub(in crate::harness) password: Option<Secret>,
}

impl Credentials {
    /// Whether the users' tokens are signed by the generator.
    pub(in crate::harness) fn mints(&self) -> bool {
        self.users.is_empty() && self.signing_key.is_some()
    }
}

/// One user of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::harness) struct FileUser {
    pub(in crate::harness) user: String,
    pub(in crate::harness) token: Option<Secret>,
    pub(in crate::harness) password: Option<Secret>,
}

/// The users of a session, as far as they were needed so far.
#[derive(Debug, Default)]
pub(in crate::harness) struct Identities {
    known: Mutex<Vec<Identity>>,
}

impl Identities {
    /// The same destination with an identity for each user of a plan, where there is a source of them.
    ///
    /// # Errors
    /// When there are too few for users that must each be themselves, or one can't be made.
    pub(in crate::harness) fn join(
        &self,
        plan: &Plan,
        rules: &IdentityRules,
        credentials: &Credentials,
        destination: Destination,
    ) -> Result<Destination, RunProblem> {
        let wanted = plan.users();
        let source = CredentialSource {
            rules,
            credentials,
            destination: &destination,
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if (known.len() as u32) < wanted {
            let more = source.more(known.len() as u32 + 1, wanted)?;
            known.extend(more);
        }
        let must_be_themselves = plan.socket.as_ref().filter(|one| one.needs_identity());
        if let Some(socket) = must_be_themselves
            && (known.len() as u32) < socket.users
        {
            return source.shared(known.len(), plan, socket.users);
        }
        let users: Arc<[Identity]> = known.iter().take(wanted as usize).cloned().collect();
        let first = users.first().and_then(|user| user.token.clone());
        Ok(Destination {
            token: destination.token.clone().or(first),
            users,
            ..destination
        })
    }
}

struct CredentialSource<'a> {
    rules: &'a IdentityRules,
    credentials: &'a Credentials,
    destination: &'a Destination,
}

impl CredentialSource<'_> {
    /// Users `from..=to`, as many of them as there are; none where there is no source.
    fn more(&self, from: u32, to: u32) -> Result<Vec<Identity>, RunProblem> {
        let login = self.rules.login.as_ref();
        let credentials = self.credentials;
        if !credentials.users.is_empty() {
            let listed = credentials.users.iter().zip(1..).skip(from as usize - 1);
            let listed: Vec<_> = listed.take((to + 1 - from) as usize).collect();
            let without = listed.iter().any(|(user, _)| user.token.is_none());
            if let (true, Some(login)) = (without, login) {
                let named = listed.iter().map(|(user, n)| {
                    let password = user.password.clone().or(credentials.password.clone());
                    (user.user.clone(), *n, password)
                });
                return self.logins(login).of(named.collect());
            }
            let identity = |(user, n): (&FileUser, u32)| Identity {
                user: user.user.clone(),
                token: user.token.clone(),
                headers: self.rules.headers(n, &user.user),
            };
            return Ok(listed.into_iter().map(identity).collect());
        }
        if let Some(key) = &credentials.signing_key {
            let key = signing_key(self.rules.algorithm, key)?;
            return (from..=to).map(|n| self.minted(&key, n)).collect();
        }
        match (login, &credentials.password) {
            (Some(login), Some(password)) => {
                let named = (from..=to).map(|n| (self.rules.name(n), n, Some(password.clone())));
                self.logins(login).of(named.collect())
            }
            // Headers alone make users too, where the service tells them by an address.
            _ if !self.rules.headers.is_empty() => Ok((from..=to).map(|n| self.plain(n)).collect()),
            _ => Ok(Vec::new()),
        }
    }

    fn logins<'a>(&'a self, login: &'a Login) -> Logins<'a> {
        Logins {
            login,
            rules: self.rules,
            destination: self.destination,
        }
    }

    fn plain(&self, n: u32) -> Identity {
        let user = self.rules.name(n);
        Identity {
            headers: self.rules.headers(n, &user),
            token: None,
            user,
        }
    }

    fn minted(&self, key: &SigningKey, n: u32) -> Result<Identity, RunProblem> {
        let identity = self.plain(n);
        let number = n.to_string();
        let mut claims = fill_marks(
            &self.rules.claims,
            &[("{user}", &identity.user), ("{n}", &number)],
        );
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        if let Value::Object(claims) = &mut claims {
            claims.insert("iat".to_owned(), Value::from(now.as_secs()));
            let expires = now.saturating_add(self.rules.expires).as_secs();
            claims.insert("exp".to_owned(), Value::from(expires));
        }
        let token = key.token(&claims).map_err(|_| unsigned())?;
        Ok(Identity {
            token: Some(Secret::new(token)),
            ..identity
        })
    }

    /// Too few users to each be themselves: all of them are the bearer of the one token, if the profile
    /// says that the service allows it.
    fn shared(&self, known: usize, plan: &Plan, wanted: u32) -> Result<Destination, RunProblem> {
        let bearer = self.destination.token.as_ref().and_then(subject);
        if let (true, Some(user), 0) = (self.rules.shared, bearer, known) {
            let identity = Identity {
                user,
                token: self.destination.token.clone(),
                headers: Vec::new(),
            };
            return Ok(Destination {
                users: Arc::from([identity]),
                ..self.destination.clone()
            });
        }
        let have = match (&self.credentials.file, &self.destination.token) {
            (Some(file), _) => format!("{} has {known}", file.display()),
            (None, Some(_)) => "there is one token for all of them".to_owned(),
            (None, None) => "there is no token for any of them".to_owned(),
        };
        Err(RunProblem {
            what: format!(
                "the {wanted} WebSocket users of `{}` each need an identity of their own, and {have}",
                plan.scenario
            ),
            advice: format!(
                "give {wanted} users with their tokens in --users-file (a service that checks who connects \
                 refuses all but one bearer of the same token), or the key that tokens are signed with in \
                 PERF_JWT_SECRET, or a password for [identity.login] in PERF_LOGIN_PASSWORD; where the \
                 service takes one token for all, write shared = true under [identity]; or take fewer --users"
            ),
        })
    }
}

/// Whose token it is, by its own word; nothing rests on it but a name in a path.
fn subject(token: &Secret) -> Option<String> {
    use base64::Engine as _;
    let payload = token.reveal().split('.').nth(1)?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(payload)
        .ok()?;
    let claims: Value = serde_json::from_slice(&bytes).ok()?;
    claims.get("sub")?.as_str().map(str::to_owned)
}

fn signing_key(algorithm: Algorithm, key: &Secret) -> Result<SigningKey, RunProblem> {
    let key = key.reveal().as_bytes();
    match algorithm {
        Algorithm::Hs256 => Ok(SigningKey::hs256(key)),
        Algorithm::Rs256 => SigningKey::rs256(key).ok_or_else(unsigned),
    }
}

fn unsigned() -> RunProblem {
    RunProblem {
        what: "tokens can't be signed with the key in PERF_JWT_SECRET".to_owned(),
        advice: "RS256 takes a private RSA key in PEM form, HS256 any text: does [identity] algorithm fit?"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{HttpVersion, Overrides, ProfileSource, load};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn destination(token: Option<&str>) -> Destination {
        Destination {
            origin: "http://127.0.0.1:9/".parse().unwrap(),
            token: token.map(Secret::new),
            insecure: false,
            http: HttpVersion::default(),
            users: Arc::default(),
        }
    }

    fn websocket() -> Plan {
        let profile = load(
            &ProfileSource::parse("phase8").unwrap(),
            &Overrides::default(),
        );
        profile.unwrap().plan("websocket").unwrap().clone()
    }

    fn joined(rules: &IdentityRules, credentials: &Credentials) -> Result<Destination, RunProblem> {
        Identities::default().join(&websocket(), rules, credentials, destination(None))
    }

    #[test]
    fn every_user_is_given_a_token_of_its_own() {
        let rules = IdentityRules {
            claims: serde_json::json!({ "sub": "{user}", "org_id": "org-{n}" }),
            ..IdentityRules::default()
        };
        let credentials = Credentials {
            signing_key: Some(Secret::new("a key")),
            ..Credentials::default()
        };
        let users = joined(&rules, &credentials).unwrap().users;
        assert_eq!(users.len(), 100);
        for (user, n) in users.iter().zip(1..) {
            let token = user.token.as_ref().unwrap().reveal();
            let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap());
            let claims: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
            // What the signature says is no other than what it says of these claims.
            assert_eq!(SigningKey::hs256(b"a key").token(&claims).unwrap(), token);
            let lasts = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
            assert_eq!(lasts, rules.expires.as_secs());
            assert_eq!(claims["sub"], format!("load-user-{n}"));
            assert_eq!(claims["org_id"], format!("org-{n}"));
            assert_eq!(user.user, format!("load-user-{n}"));
        }
    }

    #[test]
    fn a_key_of_the_wrong_kind_is_told_without_being_shown() {
        let rules = IdentityRules {
            algorithm: Algorithm::Rs256,
            ..IdentityRules::default()
        };
        let credentials = Credentials {
            signing_key: Some(Secret::new("hunter2")),
            ..Credentials::default()
        };
        let problem = joined(&rules, &credentials).unwrap_err();
        assert!(problem.what.contains("PERF_JWT_SECRET"));
        assert!(!format!("{problem:?}").contains("hunter2"));
    }

    #[test]
    fn one_token_is_shared_only_where_the_profile_says_so() {
        let payload = URL_SAFE_NO_PAD.encode(br#"{"sub":"ann"}"#);
        let token = format!("e30.{payload}.x");
        for (shared, expected) in [(true, Some("ann")), (false, None)] {
            let rules = IdentityRules {
                shared,
                ..IdentityRules::default()
            };
            let joined = Identities::default().join(
                &websocket(),
                &rules,
                &Credentials::default(),
                destination(Some(&token)),
            );
            let user = joined.ok().map(|found| found.users[0].user.clone());
            assert_eq!(user.as_deref(), expected);
        }
    }
}
