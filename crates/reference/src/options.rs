use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::{Faults, PublicKey, RateLimit};

/// More threads than this only take the machine away from the load generator.
const MOST_THREADS: usize = 4;

const WEBSOCKET_PING: Duration = Duration::from_secs(30);

/// How the server is to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; port 0 means any that is free.
    pub addr: SocketAddr,
    /// The database file; `None` is a temporary one, removed at exit.
    pub database: Option<PathBuf>,
    /// A PostgreSQL server instead of a file, as `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    #[cfg(feature = "servers")]
    pub database_url: Option<SigningSecret>,
    /// A Redis server instead of a cache in the process, as `redis://:PASSWORD@HOST:PORT`.
    #[cfg(feature = "servers")]
    pub redis_url: Option<SigningSecret>,
    /// What tokens are signed with, under HS256.
    pub secret: SigningSecret,
    /// Whose tokens are accepted as well, under RS256.
    pub public_key: Option<PublicKey>,
    /// How much of one client is answered; off by default.
    pub rate_limit: Option<RateLimit>,
    /// Whether the first address of `X-Forwarded-For` counts as the client.
    pub trust_proxy: bool,
    /// What it does wrong.
    pub faults: Faults,
    /// How often every WebSocket is sent `{"type":"ping"}`; `None` is never.
    pub websocket_ping: Option<Duration>,
    /// Whether it ends when its standard input does: a child does not outlive its parent.
    pub exit_on_stdin_close: bool,
    /// How many threads answer; [`serve_blocking`](super::serve_blocking) alone heeds it.
    pub threads: usize,
}

impl Options {
    /// The defaults, with tokens signed by this secret.
    pub fn new(secret: SigningSecret) -> Self {
        Self {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            database: None,
            #[cfg(feature = "servers")]
            database_url: None,
            #[cfg(feature = "servers")]
            redis_url: None,
            secret,
            public_key: None,
            rate_limit: None,
            trust_proxy: false,
            faults: Faults::default(),
            websocket_ping: Some(WEBSOCKET_PING),
            exit_on_stdin_close: false,
            threads: available_parallelism().map_or(1, |cores| cores.get().min(MOST_THREADS)),
        }
    }
}

/// A signing secret or an URL with a password, which no message shows.
#[derive(Clone)]
pub struct SigningSecret(String);

impl SigningSecret {
    /// A random one.
    pub fn random() -> Self {
        let bytes: [u8; 32] = rand::random();
        Self(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Whether there is nothing to it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text itself, for the child process that is started with it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl From<String> for SigningSecret {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        let secret = SigningSecret::from("abracadabra".to_owned());
        let shown = format!("{:?}", Options::new(secret));
        assert!(!shown.contains("abracadabra"), "{shown}");
    }

    #[test]
    fn random_secrets_differ() {
        assert_ne!(
            SigningSecret::random().expose(),
            SigningSecret::random().expose()
        );
        assert_eq!(SigningSecret::random().expose().len(), 43);
    }
}
