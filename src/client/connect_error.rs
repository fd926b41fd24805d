//! Why there is no connection.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::{TlsFault, tls_cause};
use crate::record::Outcome;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The destination is not one that requests can be sent to.
    #[error("cannot send requests to `{0}`: it must be http:// or https:// with a host")]
    Destination(String),
    /// Certificates are to be verified, but this machine has no trusted roots.
    #[error("this machine has no root certificates to verify the target with: {0}")]
    NoRoots(String),
    /// The host's name is not known.
    #[error("the name `{host}` cannot be resolved: {source}")]
    Name {
        /// The name.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// Refused, unreachable, or broken off.
    #[error("cannot connect to {address}: {source}")]
    Tcp {
        /// The last address that was tried.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// This machine has no socket, port or file descriptor left.
    #[error("the load generator has no socket left: {0}")]
    NoSocket(io::Error),
    /// The TLS handshake failed.
    #[error("the TLS handshake failed: {0}")]
    Tls(TlsFault),
    /// The files that the environment names for root certificates cannot be read.
    #[error("{0}")]
    Roots(TlsFault),
    /// The target does not speak HTTP/2, and nothing else is wanted.
    #[error("the target takes no HTTP/2 over TLS (ALPN)")]
    NoHttp2,
    /// There was no connection in time.
    #[error("no connection within {0:?}")]
    Timeout(Duration),
}

impl ConnectError {
    /// What to do about it, where that is known.
    pub fn advice(&self) -> Option<&'static str> {
        tls_cause::advice(&self.to_string())
    }

    /// What a request that needed the connection ended in.
    pub fn outcome(&self) -> Outcome {
        match self {
            ConnectError::Destination(_) | ConnectError::Name { .. } | ConnectError::Tcp { .. } => {
                Outcome::Connect
            }
            ConnectError::NoRoots(_) | ConnectError::Roots(_) | ConnectError::Tls(_) => {
                Outcome::Tls
            }
            ConnectError::NoHttp2 => Outcome::Protocol,
            ConnectError::NoSocket(_) => Outcome::NoSocket,
            ConnectError::Timeout(_) => Outcome::Timeout,
        }
    }
}
