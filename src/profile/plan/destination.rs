//! Where requests go, and what must never be shown of it.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use url::Url;

use crate::profile::plan::identity::Identity;
use crate::profile::value::quantity::ReadValue;
use crate::profile::value::word::word;
use crate::secret::Secret;

/// Which version of HTTP requests are sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub enum HttpVersion {
    /// Over TLS the one that the target picks, HTTP/2 or 1.1; HTTP/1.1 over plain TCP.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// HTTP/1.1.
    #[serde(rename = "1.1")]
    Http11,
    /// HTTP/2 and nothing else; over plain TCP without asking first (prior knowledge).
    #[serde(rename = "2")]
    Http2,
}

impl HttpVersion {
    /// Reads the version as profiles and flags write it: `auto`, `1.1` or `2`.
    ///
    /// # Errors
    /// With all that it may be.
    pub fn parse(text: &str) -> ReadValue<HttpVersion> {
        let found = match text {
            "auto" => Some(HttpVersion::Auto),
            "1.1" => Some(HttpVersion::Http11),
            "2" => Some(HttpVersion::Http2),
            _ => None,
        };
        word(text, "version of HTTP", &["auto", "1.1", "2"], found)
    }
}

/// Where requests go, and what they identify themselves with.
#[derive(Clone)]
pub struct Destination {
    /// Scheme, host and port; the path is empty.
    pub origin: Url,
    /// The bearer token, if any.
    pub token: Option<Secret>,
    /// Whether any certificate is taken.
    pub insecure: bool,
    /// Which version of HTTP is spoken; WebSockets always begin with HTTP/1.1.
    pub http: HttpVersion,
    /// Who the virtual users are, one after the other; empty when all of them are the user of the token.
    pub users: Arc<[Identity]>,
}

impl Destination {
    /// Whether HTTP/2 may be spoken there.
    pub fn may_speak_http2(&self) -> bool {
        match self.http {
            HttpVersion::Auto => self.origin.scheme() == "https",
            HttpVersion::Http11 => false,
            HttpVersion::Http2 => true,
        }
    }

    /// The same, seen by virtual user `index`: users beyond the known ones start over from the first.
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
