use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use thiserror::Error;

use crate::harness::note;
use crate::profile::read_text;
use crate::reference::{
    CHILD_SECRET, DEMO_ORGANIZATION, DEMO_USER, Fault, Options, PublicKey, PublicKeyError,
    RateLimit, ServeError, SigningSecret, announce_on_stdout, mint_token, serve_blocking,
};

const TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// Runs the embedded `AgentOS`.
///
/// Tokens are signed with the secret in --secret-file or `PERF_JWT_SECRET`, or with a random one.
/// user-1@example.com, user-2@example.com and so on log in with the password `reference`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The port to listen on; 0 is any that is free
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The address to listen on
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The database file [default: a temporary one]
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
    /// A PostgreSQL server to keep the data in instead, postgres://USER:PASSWORD@HOST:PORT/DATABASE;
    /// the flag shows in the process list, the variable does not
    #[arg(
        long,
        value_name = "URL",
        env = "PERF_SERVE_DATABASE_URL",
        hide_env_values = true
    )]
    #[arg(conflicts_with = "database")]
    database_url: Option<SigningSecret>,
    /// A Redis server to cache in, redis://:PASSWORD@HOST:PORT [default: a cache in the process]
    #[arg(
        long,
        value_name = "URL",
        env = "PERF_SERVE_REDIS_URL",
        hide_env_values = true
    )]
    redis_url: Option<SigningSecret>,
    /// Something to do wrong, such as latency=300ms:/health, errors=2% or stall=2s@5s; repeatable
    #[arg(long = "fault", value_name = "SPEC")]
    faults: Vec<Fault>,
    /// Requests that a client may send to a path in a time, such as 100/60s [default: no limit]
    #[arg(long, value_name = "N/DURATION")]
    rate_limit: Option<RateLimit>,
    /// A file with the secret that tokens are signed with, under HS256
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// A PEM file with an RSA key whose tokens are accepted as well, under RS256
    #[arg(long, value_name = "FILE")]
    public_key_file: Option<PathBuf>,
    /// Where to write a token of a demonstration user, for a day
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// How often every WebSocket is sent a ping, in seconds; 0 is never
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    websocket_ping: u32,
    /// End when standard input does
    #[arg(long)]
    exit_on_stdin_close: bool,
    /// How many threads answer [default: as many as cores, 4 at most]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Take the first address of X-Forwarded-For for the client's
    #[arg(long)]
    trust_proxy: bool,
}

#[derive(Debug, Error)]
enum ServeRunError {
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error("cannot write the token to {}: {source}; name a file in a writable folder", path.display())]
    TokenFile { path: PathBuf, source: io::Error },
    #[error("cannot read {}: {source}; name a file that is there and may be read", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the file {} is empty; it must hold the secret that tokens are signed with", path.display())]
    NoSecret { path: PathBuf },
    #[error("the file {} holds {source}", path.display())]
    PublicKey {
        path: PathBuf,
        source: PublicKeyError,
    },
}

impl ServeArgs {
    fn options(self, secret: SigningSecret) -> Options {
        let mut options = Options::new(secret);
        options.addr = SocketAddr::new(self.host, self.port);
        options.database = self.database;
        options.database_url = self.database_url.filter(|url| !url.is_empty());
        options.redis_url = self.redis_url.filter(|url| !url.is_empty());
        options.rate_limit = self.rate_limit;
        options.trust_proxy = self.trust_proxy;
        options.faults = self.faults.into_iter().collect();
        options.websocket_ping =
            (self.websocket_ping > 0).then(|| Duration::from_secs(self.websocket_ping.into()));
        options.exit_on_stdin_close = self.exit_on_stdin_close;
        if let Some(threads) = self.threads {
            options.threads = threads.into();
        }
        options
    }
}

/// Serves until it is asked to stop.
pub fn run(args: ServeArgs) -> ExitCode {
    match serve(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(format_args!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn serve(mut args: ServeArgs) -> Result<(), ServeRunError> {
    let secret = match args.secret_file.take() {
        Some(path) => secret_in(path)?,
        None => env::var(CHILD_SECRET)
            .ok()
            .filter(|secret| !secret.is_empty())
            .map_or_else(SigningSecret::random, SigningSecret::from),
    };
    let public_key = args.public_key_file.take().map(public_key_in).transpose()?;
    if let Some(path) = args.token_file.take() {
        let token = mint_token(&secret, DEMO_USER, DEMO_ORGANIZATION, TOKEN_LIFETIME);
        write_private(&path, &token).map_err(|source| ServeRunError::TokenFile { path, source })?;
    }
    let mut options = args.options(secret);
    options.public_key = public_key;
    Ok(serve_blocking(options, announce_on_stdout)?)
}

fn secret_in(path: PathBuf) -> Result<SigningSecret, ServeRunError> {
    match read_text(&path) {
        // Editors and `echo` end a file with a line break, which is not part of the secret.
        Ok(text) => match text.trim_end_matches(['\r', '\n']) {
            "" => Err(ServeRunError::NoSecret { path }),
            secret => Ok(SigningSecret::from(secret.to_owned())),
        },
        Err(source) => Err(ServeRunError::Unreadable { path, source }),
    }
}

fn public_key_in(path: PathBuf) -> Result<PublicKey, ServeRunError> {
    match read_text(&path) {
        Ok(text) => PublicKey::from_pem(text.as_bytes())
            .map_err(|source| ServeRunError::PublicKey { path, source }),
        Err(source) => Err(ServeRunError::Unreadable { path, source }),
    }
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = private(path)?;
    writeln!(file, "{text}")
}

#[cfg(unix)]
fn private(path: &Path) -> io::Result<File> {
    use std::fs::Permissions;
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    // A file that was there before keeps its mode otherwise.
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

#[cfg(not(unix))]
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
}
