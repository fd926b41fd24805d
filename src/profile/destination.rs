//! Where requests go, and what must never be shown of it.

use std::fmt;
use std::sync::Arc;

use url::Url;

use super::identity::Identity;

/// Where requests go, and what they identify themselves with.
#[derive(Clone)]
pub struct Destination {
    /// Scheme, host and port; the path is empty.
    pub origin: Url,
    /// The bearer token, if any.
    pub token: Option<Secret>,
    /// Whether any certificate is taken.
    pub insecure: bool,
    /// Who the virtual users are, one after the other; empty when all of them are whoever has the token.
    pub users: Arc<[Identity]>,
}

impl Destination {
    /// The same, seen by virtual user `index`: users beyond the known ones begin anew.
    pub fn user(&self, index: usize) -> Option<&Identity> {
        self.users.get(index % self.users.len().max(1))
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Destination({}, token: {})",
            self.origin,
            self.token.is_some()
        )
    }
}

/// A text that is never shown: a token or a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text from being shown.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new("eyJhbGciOi")), "Secret(***)");
    }
}
