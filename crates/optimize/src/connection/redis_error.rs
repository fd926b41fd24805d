//! Why Redis can't be read.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::certificate_error::Distrust;
use super::tls::NoRoots;

/// Why Redis can't be read. None of it holds the password.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
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
    /// The TLS handshake failed.
    #[error("the TLS handshake failed: {what}{advice}", what = what(.0), advice = advice(.0))]
    Tls(io::Error),
    /// Certificates must be verified, and this machine has no authorities.
    #[error("{0}")]
    NoRoots(#[from] NoRoots),
    /// There was no connection in time.
    #[error("no connection within {0:?}")]
    NoConnection(Duration),
    /// There was a connection.
    #[error("the connection broke: {0}")]
    Broken(io::Error),
    /// The server wanted no more of it.
    #[error("it closed the connection")]
    Closed,
    /// It is not Redis, or one that is to be spoken to over TLS.
    #[error("what answers does not speak the protocol of Redis")]
    Garbled,
    /// An answer that is longer than any that was asked for.
    #[error("it answers without end")]
    Endless,
    /// No answer in time.
    #[error("it did not answer within {0:?}")]
    Silent(Duration),
    /// The server does not do what everything else needs, and why.
    #[error("it refuses: {0}")]
    Refused(String),
    /// It speaks the protocol but reports nothing that Redis reports.
    #[error("its INFO holds none of the counters")]
    NoCounters,
}

/// Why a handshake failed.
fn what(error: &io::Error) -> String {
    Distrust::of(error).map_or_else(|| error.to_string(), |distrust| distrust.to_string())
}

/// What to do about a certificate that was not taken, behind what is said of it.
fn advice(error: &io::Error) -> &'static str {
    match Distrust::of(error) {
        Some(Distrust::Issuer) => {
            ": name the file with the certificate of its authority in SSL_CERT_FILE, or take any certificate with \
             --insecure"
        }
        Some(Distrust::Name(_) | Distrust::Authority) => ": --insecure takes any certificate",
        None => "",
    }
}
