//! Where a database is, and who asks: its URL.

use std::fmt;
use std::net::IpAddr;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::database_foreign::{self as foreign, ParameterMeaning};
use super::database_tls::{DatabaseTls, PARAMETERS, Stated};
use super::percent_encoding::{percent_decoded, percent_encoded};
use agentos_perf_core::diagnostic::InvalidValue;
use agentos_perf_core::secret::Secret;

pub(super) const OF_POSTGRES: [&str; 2] = ["postgres", "postgresql"];
const PORT: u16 = 5432;
/// What the driver makes of a URL's parameters.
const OF_DRIVER: [&str; 18] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "sslnegotiation",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// How to get at a database; never shown.
#[derive(Clone)]
pub struct DatabaseUrl {
    pub(super) config: Config,
    pub(super) tls: DatabaseTls,
    /// Where the service looks for its tables, as the server takes it; `None` where the URL leaves it to the server.
    pub(super) search_path: Option<String>,
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

impl DatabaseUrl {
    /// Reads `postgres://[USER[:PASSWORD]@]HOST[:PORT]/NAME`, with the parameters that such a URL may have, and the
    /// files of certificates that it names.
    ///
    /// The forms that services use are taken, too: a driver in the scheme (`postgresql+asyncpg://`), and parameters of
    /// ORMs and pools, which are translated, passed over where they mean nothing to another client, or refused with what
    /// to write in their place.
    ///
    /// `sslmode` and `sslrootcert`, `sslcert` and `sslkey` mean what they do to libpq, but that a certificate is
    /// verified with its name in every mode except `verify-ca`. Without `sslmode`, a database of this machine is asked
    /// without TLS, if no `sslrootcert` says otherwise.
    ///
    /// # Errors
    /// When it is none, and when such a file is of no use. Of the URL, the message has at most the name of a parameter
    /// that is not known, or the path of a file.
    pub fn parse(text: &str) -> Result<DatabaseUrl, InvalidValue> {
        DatabaseUrl::parse_over(text, &|_| None)
    }

    /// The same with what is said elsewhere of those parameters of TLS, by name, that the URL does not have.
    ///
    /// # Errors
    /// As [`DatabaseUrl::parse`].
    pub fn parse_over(
        text: &str,
        elsewhere: &dyn Fn(&str) -> Option<Stated>,
    ) -> Result<DatabaseUrl, InvalidValue> {
        let rest = behind_scheme(text.trim())?;
        let (head, query) = split(rest);
        let mut search_path = None;
        let (mut of_tls, mut of_driver) = (Vec::new(), Vec::new());
        for (name, value) in parameters(query)? {
            match foreign::meaning(&name, &value)? {
                ParameterMeaning::Tls(name, value) => of_tls.push((name, value)),
                ParameterMeaning::SearchPath(path) => search_path = Some(path),
                ParameterMeaning::Nothing => {}
                ParameterMeaning::Itself if PARAMETERS.contains(&name.as_str()) => {
                    of_tls.push((name, value));
                }
                ParameterMeaning::Itself => of_driver.push((name, value)),
            }
        }
        let config = driver_url(head, &of_driver).parse::<Config>();
        let config =
            config.map_err(|_| wrong("this cannot be read as the URL of a PostgreSQL database"))?;
        if config.get_hosts().is_empty() {
            return Err(wrong("the URL has no host"));
        }
        let stated = |name: &str| {
            let of_url = of_tls.iter().rev().find(|(known, _)| known == name);
            match of_url {
                Some((name, value)) => Some(Stated::new(name, value)),
                None => elsewhere(name),
            }
        };
        let is_local = is_local(&config);
        let tls = DatabaseTls::new(&stated, is_local, config.get_hosts().iter().all(is_socket))?;
        Ok(DatabaseUrl {
            config,
            tls,
            search_path,
        })
    }

    /// Whether the URL brings no password.
    pub fn needs_password(&self) -> bool {
        self.config.get_password().is_none()
    }

    /// The same with a password from elsewhere.
    pub fn with_password(mut self, password: &Secret) -> DatabaseUrl {
        self.config.password(password.reveal());
        self
    }

    /// Where it is, of the first host that it names; `None` when it names none.
    pub fn place(&self) -> Option<DatabasePlace> {
        let user = self.config.get_user().unwrap_or_default().to_owned();
        Some(DatabasePlace {
            host: match self.config.get_hosts().first()? {
                Host::Tcp(name) => name.clone(),
                #[cfg(unix)]
                Host::Unix(folder) => folder.display().to_string(),
            },
            port: self.config.get_ports().first().copied().unwrap_or(PORT),
            database: self.config.get_dbname().unwrap_or(&user).to_owned(),
            user,
        })
    }

    /// Whether the database is on this machine.
    pub fn is_local(&self) -> bool {
        is_local(&self.config)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseUrl").finish_non_exhaustive()
    }
}

/// What follows `://`, when that is of a `PostgreSQL`.
fn behind_scheme(text: &str) -> Result<&str, InvalidValue> {
    // Java's drivers write their own name before the URL.
    let text = text.strip_prefix("jdbc:").unwrap_or(text);
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(wrong("the URL does not begin with postgres://"));
    };
    let (database, driver) = scheme.split_once('+').unwrap_or((scheme, "driver"));
    let is_driver = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if OF_POSTGRES.contains(&database) && !driver.is_empty() && driver.bytes().all(is_driver) {
        return Ok(rest);
    }
    Err(match foreign::other_database(database) {
        Some(name) => InvalidValue::new(format!("this is the URL of {name}, not of PostgreSQL"))
            .help("only PostgreSQL can be asked: leave it out for a service without one"),
        None => wrong("the URL does not begin with postgres://"),
    })
}

fn wrong(what: &str) -> InvalidValue {
    InvalidValue::new(what).help("write postgres://USER@HOST:5432/NAME")
}

/// A URL behind its scheme, before and behind the `?` of its parameters.
fn split(rest: &str) -> (&str, &str) {
    // As elsewhere, a password may hold what has its meaning in a URL, but for its own end.
    let is_within_query = |before: &str| {
        let path = before.split_once('/').map(|(_, path)| path);
        path.is_some_and(|path| path.contains('?'))
    };
    let credentials = rest.find('@').filter(|at| !is_within_query(&rest[..*at]));
    let start = credentials.map_or(0, |at| at + 1);
    match rest[start..].find('?') {
        Some(at) => (&rest[..start + at], &rest[start + at + 1..]),
        None => (rest, ""),
    }
}

/// Names and values, decoded, all of the names known.
fn parameters(query: &str) -> Result<Vec<(String, String)>, InvalidValue> {
    // A second @ tells of one in the password that is not encoded, and then this is a part of it.
    let may_be_shown = !query.contains('@');
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let decoded = pairs.map(|pair| {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| wrong("a parameter of the URL has no ="))?;
        let plain =
            |text: &str| percent_decoded(text).ok_or_else(|| wrong("the URL has a wrong %"));
        let (name, value) = (plain(name)?, plain(value)?);
        let is_known = |known: &[&str]| known.contains(&name.as_str());
        if is_known(&OF_DRIVER) || is_known(&PARAMETERS) || foreign::is_known(&name) {
            return Ok((name, value));
        }
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        let what = if may_be_shown && name.len() <= 40 && name.bytes().all(is_name) {
            format!("the parameter {name} is not known")
        } else {
            "a parameter of the URL is not known".to_owned()
        };
        Err(InvalidValue::new(what).help(format!(
            "known are {} and {}; in a password write %3F for ? and %40 for @",
            OF_DRIVER.join(", "),
            PARAMETERS.join(", ")
        )))
    });
    decoded.collect()
}

fn driver_url(head: &str, parameters: &[(String, String)]) -> String {
    let pairs = parameters.iter().map(|(name, value)| {
        let value = percent_encoded(value);
        format!("{name}={value}")
    });
    let pairs: Vec<String> = pairs.collect();
    format!("postgres://{head}?{}", pairs.join("&"))
}

fn is_local(config: &Config) -> bool {
    // An address goes before the name that it is given.
    let mut addresses = config.get_hostaddrs().iter();
    addresses.all(IpAddr::is_loopback) && config.get_hosts().iter().all(is_near)
}

fn is_near(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => ["localhost", "127.0.0.1", "::1"].contains(&name.as_str()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn is_socket(host: &Host) -> bool {
    !matches!(host, Host::Tcp(_))
}

#[cfg(test)]
#[path = "database_url_tests.rs"]
mod tests;
