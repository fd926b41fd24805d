//! The bytes to and from Redis: TCP, with or without TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::redis_address::RedisAddress;
use super::redis_error::RedisError;
use super::tls::{NoRoots, Trust, client_config};

/// What commands are written to and replies are read from.
pub(super) trait RedisTransport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> RedisTransport for T {}

/// Makes connections to one Redis.
#[derive(Clone)]
pub struct RedisConnector {
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
}

impl RedisConnector {
    /// Prepares connections; nothing is resolved or sent yet.
    ///
    /// # Errors
    /// When certificates must be verified, and this machine has no authorities.
    pub fn new(address: &RedisAddress, insecure: bool) -> Result<RedisConnector, NoRoots> {
        let trust = if insecure {
            Trust::Anybody
        } else {
            Trust::Machine
        };
        let config = address.is_tls().then(|| client_config(trust)).transpose()?;
        Ok(RedisConnector {
            host: address.host().to_owned(),
            port: address.port(),
            tls: config.map(|config| TlsConnector::from(Arc::new(config))),
        })
    }

    /// A connection, TLS included.
    pub(super) async fn connect(
        &self,
        within: Duration,
    ) -> Result<Box<dyn RedisTransport>, RedisError> {
        timeout(within, self.connect_until(Instant::now() + within))
            .await
            .unwrap_or(Err(RedisError::NoConnection(within)))
    }

    async fn connect_until(&self, until: Instant) -> Result<Box<dyn RedisTransport>, RedisError> {
        let unknown = |source| RedisError::Name {
            host: self.host.clone(),
            source,
        };
        let found = lookup_host((self.host.as_str(), self.port)).await;
        let found: Vec<SocketAddr> = found.map_err(unknown)?.collect();
        let tcp = first_that_answers(&found, until).await;
        let tcp = tcp.unwrap_or_else(|| Err(unknown(io::ErrorKind::NotFound.into())))?;
        // Without it a small command can wait 40 ms for the acknowledgement of the one before.
        tcp.set_nodelay(true).map_err(RedisError::Broken)?;
        let Some(tls) = &self.tls else {
            return Ok(Box::new(tcp));
        };
        let name = ServerName::try_from(self.host.clone())
            .map_err(|_| unknown(io::ErrorKind::InvalidInput.into()))?;
        let stream = tls.connect(name, tcp).await.map_err(RedisError::Tls)?;
        Ok(Box::new(stream))
    }
}

/// `None` without an address.
async fn first_that_answers(
    addresses: &[SocketAddr],
    until: Instant,
) -> Option<Result<TcpStream, RedisError>> {
    let mut last = None;
    for (at, &address) in addresses.iter().enumerate() {
        // One that swallows everything (a broken IPv6 route) must leave time for the next.
        let now = Instant::now();
        let share = until.saturating_duration_since(now) / (addresses.len() - at) as u32;
        let source = match timeout_at(now + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Some(Ok(stream)),
            Ok(Err(source)) => source,
            Err(_) => io::ErrorKind::TimedOut.into(),
        };
        last = Some(Err(RedisError::Tcp { address, source }));
    }
    last
}
