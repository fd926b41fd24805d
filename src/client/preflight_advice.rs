//! What to do about a target that cannot be loaded.

use url::Url;

use super::request::without_query;
use super::{PreflightFailure, PreparedRequest, SideError, tls_cause};
use crate::plan::Endpoint;
use crate::profile::{Destination, HttpVersion};
use crate::record::Outcome;

const PASS_TOKEN: &str = "by PERF_TOKEN or --token-file";

/// Before anything was sent.
pub(super) fn unusable(error: &SideError, destination: &Destination) -> PreflightFailure {
    let advice = match error {
        SideError::NoRoots(_) => {
            "Install this machine's root certificates (package ca-certificates), or pass --insecure, \
             which takes any certificate."
        }
        SideError::Request(super::RequestError::Token) => {
            "Look for line breaks or spaces in what PERF_TOKEN or --token-file holds."
        }
        SideError::Request(_) => "Correct it in the profile.",
        _ => "Pass an address such as http://localhost:8000 by --target-url.",
    };
    let advice = tls_cause::advice(&error.to_string()).unwrap_or(advice);
    PreflightFailure {
        what: format!("{}: {error}", shown(destination)),
        advice: advice.to_owned(),
        unreachable: matches!(error, SideError::Destination(_) | SideError::NoRoots(_)),
        silent: false,
    }
}

/// No connection to the target.
pub(super) fn unreachable(error: &SideError, destination: &Destination) -> PreflightFailure {
    let known = tls_cause::advice(&error.to_string()).map(str::to_owned);
    let advice = known.unwrap_or_else(|| match error {
        SideError::Tls(_) => {
            "Does the service speak TLS at this port, and is its certificate valid, made for this name, \
             and trusted by this machine? --insecure takes any certificate."
                .to_owned()
        }
        _ => running(destination),
    });
    PreflightFailure {
        what: format!("{}: {error}", shown(destination)),
        advice,
        unreachable: true,
        silent: matches!(error, SideError::NotTaken(_)),
    }
}

/// Nothing answers.
pub(super) fn running(destination: &Destination) -> String {
    format!(
        "Is the service running at {}? Does a firewall keep this machine from it?",
        shown(destination)
    )
}

/// One endpoint does not answer, while others may.
pub(super) fn silent() -> String {
    "The service took the request and gave no answer: look into its log, or take the endpoint out of \
     the profile."
        .to_owned()
}

/// Something answers, but not a web server's answer.
pub(super) fn broken(destination: &Destination) -> String {
    if destination.http == HttpVersion::Http2 {
        return format!(
            "Does the service at {} speak HTTP/2, without TLS too if the address is http? --http auto takes \
             HTTP/1.1 where there is no HTTP/2.",
            shown(destination)
        );
    }
    format!(
        "Is it this service that listens at {}, and is it http or https there? If both are right, its log \
         says why it closes connections.",
        shown(destination)
    )
}

/// All advice, each with the requests that call for it unless it is the same for all.
pub(super) fn for_each(advices: &[(String, Vec<String>)]) -> String {
    if let [(advice, _)] = advices {
        return advice.clone();
    }
    let told = advices
        .iter()
        .map(|(advice, requests)| format!("{}: {advice}", requests.join(", ")));
    told.collect::<Vec<_>>().join(" ")
}

/// An answer that may be a refusal, and what is known of the one who asked.
pub(super) struct Refused<'a> {
    pub(super) status: u16,
    /// What the answer says.
    pub(super) said: &'a str,
    /// Whether the endpoint is asked with a token.
    pub(super) auth: bool,
    /// Whether there is one.
    pub(super) token: bool,
    /// Whether the generator signed it itself.
    pub(super) minted: bool,
    /// Whose it is.
    pub(super) user: Option<&'a str>,
}

impl Refused<'_> {
    /// What to do about a status that no load would change; `None` for others.
    pub(super) fn advice(&self) -> Option<String> {
        let advice = match (self.status, self.auth, self.token) {
            (401 | 403, true, false) => {
                format!("It wants a token, and none is set: pass one {PASS_TOKEN}.")
            }
            (401 | 403, false, _) => {
                format!(
                    "It wants a token: set `auth = true` for it in the profile, and pass a token {PASS_TOKEN}."
                )
            }
            (401 | 403, true, true) if self.minted => self.minted(),
            (401, true, true) => {
                format!(
                    "The token was not accepted; it may have expired: pass a valid one {PASS_TOKEN}."
                )
            }
            (403, true, true) => format!(
                "The token's user may not ask this: pass the token of one who may {PASS_TOKEN}, or take the \
                 endpoint out of the profile."
            ),
            (404 | 405, ..) => {
                "Are path and base path right, and does this deployment have it? If not, take the \
                                endpoint out of the profile."
                    .to_owned()
            }
            _ => return None,
        };
        Some(advice)
    }

    /// A token that the generator signed: either the signature is not taken, or the user is not known.
    fn minted(&self) -> String {
        let is_about_user = Outcome::Status(self.status).is_about_user(self.said);
        if self.status == 403 || is_about_user {
            let user = self
                .user
                .map_or_else(String::new, |user| format!(" `{user}`"));
            return format!(
                "The service took the token that was signed with PERF_JWT_SECRET, and does not let its user{user} in: \
                 the user probably does not exist in the service's database, or has no organization or role there. \
                 Create the users there, or name those that exist: `user` and `claims` under [identity], or \
                 --users-file."
            );
        }
        "The token that was signed with PERF_JWT_SECRET was not accepted: is that the key that the service verifies \
         with, and do `algorithm` and `claims` under [identity] (issuer, audience) say what it expects?"
            .to_owned()
    }
}

/// An answer that is longer than the profile allows.
pub(super) fn too_long() -> String {
    "The load would count such answers as failed: raise `body_limit` under [target], or take the endpoint out of the \
     profile."
        .to_owned()
}

/// An answer with a head that is not taken.
pub(super) fn bad_head() -> String {
    "The load does not take such answers: look at the headers that the service or a proxy in between sends.".to_owned()
}

/// An answer that begins and does not end.
pub(super) fn endless(is_event_stream: bool) -> String {
    let what = if is_event_stream {
        "It is a stream of server-sent events that stays open"
    } else {
        "Its answer is still under way"
    };
    format!(
        "{what}, and the load waits for whole answers: raise `timeout` under [target] if it ends at some time, or take \
         the endpoint out of the profile."
    )
}

/// A redirect that leaves the target.
pub(super) fn elsewhere(there: Option<&Url>) -> String {
    match there.filter(|there| there.has_host()) {
        Some(there) => format!(
            "The load does not leave the target: if the service lives there, pass --target-url {}.",
            there.origin().ascii_serialization()
        ),
        None => "The load cannot follow that: correct the endpoint's path.".to_owned(),
    }
}

/// A redirect to a redirect.
pub(super) fn twice() -> String {
    "The load follows one redirect: write the final path into the profile.".to_owned()
}

/// The note on a redirect that was followed.
pub(super) fn redirected(endpoint: &Endpoint, path: &str) -> String {
    let (method, from) = (&endpoint.method, without_query(&endpoint.path));
    let to = without_query(path);
    format!("{method} {from} was redirected to {to}; the load goes there")
}

/// The note on a redirect that is not followed.
pub(super) fn not_followed(
    shown: &str,
    request: &PreparedRequest,
    status: u16,
    place: &str,
) -> String {
    let or = match (request.method().as_str(), status) {
        ("GET" | "HEAD", _) => {
            "; redirects = \"all\" under [target] has temporary redirects followed too"
        }
        (_, 307 | 308) => {
            "; redirects = \"all\" under [target] has redirects followed that keep the method and the body"
        }
        _ => "",
    };
    format!(
        "{shown} answered {status} with a redirect to {place}, which the load does not follow: it keeps requesting \
         the paths in the profile and counts such answers as failed. If {status} is what it should answer, write \
         expect = [{status}]{or}"
    )
}

/// The note on an answer that the load is to count.
pub(super) fn odd(request: &str, answered: &str) -> String {
    format!("{request} {answered} before the load, which counts such answers as failed")
}

/// The origin, without what a URL may carry beside it.
pub(super) fn shown(destination: &Destination) -> String {
    destination.origin.origin().ascii_serialization()
}
