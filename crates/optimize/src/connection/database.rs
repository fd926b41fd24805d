//! A `PostgreSQL` database: a connection to it.

use std::time::Duration;

use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{CancelToken, Client, Config, Error, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::certificate_error::Distrust;
use super::database_url::DatabaseUrl;

const CONNECT: Duration = Duration::from_secs(2);
const GREETING: Duration = Duration::from_secs(10);

/// A connection, and the way to end what it is waiting for.
pub struct Database {
    /// What queries go through.
    pub client: Client,
    cancel: CancelToken,
    tls: MakeRustlsConnect,
}

impl Database {
    /// Asks the server to end the statement that is running, from outside. The statement then returns an error.
    pub async fn cancel(&self) {
        // When this fails, the statement's own time limit ends it.
        let _ = self.cancel.cancel_query(self.tls.clone()).await;
    }
}

impl DatabaseUrl {
    /// A new connection.
    ///
    /// # Errors
    /// With what the server or the system says, and what to do about a certificate; nothing of the URL is in it.
    pub async fn connect(&self, insecure: bool) -> Result<Database, String> {
        self.connect_with(self.config(), insecure).await
    }

    /// A new connection to the server itself: one that a pool lends would give settings and locks of a session to
    /// its next user.
    ///
    /// # Errors
    /// As [`DatabaseUrl::connect`], and when there is a pool in between.
    pub async fn connect_directly(&self, insecure: bool) -> Result<Database, String> {
        const POOL: &str = "there is a connection pool in between; name the server itself";
        let mut config = self.config();
        let mut options = config.get_options().unwrap_or_default().to_owned();
        if let Some(path) = &self.search_path {
            // Planning a statement of the service must look up its tables where the service does.
            let escaped = path.replace('\\', "\\\\").replace(' ', "\\ ");
            options += &format!(" -c search_path={escaped}");
        }
        config.options(format!("{options} -c agentos_perf.direct=on"));
        let connected = self.connect_with(config, insecure).await;
        let database = connected.map_err(|said| {
            // PgBouncer knows no options, and refuses those of startup.
            if said.contains("startup parameter") {
                format!("{said}: {POOL}")
            } else {
                said
            }
        })?;
        let asked = "SELECT /* agentos-perf */ current_setting('agentos_perf.direct', true)";
        let answer = database.client.simple_query(asked).await;
        let answer = answer.map_err(|error| error_message(&error))?;
        if first_text(&answer).as_deref() == Some("on") {
            Ok(database)
        } else {
            Err(POOL.to_owned())
        }
    }

    async fn connect_with(&self, mut config: Config, insecure: bool) -> Result<Database, String> {
        let tls = self.tls.config(insecure).map_err(|error| {
            format!("{error}; sslrootcert=FILE in the URL names an authority of its own")
        })?;
        let tls = MakeRustlsConnect::new(tls);
        let mut refusals: Vec<String> = Vec::new();
        for mode in self.tls.attempts() {
            let error = match opened(config.ssl_mode(*mode), &tls).await? {
                Ok(database) => return Ok(database),
                Err(error) => error,
            };
            let why = self.refusal(&error);
            if refusals.is_empty() {
                refusals.push(why);
            } else if !refusals.contains(&why) {
                let how = match mode {
                    SslMode::Disable => "without",
                    _ => "with",
                };
                refusals.push(format!("{how} TLS: {why}"));
            }
            // It is about who may come in which way; a wrong password is wrong in every way.
            if !is_refused(&error) {
                break;
            }
        }
        Err(refusals.join("; "))
    }

    /// Why there is no connection, and what to do about it.
    fn refusal(&self, error: &Error) -> String {
        let distrust = Distrust::of(error);
        let advice = match &distrust {
            Some(Distrust::Issuer) => {
                "name the file with the certificate of its authority as sslrootcert=FILE in the URL, or take any \
                 certificate with --insecure"
            }
            Some(Distrust::Name(_)) => {
                "sslmode=verify-ca with sslrootcert=FILE takes every name, and --insecure any certificate"
            }
            Some(Distrust::Authority) => {
                "give the server one that is signed by it, or take any certificate with --insecure"
            }
            None if self.tls.is_unasked() && is_refused(error) => {
                "on this machine TLS is spoken only when it is asked for, by sslmode=require in the URL"
            }
            None => return error_message(error),
        };
        let what = distrust.map_or_else(|| error_message(error), |distrust| distrust.to_string());
        format!("{what}: {advice}")
    }

    fn config(&self) -> Config {
        let mut config = self.config.clone();
        config.application_name("agentos-perf");
        config.connect_timeout(CONNECT);
        // A build may take an hour in which nothing is said.
        config.keepalives_idle(Duration::from_secs(30));
        config.keepalives_interval(Duration::from_secs(10));
        config.keepalives_retries(3);
        config
    }
}

async fn opened(
    config: &Config,
    tls: &MakeRustlsConnect,
) -> Result<Result<Database, Error>, String> {
    // The limit of the configuration is of the connection alone, and not of what is said over it first.
    let connected = tokio::time::timeout(GREETING, config.connect(tls.clone())).await;
    let connected = connected.map_err(|_| "it does not answer".to_owned())?;
    Ok(connected.map(|(client, connection)| {
        let cancel = client.cancel_token();
        // It ends with the client, or returns its error to the user of the client.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Database {
            client,
            cancel,
            tls: tls.clone(),
        }
    }))
}

/// Whether the server refuses this role from this address with this kind of connection.
fn is_refused(error: &Error) -> bool {
    error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

/// Whether the connection was lost: the server says so itself when it is shut down, or its process is ended.
pub fn is_gone(error: &Error) -> bool {
    const SHUT_DOWN: &str = "57P0";
    error
        .as_db_error()
        .is_none_or(|said| said.code().code().starts_with(SHUT_DOWN))
}

/// The first column of the first row of an answer; `None` where there is none, or no text.
pub fn first_text(answer: &[SimpleQueryMessage]) -> Option<String> {
    answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.try_get(0).ok()?.map(str::to_owned),
        _ => None,
    })
}

/// What the server says of an error, or its innermost cause: nothing of a URL is in either.
pub fn error_message(error: &Error) -> String {
    if let Some(said) = error.as_db_error() {
        return said.message().chars().take(160).collect();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string().chars().take(160).collect()
}
