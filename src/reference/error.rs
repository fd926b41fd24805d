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
    /// The threads that answer could not be started.
    #[error(
        "cannot start the server's threads: {0}; close other programs or lower the limit of threads"
    )]
    Runtime(io::Error),
    /// Ctrl-C could not be watched.
    #[error("cannot watch for signals to end: {0}")]
    Signals(io::Error),
}
