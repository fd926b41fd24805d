//! What all requests to a target have in common.

use serde::Serialize;

use crate::profile::value::quantity::ReadValue;
use crate::profile::value::word::word;
use crate::template::Variables;

/// What every request to the target has in common: those of the load, of the preflight, of logins, and those that
/// ask for health, uptime and evidence.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TargetRules {
    /// Headers of every request; their values may have marks.
    pub headers: Vec<(String, String)>,
    /// The environment variables that may stand in them.
    #[serde(skip)]
    pub variables: Variables,
    /// Which redirects are followed.
    #[serde(skip_serializing_if = "Redirects::is_default")]
    pub redirects: Redirects,
}

/// Which redirects within the target are followed. One that only adds or removes a slash at the end of the path names
/// the same resource, and is followed unless none are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Redirects {
    /// Permanent ones (301, 308) of GET and HEAD.
    #[default]
    Permanent,
    /// All of GET and HEAD, and those of other methods that keep method and body (307, 308).
    All,
    /// None.
    None,
}

impl Redirects {
    /// Reads the choice as profiles write it.
    ///
    /// # Errors
    /// With all that it may be.
    pub(in crate::profile) fn parse(text: &str) -> ReadValue<Redirects> {
        let found = match text {
            "permanent" => Some(Redirects::Permanent),
            "all" => Some(Redirects::All),
            "none" => Some(Redirects::None),
            _ => None,
        };
        let known = ["permanent", "all", "none"];
        word(text, "choice of redirects", &known, found)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    fn is_default(&self) -> bool {
        *self == Redirects::default()
    }

    /// Whether a redirect of this status is followed; `is_same` says that it changes no more of the path than the
    /// slash at its end.
    pub fn follows(self, method: &str, status: u16, is_same: bool) -> bool {
        let is_safe = matches!(method, "GET" | "HEAD");
        let keeps_method = matches!(status, 307 | 308);
        match self {
            Redirects::None => false,
            Redirects::Permanent if is_same => is_safe || keeps_method,
            Redirects::Permanent => is_safe && matches!(status, 301 | 308),
            Redirects::All => is_safe || keeps_method,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_redirects_are_followed() {
        let mut table = String::new();
        for policy in [Redirects::Permanent, Redirects::All, Redirects::None] {
            for method in ["GET", "POST"] {
                for is_same in [false, true] {
                    let followed: Vec<String> = [301, 302, 303, 307, 308]
                        .into_iter()
                        .filter(|status| policy.follows(method, *status, is_same))
                        .map(|status| status.to_string())
                        .collect();
                    let place = if is_same { "slash" } else { "other" };
                    table += &format!("{policy:?} {method} {place}: {}\n", followed.join(" "));
                }
            }
        }
        insta::assert_snapshot!(table, @"
        Permanent GET other: 301 308
        Permanent GET slash: 301 302 303 307 308
        Permanent POST other: 
        Permanent POST slash: 307 308
        All GET other: 301 302 303 307 308
        All GET slash: 301 302 303 307 308
        All POST other: 307 308
        All POST slash: 307 308
        None GET other: 
        None GET slash: 
        None POST other: 
        None POST slash: 
        ");
    }
}
