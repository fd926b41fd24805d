//! What to do about a step of a journey that fails before the load.

use super::request::without_query;
use crate::plan::Endpoint;

/// How a step is named, by what it sends.
pub(super) fn shown(request: &str, endpoint: &Endpoint) -> String {
    format!("{request} (step `{}`)", endpoint.name)
}

/// The same of one that could not be filled in.
pub(super) fn unsent(endpoint: &Endpoint) -> String {
    let request = format!("{} {}", endpoint.method, without_query(&endpoint.path));
    shown(&request, endpoint)
}

pub(super) fn correct() -> String {
    "What an earlier step takes must fit where this one puts it: correct `take` or the step in the profile.".to_owned()
}

/// A poll that ended without what it waits for.
pub(super) fn not_ready(endpoint: &Endpoint) -> String {
    let wanted = endpoint.answer.until.iter();
    let wanted: Vec<String> = wanted
        .map(|(field, value)| format!("`{field}` = {value}"))
        .collect();
    let poll = endpoint.step.as_ref().and_then(|step| step.poll);
    let within = poll.map(|poll| poll.within).unwrap_or_default();
    format!("did not answer {} within {within:?}", wanted.join(" and "))
}

pub(super) fn wait_longer() -> String {
    "Is that field what the service answers when it is done? If it takes longer, raise `within`; otherwise its log says \
     why it is not done."
        .to_owned()
}

/// An answer that breaks a rule of the step.
pub(super) fn wrong(endpoint: &Endpoint) -> String {
    let keys = if endpoint.answer.take.is_empty() {
        "the rules of the step"
    } else {
        "`take` and the other rules of the step"
    };
    format!("Compare {keys} in the profile with what the service answers.")
}

/// A status that was not expected.
pub(super) struct Refused<'a> {
    pub(super) status: u16,
    /// What the answer says, or why a redirect was not followed.
    pub(super) said: &'a str,
    pub(super) endpoint: &'a Endpoint,
    /// Headers of all requests.
    pub(super) common: &'a [(String, String)],
}

impl Refused<'_> {
    /// What to do about a status that no load would change; `None` for others. `of_token` knows what to do about a request with
    /// the session's token.
    pub(super) fn advice(&self, of_token: impl Fn(bool) -> Option<String>) -> Option<String> {
        match self.status {
            401 | 403 if !self.endpoint.auth => Some(self.login()),
            404 | 405 => Some(
                "Are path and base path right, and does this deployment have it? If not, correct the journey or leave \
                 it out."
                    .to_owned(),
            ),
            301 | 302 | 303 | 307 | 308 => Some(self.redirect()),
            _ => of_token(self.endpoint.auth),
        }
    }

    fn login(&self) -> String {
        let mut headers = self.endpoint.headers.iter().chain(self.common);
        if headers.any(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
            return "The Authorization header of this step was not accepted: does an earlier step take the right value, \
                    and does the header have the form that the service expects?"
                .to_owned();
        }
        let is_login = if self.endpoint.method == "POST" {
            "If this step logs in, what it sends was not accepted. Otherwise let"
        } else {
            "It wants a login: let"
        };
        format!(
            "{is_login} an earlier step log in and take the token, and send it by headers = {{ Authorization = \"Bearer \
             {{token}}\" }}; cookies are sent in any case. Or set `auth = true` for the step, and pass a token by PERF_TOKEN \
             or --token-file."
        )
    }

    fn redirect(&self) -> String {
        let status = self.status;
        if !self.endpoint.answer.redirects {
            return format!(
                "Write redirects = true at the step to have it followed as a browser follows it, or expect = [{status}] \
                 if this is what it should answer."
            );
        }
        if self.said.is_empty() {
            return "It names no place that could be followed to.".to_owned();
        }
        "Requests do not leave the target: if the service is there, pass its address by --target-url."
            .to_owned()
    }
}
