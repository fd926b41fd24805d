//! The cookies of one user, kept and sent as a browser does (RFC 6265).

use std::time::{SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use http::header::SET_COOKIE;
use url::Host;

use super::request::without_query;
use super::set_cookie::SetCookie;

/// The most cookies that a user keeps; the oldest one goes first.
const MOST: usize = 50;
/// The longest cookie, name and value together, in bytes.
const LONGEST: usize = 4096;

/// What one user has been given by the target.
#[derive(Debug, Clone)]
pub(super) struct CookieJar {
    host: String,
    /// Whether cookies for secure connections are sent.
    is_secure: bool,
    /// In the order in which they were made.
    kept: Vec<KeptCookie>,
}

#[derive(Debug, Clone)]
struct KeptCookie {
    name: String,
    value: String,
    path: String,
    is_secure: bool,
    /// In seconds since 1970; `None` for one that stays.
    expires: Option<i64>,
}

impl CookieJar {
    /// An empty one. As browsers do, a machine's own addresses count as secure.
    pub(super) fn new(host: &Host<String>, is_encrypted: bool) -> CookieJar {
        let is_local = match host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        CookieJar {
            is_secure: is_encrypted || is_local,
            host: host.to_string(),
            kept: Vec::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }

    /// Keeps what an answer to a request of this path sets, and drops what it takes back.
    pub(super) fn store(&mut self, headers: &HeaderMap, path: &str) {
        for line in headers.get_all(SET_COOKIE) {
            if let Some(cookie) = line.to_str().ok().and_then(SetCookie::parse) {
                self.add(&cookie, path, now());
            }
        }
    }

    fn add(&mut self, cookie: &SetCookie<'_>, path: &str, now: i64) {
        let is_theirs = cookie.domain.is_none_or(|domain| self.is_within(domain));
        if !is_theirs || cookie.name.len() + cookie.value.len() > LONGEST {
            return;
        }
        let path = cookie.path.unwrap_or_else(|| folder(path));
        let age = cookie.max_age.map(|age| now.saturating_add(age));
        let expires = age.or(cookie.expires);
        let known = |kept: &KeptCookie| kept.name == cookie.name && kept.path == path;
        let at = self.kept.iter().position(known);
        if expires.is_some_and(|at| at <= now) {
            if let Some(at) = at {
                self.kept.remove(at);
            }
            return;
        }
        let made = KeptCookie {
            name: cookie.name.to_owned(),
            value: cookie.value.to_owned(),
            path: path.to_owned(),
            is_secure: cookie.is_secure,
            expires,
        };
        if let Some(at) = at {
            self.kept[at] = made;
            return;
        }
        if self.kept.len() == MOST {
            self.kept.remove(0);
        }
        self.kept.push(made);
    }

    /// Whether the target's host is this domain or lies within it.
    fn is_within(&self, domain: &str) -> bool {
        let domain = domain.trim_start_matches('.').to_ascii_lowercase();
        let outer = self.host.strip_suffix(domain.as_str());
        outer.is_some_and(|outer| outer.is_empty() || outer.ends_with('.'))
    }

    /// What a request of this path has along: `a=1; b=2`, of longer paths first. `None` when there is nothing.
    pub(super) fn header(&self, path: &str) -> Option<String> {
        if self.kept.is_empty() {
            return None;
        }
        let (path, now) = (without_query(path), now());
        let is_sent = |kept: &&KeptCookie| {
            (self.is_secure || !kept.is_secure)
                && kept.expires.is_none_or(|at| at > now)
                && is_below(path, &kept.path)
        };
        let mut sent: Vec<&KeptCookie> = self.kept.iter().filter(is_sent).collect();
        sent.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let sent = sent
            .iter()
            .map(|kept| format!("{}={}", kept.name, kept.value));
        Some(sent.collect::<Vec<_>>().join("; ")).filter(|header| !header.is_empty())
    }

    /// All values: they may be keys to a session.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.kept.iter().map(|kept| kept.value.as_str())
    }
}

/// The path that a cookie has which names none: that of the request up to its last `/`.
fn folder(path: &str) -> &str {
    let path = without_query(path);
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(at) => &path[..at],
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    rest.is_some_and(|rest| rest.is_empty() || folder.ends_with('/') || rest.starts_with('/'))
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().cast_signed())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// What is sent to a path, after answers to requests of paths that set cookies.
    fn sent(origin: &str, set: &[(&str, &str)], path: &str) -> Option<String> {
        let origin: url::Url = origin.parse().unwrap();
        let host = origin.host().unwrap().to_owned();
        let mut jar = CookieJar::new(&host, origin.scheme() == "https");
        for (at, line) in set {
            let headers = [(SET_COOKIE, HeaderValue::from_str(line).unwrap())];
            jar.store(&headers.into_iter().collect(), at);
        }
        jar.header(path)
    }

    #[test]
    fn cookies_are_sent_as_a_browser_sends_them() {
        let (http, https) = ("http://shop.example.com", "https://shop.example.com");
        let gone = "s=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/";
        for (origin, set, path, expected) in [
            (
                http,
                &[("/login", "s=1; HttpOnly")][..],
                "/cart",
                Some("s=1"),
            ),
            (http, &[("/a/login?x=/y/", "s=1")], "/a/b", Some("s=1")),
            (http, &[("/a/login", "s=1")], "/b", None),
            (http, &[("/a/login", "s=1; Path=/")], "/b?c=1", Some("s=1")),
            (http, &[("/", "s=1; Path=/a")], "/ab", None),
            (http, &[("/", "s=1; Path=/a")], "/a?b", Some("s=1")),
            (http, &[("/", "s=1; Path=a")], "/b", Some("s=1")),
            (http, &[("/", "s=1"), ("/", "s=2")], "/", Some("s=2")),
            (
                http,
                &[("/", "a=1"), ("/", "b=2; Path=/x"), ("/", "c=3")],
                "/x",
                Some("b=2; a=1; c=3"),
            ),
            (http, &[("/", "s=1"), ("/", "s=; Max-Age=0")], "/", None),
            (http, &[("/", "s=1"), ("/", "s=; Max-Age=-1")], "/", None),
            (http, &[("/", "s=1"), ("/x", gone)], "/", None),
            (
                http,
                &[(
                    "/",
                    "s=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                )],
                "/",
                Some("s=1"),
            ),
            (http, &[("/", "s=1; Secure")], "/", None),
            (https, &[("/", "s=1; Secure")], "/", Some("s=1")),
            (
                "http://127.0.0.1:80",
                &[("/", "s=1; Secure")],
                "/",
                Some("s=1"),
            ),
            ("http://[::1]:80", &[("/", "s=1; Secure")], "/", Some("s=1")),
            (http, &[("/", "s=1; Domain=example.com")], "/", Some("s=1")),
            (
                http,
                &[("/", "s=1; Domain=.Shop.example.com")],
                "/",
                Some("s=1"),
            ),
            (http, &[("/", "s=1; Domain=op.example.com")], "/", None),
            (http, &[("/", "s=1; Domain=evil.com")], "/", None),
            (http, &[("/", "s=\"a b\"")], "/", Some("s=\"a b\"")),
            (http, &[("/", "nothing"), ("/", "=x")], "/", None),
        ] {
            let found = sent(origin, set, path);
            assert_eq!(found.as_deref(), expected, "{origin} {set:?} {path}");
        }
    }

    #[test]
    fn a_jar_is_bounded() {
        let mut jar = CookieJar::new(&Host::Domain("shop".to_owned()), false);
        for n in 0..60 {
            jar.add(
                &SetCookie {
                    name: &format!("c{n}"),
                    value: "x",
                    ..SetCookie::default()
                },
                "/",
                0,
            );
        }
        jar.add(
            &SetCookie {
                name: "long",
                value: &"x".repeat(LONGEST),
                ..SetCookie::default()
            },
            "/",
            0,
        );
        assert_eq!(jar.values().count(), MOST);
        let header = jar.header("/").unwrap();
        assert!(
            header.starts_with("c10=x; c11=x") && header.ends_with("c59=x"),
            "{header}"
        );
    }
}
