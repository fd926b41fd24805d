//! Redis: its own counters, over two commands.

use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use super::percent::percent_decoded;
use super::redis_connection::{RedisConnection, shortened};
use super::redis_error::RedisError;
use super::resp::Reply;
use super::rounds::{Figures, Glimpse, Looker, enter};
use crate::client::{ConnectError, Connector};
use crate::profile::{Complaint, Destination, Http, Secret};
use crate::record::figure;
use crate::requirement::Source;

const PORT: u16 = 6379;
/// Longer than a look may take.
const ANSWER: Duration = Duration::from_secs(10);

/// Where Redis is, and who asks it.
#[derive(Debug, Clone, PartialEq)]
pub struct RedisAddress {
    /// As the connector takes it.
    origin: Url,
    user: Option<String>,
    password: Option<Secret>,
    database: Option<u32>,
}

impl RedisAddress {
    /// Reads `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss://` for TLS.
    ///
    /// # Errors
    /// When it is none; the message never repeats any of it.
    pub fn parse(text: &str) -> Result<RedisAddress, Complaint> {
        let wrong =
            |what: &str| Complaint::new(what).help("write redis://HOST:6379, or rediss:// for TLS");
        let url = Url::parse(text.trim()).map_err(|_| wrong("this is no URL"))?;
        let scheme = match url.scheme() {
            "redis" => "http",
            "rediss" => "https",
            _ => return Err(wrong("the URL does not begin with redis:// or rediss://")),
        };
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("the URL has no host"))?;
        let port = url.port().unwrap_or(PORT);
        let origin = Url::parse(&format!("{scheme}://{host}:{port}/"));
        let plain =
            |text: &str| percent_decoded(text).ok_or_else(|| wrong("the URL has a wrong %"));
        let user = Some(plain(url.username())?).filter(|user| !user.is_empty());
        let password = url.password().map(plain).transpose()?;
        Ok(RedisAddress {
            origin: origin.map_err(|_| wrong("the URL has no valid host"))?,
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

    /// The number of the database; `None` when it is left to whoever asks.
    pub fn database(&self) -> Option<u32> {
        self.database
    }

    pub(super) fn connector(&self, insecure: bool) -> Result<Connector, ConnectError> {
        Connector::new(&Destination {
            origin: self.origin.clone(),
            token: None,
            insecure,
            http: Http::One,
            users: Arc::default(),
        })
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

/// Looks at Redis over one kept connection.
pub(super) struct RedisLooker {
    connector: Connector,
    address: RedisAddress,
    /// Away while a look is under way: what it left half read is of no use to the next.
    connection: Option<RedisConnection>,
}

impl RedisLooker {
    pub(super) fn new(address: &RedisAddress, insecure: bool) -> Result<RedisLooker, String> {
        let connector = address.connector(insecure);
        Ok(RedisLooker {
            connector: connector.map_err(|error| error.to_string())?,
            address: address.clone(),
            connection: None,
        })
    }
}

impl Looker for RedisLooker {
    const SOURCE: Source = Source::Redis;

    async fn look(&mut self) -> Result<Glimpse, String> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => RedisConnection::open_by(&self.connector, &self.address)
                .await
                .map_err(|error| error.to_string())?,
        };
        let begun = Instant::now();
        ask(&mut connection, "PING").await?;
        let latency = begun.elapsed().as_secs_f64() * 1e3;
        let info = ask(&mut connection, "INFO").await?;
        let mut figures = figures(&info);
        if figures.is_empty() {
            return Err(RedisError::NoCounters.to_string());
        }
        enter(&mut figures, figure::LATENCY, Some(latency));
        self.connection = Some(connection);
        Ok(Glimpse {
            figures: vec![(Source::Redis, figures)],
            ..Glimpse::default()
        })
    }
}

/// The figures of an `INFO`.
fn figures(info: &str) -> Figures {
    const NAMES: [(&str, &str); 7] = [
        ("keyspace_hits", figure::CACHE_HITS),
        ("keyspace_misses", figure::CACHE_MISSES),
        ("evicted_keys", figure::EVICTED),
        ("expired_keys", figure::EXPIRED),
        ("used_memory", figure::CACHE_MEMORY),
        ("maxmemory", figure::CACHE_MEMORY_MAX),
        ("connected_clients", figure::CONNECTIONS),
    ];
    let mut figures = Figures::new();
    for (key, value) in info.lines().filter_map(|line| line.trim().split_once(':')) {
        if let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == key) {
            enter(&mut figures, name, value.parse().ok());
        }
    }
    figures
}

/// One command and its text.
async fn ask(connection: &mut RedisConnection, command: &str) -> Result<String, String> {
    let reply = connection.ask(&[command.as_bytes()], ANSWER).await;
    match reply.map_err(|error| error.to_string())? {
        Reply::Text(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Reply::Refused(why) => Err(RedisError::Refused(shortened(&why)).to_string()),
        _ => Err(RedisError::Garbled.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_info_tells() {
        let figures =
            figures("# Stats\r\nkeyspace_hits:12\r\nkeyspace_misses:x\r\nmaxmemory:0\r\nodd\r\n");
        assert_eq!(figures.len(), 2);
        assert!((figures[figure::CACHE_HITS] - 12.0).abs() < 1e-9);
    }

    #[test]
    fn addresses_and_their_secrets() {
        let address = RedisAddress::parse("redis://me:p%40ss@host/3").expect("an address");
        assert_eq!(address.origin.as_str(), "http://host:6379/");
        assert_eq!(address.user.as_deref(), Some("me"));
        assert_eq!(address.password.as_ref().map(Secret::reveal), Some("p@ss"));
        assert_eq!(address.credentials(), ["AUTH", "me", "p@ss"]);
        assert_eq!(address.database(), Some(3));
        assert!(!format!("{address:?}").contains("p@ss"));
        let tls = RedisAddress::parse("rediss://[::1]:7000").expect("an address");
        assert_eq!(tls.origin.as_str(), "https://[::1]:7000/");
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
