//! Where Redis is, and who asks it: its URL.

use url::{Host, Url};

use super::percent_encoding::percent_decoded;
use agentos_perf_core::diagnostic::InvalidValue;
use agentos_perf_core::secret::Secret;

const PORT: u16 = 6379;

/// Where Redis is, and who asks it.
#[derive(Debug, Clone, PartialEq)]
pub struct RedisAddress {
    host: String,
    port: u16,
    is_tls: bool,
    user: Option<String>,
    password: Option<Secret>,
    database: Option<u32>,
}

impl RedisAddress {
    /// Reads `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss://` for TLS.
    ///
    /// # Errors
    /// When it is none; the message never repeats any of it.
    pub fn parse(text: &str) -> Result<RedisAddress, InvalidValue> {
        let wrong = |what: &str| {
            InvalidValue::new(what).help("write redis://HOST:6379, or rediss:// for TLS")
        };
        let url = Url::parse(text.trim()).map_err(|_| wrong("this is not a URL"))?;
        let is_tls = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            _ => return Err(wrong("the URL does not begin with redis:// or rediss://")),
        };
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("the URL has no host"))?;
        // Of a scheme that it knows, the parser reads the host as an address or as a name in its plain form.
        let host = Url::parse(&format!("http://{host}/"));
        let host = host
            .ok()
            .and_then(|url| url.host().map(|host| plain_host(&host)));
        let plain =
            |text: &str| percent_decoded(text).ok_or_else(|| wrong("the URL has a wrong %"));
        let user = Some(plain(url.username())?).filter(|user| !user.is_empty());
        let password = url.password().map(plain).transpose()?;
        Ok(RedisAddress {
            host: host.ok_or_else(|| wrong("the URL has no valid host"))?,
            port: url.port().unwrap_or(PORT),
            is_tls,
            user,
            password: password.map(Secret::new),
            database: match url.path().trim_matches('/') {
                "" => None,
                number => Some(
                    number
                        .parse()
                        .map_err(|_| wrong("a database is a number"))?,
                ),
            },
        })
    }

    /// The number of the database; `None` when it is left to the caller.
    pub fn database(&self) -> Option<u32> {
        self.database
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// The command that gives the password; empty when there is none to give.
    pub(super) fn credentials(&self) -> Vec<&str> {
        match (&self.user, &self.password) {
            (_, None) => Vec::new(),
            // A server from before users existed knows one argument alone.
            (None, Some(password)) => vec!["AUTH", password.reveal()],
            (Some(user), Some(password)) => vec!["AUTH", user, password.reveal()],
        }
    }
}

/// A host as names are looked up and certificates are verified: an IPv6 address without its brackets.
fn plain_host(host: &Host<&str>) -> String {
    match host {
        Host::Domain(name) => (*name).to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_their_secrets() {
        let address = RedisAddress::parse("redis://me:p%40ss@host/3").expect("an address");
        assert_eq!((address.host(), address.port()), ("host", 6379));
        assert_eq!(address.user.as_deref(), Some("me"));
        assert_eq!(address.password.as_ref().map(Secret::reveal), Some("p@ss"));
        assert_eq!(address.credentials(), ["AUTH", "me", "p@ss"]);
        assert_eq!(address.database(), Some(3));
        assert!(!format!("{address:?}").contains("p@ss"));
        let tls = RedisAddress::parse("rediss://[::1]:7000").expect("an address");
        assert_eq!((tls.host(), tls.port()), ("::1", 7000));
        assert!(tls.is_tls() && !address.is_tls());
        assert_eq!((tls.credentials().len(), tls.database()), (0, None));
        for wrong in [
            "",
            "host:6379",
            "http://host",
            "redis://",
            "redis://:pw%4@h",
            "redis:///x",
            "redis://:pw@h/x",
            "redis://:pw@h/-1",
            "redis://:pw@h/1/2",
        ] {
            let complaint = RedisAddress::parse(wrong).expect_err(wrong);
            assert!(!format!("{complaint:?}").contains("pw"), "{wrong}");
        }
    }
}
