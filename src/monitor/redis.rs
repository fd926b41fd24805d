//! Redis: its own counters, over a client of two commands.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

use super::rounds::{Figures, Glimpse, Looker, enter};
use crate::client::{Connector, Stream};
use crate::profile::{Complaint, Destination, Http, Secret};
use crate::record::figure;
use crate::requirement::Source;

const PORT: u16 = 6379;
const CONNECT: Duration = Duration::from_secs(2);
/// Far more than `INFO` ever says.
const MOST_BYTES: usize = 1 << 20;

/// Where Redis is, and who asks it.
#[derive(Debug, Clone, PartialEq)]
pub struct RedisAddress {
    /// As the connector takes it.
    origin: Url,
    user: Option<String>,
    password: Option<Secret>,
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
        })
    }
}

/// `None` for a `%` without two digits, or what is no text then.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Looks at Redis over one kept connection.
pub(super) struct RedisLooker {
    connector: Connector,
    address: RedisAddress,
    /// Away while a look is under way: what it left half read is of no use to the next.
    stream: Option<Stream>,
}

impl RedisLooker {
    pub(super) fn new(address: &RedisAddress, insecure: bool) -> Result<RedisLooker, String> {
        let destination = Destination {
            origin: address.origin.clone(),
            token: None,
            insecure,
            http: Http::One,
            users: Arc::default(),
        };
        let connector = Connector::new(&destination).map_err(|error| error.to_string())?;
        Ok(RedisLooker {
            connector,
            address: address.clone(),
            stream: None,
        })
    }

    async fn connect(&self) -> Result<Stream, String> {
        let connected = self.connector.connect(CONNECT).await;
        let mut stream = connected.map_err(|error| error.to_string())?;
        if let Some(password) = &self.address.password {
            let user = self.address.user.as_deref().unwrap_or("default");
            // A server from before users existed knows one argument alone.
            let words = match &self.address.user {
                Some(_) => vec!["AUTH", user, password.reveal()],
                None => vec!["AUTH", password.reveal()],
            };
            ask(&mut stream, &words).await?;
        }
        Ok(stream)
    }
}

impl Looker for RedisLooker {
    const SOURCE: Source = Source::Redis;

    async fn look(&mut self) -> Result<Glimpse, String> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect().await?,
        };
        let begun = Instant::now();
        ask(&mut stream, &["PING"]).await?;
        let latency = begun.elapsed().as_secs_f64() * 1e3;
        let info = ask(&mut stream, &["INFO"]).await?;
        let mut figures = figures(&info);
        if figures.is_empty() {
            return Err("its INFO holds none of the counters".to_owned());
        }
        enter(&mut figures, figure::LATENCY, Some(latency));
        self.stream = Some(stream);
        Ok(Glimpse {
            figures: vec![(Source::Redis, figures)],
            problems: Vec::new(),
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

/// One command and its answer.
async fn ask(stream: &mut Stream, words: &[&str]) -> Result<String, String> {
    let mut command = format!("*{}\r\n", words.len());
    for word in words {
        command += &format!("${}\r\n{word}\r\n", word.len());
    }
    let broken = |error: std::io::Error| format!("the connection broke: {error}");
    stream.write_all(command.as_bytes()).await.map_err(broken)?;
    stream.flush().await.map_err(broken)?;
    let mut answer = Vec::new();
    loop {
        if let Some(whole) = reply(&answer) {
            return whole;
        }
        if answer.len() > MOST_BYTES {
            return Err("it answers without end".to_owned());
        }
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.map_err(broken)?;
        if read == 0 {
            return Err("it closed the connection".to_owned());
        }
        answer.extend_from_slice(&chunk[..read]);
    }
}

/// The reply at the beginning of some bytes, or what is wrong with it; `None` while it is not whole.
fn reply(bytes: &[u8]) -> Option<Result<String, String>> {
    let garbled = || {
        Some(Err(
            "what answers does not speak the protocol of Redis".to_owned()
        ))
    };
    let kind = bytes.first()?;
    if !b"+-$:".contains(kind) {
        return garbled();
    }
    let end = bytes.windows(2).position(|pair| pair == b"\r\n");
    let Some(end) = end else {
        return if bytes.len() > 4096 { garbled() } else { None };
    };
    let Ok(line) = std::str::from_utf8(&bytes[1..end]) else {
        return garbled();
    };
    match kind {
        b'-' => Some(Err(format!(
            "it refuses: {}",
            line.chars().take(120).collect::<String>()
        ))),
        b'$' => {
            let Some(length) = line
                .parse::<usize>()
                .ok()
                .filter(|length| *length <= MOST_BYTES)
            else {
                return garbled();
            };
            let body = bytes.get(end + 2..end + 2 + length)?;
            // The two bytes behind it belong to it.
            bytes.get(end + 2 + length + 1)?;
            Some(Ok(String::from_utf8_lossy(body).into_owned()))
        }
        _ => Some(Ok(line.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_whole_wrong_or_awaited() {
        type Told = Option<Result<&'static str, &'static str>>;
        let table: [(&[u8], Told); 11] = [
            (b"", None),
            (b"+PON", None),
            (b"+PONG\r\n", Some(Ok("PONG"))),
            (b"$5\r\nhel", None),
            (b"$5\r\nhello\r", None),
            (b"$5\r\nhello\r\n", Some(Ok("hello"))),
            (b"$0\r\n\r\n", Some(Ok(""))),
            (b"-NOAUTH no\r\n", Some(Err("it refuses: NOAUTH no"))),
            (
                b"$-1\r\n",
                Some(Err("what answers does not speak the protocol of Redis")),
            ),
            (
                b"HTTP/1.1 400\r\n",
                Some(Err("what answers does not speak the protocol of Redis")),
            ),
            (
                b"+\xff\r\n",
                Some(Err("what answers does not speak the protocol of Redis")),
            ),
        ];
        for (bytes, expected) in table {
            let expected = expected.map(|one| one.map(str::to_owned).map_err(str::to_owned));
            assert_eq!(reply(bytes), expected, "{bytes:?}");
        }
    }

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
        assert!(!format!("{address:?}").contains("p@ss"));
        let tls = RedisAddress::parse("rediss://[::1]:7000").expect("an address");
        assert_eq!(tls.origin.as_str(), "https://[::1]:7000/");
        for wrong in [
            "",
            "host:6379",
            "http://host",
            "redis://",
            "redis://:pw%4@h",
            "redis:///x",
        ] {
            let complaint = RedisAddress::parse(wrong).expect_err(wrong);
            assert!(!format!("{complaint:?}").contains("pw"), "{wrong}");
        }
    }
}
