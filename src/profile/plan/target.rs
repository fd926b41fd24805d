//! The address of the target: what a URL may say, and what it may not.

use serde::{Serialize, Serializer};
use url::Url;

use crate::diagnostic::InvalidValue;

/// What a URL must look like.
const EXAMPLE: &str = "write http://HOST:PORT, such as http://localhost:8000";

/// Where the target is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Target {
    /// Scheme, host and port; the path is empty.
    #[serde(serialize_with = "as_text")]
    pub origin: Url,
    /// What the URL had for a path, without a slash at its end; put before every path of the profile.
    pub base_path: String,
}

fn as_text<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(url)
}

impl Target {
    /// Reads a target's URL. Messages never repeat a password.
    ///
    /// # Errors
    /// When it is not an http or https URL of a host, or has a user, a query or a fragment.
    pub fn parse(text: &str) -> Result<Target, InvalidValue> {
        let text = text.trim();
        // The part that may hold a password is never shown.
        let shown = if text.contains('@') {
            "the URL".to_owned()
        } else {
            format!("`{text}`")
        };
        if text.is_empty() {
            return Err(InvalidValue::new("the URL is empty").help("write http://localhost:8000"));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(without_scheme(text, &shown));
        };
        if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
            let plain = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let message = if plain && !scheme.is_empty() {
                format!("the scheme `{scheme}` is not supported")
            } else {
                "the part before :// is not a scheme".to_owned()
            };
            return Err(InvalidValue::new(message).help("use http:// or https://"));
        }
        if rest.is_empty() || rest.starts_with('/') {
            return Err(InvalidValue::new(format!("{shown} has no host")).help(EXAMPLE));
        }
        let url = Url::parse(text).map_err(|error| {
            InvalidValue::new(format!("{shown} is not a URL: {error}")).help(EXAMPLE)
        })?;
        Target::of(url)
    }

    fn of(mut url: Url) -> Result<Target, InvalidValue> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                InvalidValue::new("a URL with a user or a password is refused")
                    .help("give a token with PERF_TOKEN or --token-file"),
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(
                InvalidValue::new("a target's URL has no query (?…) and no fragment (#…)")
                    .help("queries belong to the paths of the profile's endpoints"),
            );
        }
        let base_path = url.path().trim_end_matches('/').to_owned();
        url.set_path("");
        Ok(Target {
            origin: url,
            base_path,
        })
    }
}

fn without_scheme(text: &str, shown: &str) -> InvalidValue {
    let complaint = InvalidValue::new(format!("{shown} has no scheme"));
    let bare = text
        .trim_start_matches("http:")
        .trim_start_matches("https:");
    let bare = bare.trim_start_matches('/');
    if text.contains('@') {
        complaint.help("begin it with http:// or https://")
    } else {
        complaint.help(format!("did you mean `http://{bare}`?"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_the_base_path() {
        let table = [
            ("http://localhost:8000", "http://localhost:8000/", ""),
            ("http://localhost:8000/", "http://localhost:8000/", ""),
            ("https://host/a/b/", "https://host/", "/a/b"),
            ("HTTP://Host:80/x", "http://host/", "/x"),
            ("http://[::1]:9", "http://[::1]:9/", ""),
        ];
        for (text, origin, base_path) in table {
            let target = Target::parse(text).expect(text);
            assert_eq!(target.origin.as_str(), origin, "{text}");
            assert_eq!(target.base_path, base_path, "{text}");
        }
    }

    #[test]
    fn a_password_is_never_repeated() {
        for text in [
            "http://me:hunter2@host",
            "me:hunter2@host:80",
            "http://me:hunter2@ho st",
            "ftp://me:hunter2@host",
            "http://me:hunter2@host:99999",
            "http:///me:hunter2@host",
            "me:hunter2@host://x",
            "://me:hunter2@host",
        ] {
            let complaint = Target::parse(text).expect_err(text);
            assert!(!format!("{complaint:?}").contains("hunter2"), "{text}");
        }
    }
}
