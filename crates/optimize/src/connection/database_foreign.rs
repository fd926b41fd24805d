//! What URLs of databases have that are written for an ORM, a pool or a driver.

use super::database_tls::MODES;
use agentos_perf_core::diagnostic::InvalidValue;

/// Schemes of databases that speak another protocol.
const OTHERS: [(&str, &str); 8] = [
    ("mysql", "MySQL"),
    ("mariadb", "MariaDB"),
    ("sqlite", "SQLite"),
    ("mongodb", "MongoDB"),
    ("mssql", "SQL Server"),
    ("sqlserver", "SQL Server"),
    ("oracle", "Oracle"),
    ("redis", "Redis"),
];

/// What is about a client's own pool, caches and waits, and so means nothing to another client: of Prisma, `SQLAlchemy`
/// with asyncpg and psycopg, Rails, Django, node-postgres and JDBC.
const OF_CLIENT: [&str; 27] = [
    "ApplicationName",
    "async_fallback",
    "client_encoding",
    "command_timeout",
    "conn_health_checks",
    "conn_max_age",
    "connection_limit",
    "encoding",
    "fallback_application_name",
    "gssencmode",
    "loginTimeout",
    "max_overflow",
    "pgbouncer",
    "pool",
    "pool_recycle",
    "pool_size",
    "pool_timeout",
    "prepareThreshold",
    "prepared_statement_cache_size",
    "prepared_statement_name_func",
    "prepared_statements",
    "reWriteBatchedInserts",
    "reaping_frequency",
    "single_use_connections",
    "socketTimeout",
    "socket_timeout",
    "statement_cache_size",
];

/// What is translated, or refused with what to write in its place.
const TRANSLATED: [&str; 7] = [
    "schema",
    "currentSchema",
    "search_path",
    "ssl",
    "sslaccept",
    "sslidentity",
    "sslpassword",
];

/// What a parameter comes to.
#[derive(Debug, PartialEq)]
pub(super) enum ParameterMeaning {
    /// It is one of libpq's.
    Itself,
    /// One of TLS, by libpq's name and with libpq's value.
    Tls(String, String),
    /// Where names of tables are looked up.
    SearchPath(String),
    /// Nothing that another client would do.
    Nothing,
}

/// The database that a scheme is of, when it is known and not `PostgreSQL`.
pub(super) fn other_database(scheme: &str) -> Option<&'static str> {
    let found = OTHERS.iter().find(|(known, _)| *known == scheme);
    found.map(|(_, name)| *name)
}

/// Whether a parameter that is not libpq's is one of these.
pub(super) fn is_known(name: &str) -> bool {
    OF_CLIENT.contains(&name) || TRANSLATED.contains(&name)
}

/// What a parameter comes to; its value may be a secret, and is not shown.
///
/// # Errors
/// Where it has a meaning that nothing here has.
pub(super) fn meaning(name: &str, value: &str) -> Result<ParameterMeaning, InvalidValue> {
    let refused = |what: &str, help: &str| Err(InvalidValue::new(what).help(help));
    let sslmode = |mode: &str| Ok(ParameterMeaning::Tls("sslmode".to_owned(), mode.to_owned()));
    match (name, value) {
        // Prisma's is the name of one schema, whatever letters it has.
        ("schema", value) => Ok(ParameterMeaning::SearchPath(format!(
            "\"{}\"",
            value.replace('"', "\"\"")
        ))),
        ("currentSchema" | "search_path", value) => {
            Ok(ParameterMeaning::SearchPath(value.to_owned()))
        }
        ("ssl", "true" | "1") => sslmode("require"),
        ("ssl", "false" | "0") => sslmode("disable"),
        ("ssl", mode) if MODES.iter().any(|(known, _)| *known == mode) => sslmode(mode),
        ("ssl", _) => refused(
            "the URL's ssl is not true, false or one of the modes of sslmode",
            "write sslmode=require, or sslmode=disable",
        ),
        ("sslaccept", "strict") => Ok(ParameterMeaning::Nothing),
        ("sslaccept", _) => refused(
            "the URL's sslaccept takes any certificate, which a URL cannot ask for here",
            "leave sslaccept out, and name the authority's certificate as sslrootcert=FILE; --insecure takes any",
        ),
        ("sslidentity" | "sslpassword", _) => refused(
            "a certificate in PKCS 12 form (sslidentity) is not read",
            "write it and its key to PEM files, and name these as sslcert=FILE and sslkey=FILE",
        ),
        (name, _) if OF_CLIENT.contains(&name) => Ok(ParameterMeaning::Nothing),
        _ => Ok(ParameterMeaning::Itself),
    }
}
