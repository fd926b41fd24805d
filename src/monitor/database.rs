//! A `PostgreSQL` database: where it is, who asks, and a connection to it.

use std::time::Duration;

use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{CancelToken, Client, Config, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::client::tls_without_protocol;
use crate::profile::{Complaint, Secret};

const CONNECT: Duration = Duration::from_secs(2);
const GREETING: Duration = Duration::from_secs(10);
const PORT: u16 = 5432;

/// How to get at a database; never shown.
#[derive(Debug, Clone, PartialEq)]
pub struct DatabaseUrl {
    text: Secret,
    /// From elsewhere than the URL.
    password: Option<Secret>,
}

/// Where a database is, as files of passwords name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabasePlace {
    /// The host's name, or the folder of its socket.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// Who asks.
    pub user: String,
}

/// A connection, and the way to end what it is waiting for.
pub struct Database {
    /// What queries go through.
    pub client: Client,
    cancel: CancelToken,
    tls: MakeRustlsConnect,
}

impl Database {
    /// Asks the server to end the statement that is running, from outside. Whoever waits for it is told.
    pub async fn cancel(&self) {
        // When this fails, the statement's own time limit ends it.
        let _ = self.cancel.cancel_query(self.tls.clone()).await;
    }
}

impl DatabaseUrl {
    /// Reads `postgres://[USER[:PASSWORD]@]HOST[:PORT]/NAME`, with the parameters that such a URL may have.
    ///
    /// # Errors
    /// When it is none; the message never repeats any of it.
    pub fn parse(text: &str) -> Result<DatabaseUrl, Complaint> {
        let wrong = |what: &str| Complaint::new(what).help("write postgres://USER@HOST:5432/NAME");
        let text = text.trim();
        // What is required is verified as well: these only say so.
        let text = &text
            .replace("sslmode=verify-full", "sslmode=require")
            .replace("sslmode=verify-ca", "sslmode=require");
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(wrong("the URL does not begin with postgres://"));
        }
        let config: Config = text
            .parse()
            .map_err(|_| wrong("this cannot be read as the URL of a PostgreSQL database"))?;
        if config.get_hosts().is_empty() {
            return Err(wrong("the URL has no host"));
        }
        Ok(DatabaseUrl {
            text: Secret::new(text.clone()),
            password: None,
        })
    }

    /// Whether the URL brings no password.
    pub fn needs_password(&self) -> bool {
        let parsed = self.text.reveal().parse::<Config>();
        parsed.is_ok_and(|config| config.get_password().is_none())
    }

    /// The same with a password from elsewhere.
    pub fn with_password(self, password: Secret) -> DatabaseUrl {
        DatabaseUrl {
            password: Some(password),
            ..self
        }
    }

    /// Where it is, of the first host that it names; `None` only when it can't be read.
    pub fn place(&self) -> Option<DatabasePlace> {
        let config: Config = self.text.reveal().parse().ok()?;
        let user = config.get_user().unwrap_or_default().to_owned();
        Some(DatabasePlace {
            host: match config.get_hosts().first()? {
                Host::Tcp(name) => name.clone(),
                #[cfg(unix)]
                Host::Unix(folder) => folder.display().to_string(),
            },
            port: config.get_ports().first().copied().unwrap_or(PORT),
            database: config.get_dbname().unwrap_or(&user).to_owned(),
            user,
        })
    }

    /// Whether the database is on this machine.
    pub fn is_local(&self) -> bool {
        let parsed = self.text.reveal().parse::<Config>();
        parsed.is_ok_and(|config| config.get_hosts().iter().all(is_near))
    }

    /// A new connection.
    ///
    /// # Errors
    /// With what the server or the system says; nothing of the URL is in it.
    pub async fn connect(&self, insecure: bool) -> Result<Database, String> {
        self.connect_with(self.config()?, insecure).await
    }

    /// A new connection to the server itself: one that a pool lends would give settings and locks of a session to
    /// whoever gets it next.
    ///
    /// # Errors
    /// As [`DatabaseUrl::connect`], and when there is a pool in between.
    pub async fn connect_directly(&self, insecure: bool) -> Result<Database, String> {
        const POOL: &str = "there is a connection pool in between; name the server itself";
        let mut config = self.config()?;
        let own = config.get_options().unwrap_or_default().to_owned();
        config.options(format!("{own} -c agentos_perf.direct=on"));
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
        let answer = answer.map_err(|error| told(&error))?;
        if first_text(&answer).as_deref() == Some("on") {
            Ok(database)
        } else {
            Err(POOL.to_owned())
        }
    }

    async fn connect_with(&self, config: Config, insecure: bool) -> Result<Database, String> {
        let tls = tls_without_protocol(insecure).map_err(|error| error.to_string())?;
        let tls = MakeRustlsConnect::new(tls);
        // The limit of the configuration is of the connection alone, and not of what is said over it first.
        let connected = tokio::time::timeout(GREETING, config.connect(tls.clone())).await;
        let connected = connected.map_err(|_| "it does not answer".to_owned())?;
        let (client, connection) = connected.map_err(|error| told(&error))?;
        let cancel = client.cancel_token();
        // It ends with the client, or tells its error to whoever uses that.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Database {
            client,
            cancel,
            tls,
        })
    }

    fn config(&self) -> Result<Config, String> {
        let text = self.text.reveal();
        let parsed = text.parse::<Config>();
        let mut config = parsed.map_err(|_| "its URL cannot be read".to_owned())?;
        config.application_name("agentos-perf");
        config.connect_timeout(CONNECT);
        // A build may take an hour in which nothing is said.
        config.keepalives_idle(Duration::from_secs(30));
        config.keepalives_interval(Duration::from_secs(10));
        config.keepalives_retries(3);
        if let Some(password) = &self.password {
            config.password(password.reveal());
        }
        // On this machine nobody sits on the way, and certificates there are seldom more than a placeholder.
        if !text.contains("sslmode=") && config.get_hosts().iter().all(is_near) {
            config.ssl_mode(SslMode::Disable);
        }
        Ok(config)
    }
}

fn is_near(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => ["localhost", "127.0.0.1", "::1"].contains(&name.as_str()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// Whether there is a server no more: it says so itself when it is shut down, or its process is ended.
pub fn is_gone(error: &tokio_postgres::Error) -> bool {
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
pub fn told(error: &tokio_postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return said.message().chars().take(160).collect();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string().chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_never_shown() {
        let url = DatabaseUrl::parse("postgres://me:hunter2@db.example/app").expect("a URL");
        assert!(!format!("{url:?}").contains("hunter2"));
        assert_eq!(
            url.config().expect("a config").get_ssl_mode(),
            SslMode::Prefer
        );
        let near = DatabaseUrl::parse("postgresql://me@127.0.0.1:5433/app").expect("a URL");
        assert_eq!(
            near.config().expect("a config").get_ssl_mode(),
            SslMode::Disable
        );
        for wrong in [
            "",
            "me:hunter2@host/app",
            "mysql://me:hunter2@host/app",
            "postgres://",
            "postgres://me:hunter2@host:port/app",
            "postgres://me:hunter2@host/app?nonsense=1",
        ] {
            let complaint = DatabaseUrl::parse(wrong).expect_err(wrong);
            assert!(!format!("{complaint:?}").contains("hunter2"), "{wrong}");
        }
    }
}
