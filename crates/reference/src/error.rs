use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

/// Why the server could not serve.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The port is taken or not allowed.
    #[error("cannot listen on {addr}: {source}; choose another port, or 0 for one that is free")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The database could not be opened or seeded.
    #[error("cannot prepare the database {}: {source}; name a file in a writable folder", path.display())]
    Database {
        /// Its file.
        path: PathBuf,
        /// What the driver said.
        source: rusqlite::Error,
    },
    /// There is nowhere to put a temporary database.
    #[error("cannot create the folder {}: {source}; name a database file elsewhere", path.display())]
    TemporaryFolder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The URL of a database server makes no sense.
    #[cfg(feature = "servers")]
    #[error(
        "cannot read the URL of the database; it must be postgres://USER:PASSWORD@HOST:PORT/DATABASE"
    )]
    DatabaseUrl,
    /// The URL of a cache server makes no sense.
    #[cfg(feature = "servers")]
    #[error("cannot read the URL of Redis; it must be redis://:PASSWORD@HOST:PORT")]
    RedisUrl,
    /// A server that it is to use does not let it.
    #[cfg(feature = "servers")]
    #[error(
        "cannot use {server} at {place}: {why}; is it running there, and are user and password right?"
    )]
    Unusable {
        /// Its name.
        server: &'static str,
        /// Its host and port.
        place: String,
        /// What was said.
        why: String,
    },
    /// The threads that answer could not be started.
    #[error(
        "cannot start the server's threads: {0}; close other programs or lower the limit of threads"
    )]
    Runtime(io::Error),
    /// Ctrl-C could not be watched.
    #[error("cannot watch for signals to end: {0}")]
    Signals(io::Error),
}

/// An error and what caused it, in one line: drivers keep what matters in the cause.
#[cfg(feature = "servers")]
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !text.contains(&told) {
            text = format!("{text}: {told}");
        }
        cause = error.source();
    }
    text.replace('\n', " ")
}
