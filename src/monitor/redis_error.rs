//! Why Redis tells nothing.

use std::io;
use std::time::Duration;

use crate::client::{ConnectError, Distrust};

/// Why Redis tells nothing. None of it holds the password.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// There is no connection.
    #[error("{0}{advice}", advice = advice(.0))]
    Connect(#[from] ConnectError),
    /// There was a connection.
    #[error("the connection broke: {0}")]
    Broken(io::Error),
    /// The server wanted no more of it.
    #[error("it closed the connection")]
    Closed,
    /// It is no Redis, or one that is to be spoken to over TLS.
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
    /// It speaks the protocol and tells nothing that a Redis tells.
    #[error("its INFO holds none of the counters")]
    NoCounters,
}

/// What to do about a certificate that was not taken, behind what is said of it.
fn advice(error: &ConnectError) -> &'static str {
    let ConnectError::Tls(failed) = error else {
        return "";
    };
    match Distrust::of(failed) {
        Some(Distrust::Issuer) => {
            ": name the file with the certificate of its authority in SSL_CERT_FILE, or take any certificate with \
             --insecure"
        }
        Some(Distrust::Name(_) | Distrust::Authority) => ": --insecure takes any certificate",
        None => "",
    }
}
