//! URLs of databases, right ones and wrong ones.

use proptest::prelude::*;
use tokio_postgres::config::SslMode;

use super::*;

/// How often, and how, a connection to a URL is tried.
fn attempts(text: &str) -> Vec<SslMode> {
    let url = DatabaseUrl::parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
    url.tls.attempts().to_vec()
}

#[test]
fn tls_is_spoken_as_the_url_has_it() {
    use SslMode::{Disable, Prefer, Require};
    let table: [(&str, &[SslMode]); 15] = [
        ("db.example/app", &[Prefer, Disable]),
        ("db.example", &[Prefer, Disable]),
        ("127.0.0.1:5433/app", &[Disable]),
        ("me@localhost", &[Disable]),
        ("localhost/app?hostaddr=192.0.2.1", &[Prefer, Disable]),
        ("localhost/app?host=db.example", &[Prefer, Disable]),
        ("%2Frun%2Fpostgresql/app?sslmode=require", &[Disable]),
        ("localhost/app?sslmode=disable", &[Disable]),
        ("localhost/app?sslmode=allow", &[Disable, Require]),
        ("localhost/app?sslmode=prefer", &[Prefer, Disable]),
        ("localhost/app?sslmode=require", &[Require]),
        ("localhost/app?ssl%6Dode=verify-f%75ll", &[Require]),
        ("localhost/app?sslmode=disable&sslmode=require", &[Require]),
        ("localhost/app?sslrootcert=system", &[Require]),
        (
            "localhost/app?application_name=sslmode%3Drequire",
            &[Disable],
        ),
    ];
    for (rest, wanted) in table {
        assert_eq!(attempts(&format!("postgres://{rest}")), wanted, "{rest}");
    }
}

#[test]
fn everything_else_is_the_drivers() {
    let text = " postgresql://me:hunter2@db.example:5433/app?sslmode=require&application_name=a%26b%20c+d\
        &options=-c%20x%3D1&connect_timeout=7 ";
    let url = DatabaseUrl::parse(text).expect("a URL");
    let config = &url.config;
    assert_eq!(config.get_application_name(), Some("a&b c+d"));
    assert_eq!(config.get_options(), Some("-c x=1"));
    assert_eq!(config.get_password(), Some("hunter2".as_bytes()));
    let place = url.place().expect("a place");
    assert_eq!((&*place.host, place.port), ("db.example", 5433));
    assert_eq!((&*place.database, &*place.user), ("app", "me"));
    assert!(!url.needs_password() && !url.is_local());
    // Neither a password nor a name ends where libpq would not end it.
    for (text, password, database) in [
        ("postgres://me:p?a=b@localhost/app", "p?a=b", "app"),
        ("postgres://me:p/a@localhost/app", "p/a", "app"),
        (
            "postgres://localhost/app?user=me&password=p%40a",
            "p@a",
            "app",
        ),
        (
            "postgres://localhost/app?user=me&password=p@a",
            "p@a",
            "app",
        ),
    ] {
        let url = DatabaseUrl::parse(text).expect(text);
        assert_eq!(
            url.config.get_password(),
            Some(password.as_bytes()),
            "{text}"
        );
        let place = url.place().expect(text);
        assert_eq!((&*place.user, &*place.database), ("me", database), "{text}");
    }
}

#[test]
fn what_is_written_for_other_clients_is_understood() {
    use SslMode::{Disable, Prefer, Require};
    let table: [(&str, &[SslMode], Option<&str>); 16] = [
        (
            "postgresql+asyncpg://db.example/app",
            &[Prefer, Disable],
            None,
        ),
        (
            "postgresql+psycopg://db.example/app",
            &[Prefer, Disable],
            None,
        ),
        ("postgresql+psycopg2://localhost/app", &[Disable], None),
        ("postgres+pg8000://localhost/app", &[Disable], None),
        ("postgresql+psycopg_async://localhost/app", &[Disable], None),
        (
            "postgresql+asyncpg://localhost/app?ssl=require",
            &[Require],
            None,
        ),
        (
            "postgresql+asyncpg://localhost/app?ssl=verify-full",
            &[Require],
            None,
        ),
        ("postgres://localhost/app?ssl=true", &[Require], None),
        ("postgres://db.example/app?ssl=false", &[Disable], None),
        (
            "postgresql+asyncpg://localhost/app?prepared_statement_cache_size=0&command_timeout=60",
            &[Disable],
            None,
        ),
        (
            "postgresql://localhost/app?schema=public",
            &[Disable],
            Some("\"public\""),
        ),
        (
            "postgresql://localhost/app?schema=My+%22App%22&connection_limit=5&pool_timeout=0&pgbouncer=true",
            &[Disable],
            Some("\"My+\"\"App\"\"\""),
        ),
        (
            "postgresql://db.example/app?sslmode=require&sslaccept=strict&socket_timeout=3",
            &[Require],
            None,
        ),
        (
            "jdbc:postgresql://localhost/app?user=me&currentSchema=a,b&reWriteBatchedInserts=true",
            &[Disable],
            Some("a,b"),
        ),
        (
            "postgres://localhost/app?pool=5&encoding=unicode&prepared_statements=false",
            &[Disable],
            None,
        ),
        (
            "postgres://localhost/app?search_path=app,public&conn_max_age=60",
            &[Disable],
            Some("app,public"),
        ),
    ];
    for (text, wanted, search_path) in table {
        let url = DatabaseUrl::parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
        assert_eq!(url.tls.attempts(), wanted, "{text}");
        assert_eq!(url.search_path.as_deref(), search_path, "{text}");
        assert_eq!(url.place().expect("a place").database, "app", "{text}");
    }
}

#[test]
fn what_has_no_meaning_here_is_refused_with_what_to_write() {
    let table = [
        (
            "mysql://me:hunter2@host/app",
            "of MySQL, not of",
            "only PostgreSQL",
        ),
        (
            "mysql+pymysql://me:hunter2@host/app",
            "of MySQL, not of",
            "only PostgreSQL",
        ),
        (
            "sqlite:///hunter2.db",
            "of SQLite, not of",
            "only PostgreSQL",
        ),
        (
            "sqlite+aiosqlite:///hunter2.db",
            "of SQLite, not of",
            "only PostgreSQL",
        ),
        (
            "mongodb+srv://me:hunter2@host/app",
            "of MongoDB, not of",
            "only PostgreSQL",
        ),
        (
            "postgresql+://me:hunter2@host/app",
            "does not begin with postgres://",
            "write postgres://",
        ),
        (
            "hunter2://host/app",
            "does not begin with postgres://",
            "write postgres://",
        ),
        (
            "postgres://host/app?ssl=hunter2",
            "ssl is not true, false",
            "sslmode=require",
        ),
        (
            "postgres://host/app?sslaccept=accept_invalid_certs&schema=hunter2",
            "sslaccept takes any certificate",
            "--insecure",
        ),
        (
            "postgres://host/app?sslidentity=hunter2.p12",
            "PKCS 12",
            "sslcert=FILE",
        ),
    ];
    for (text, what, help) in table {
        let told = format!("{:?}", DatabaseUrl::parse(text).expect_err(text));
        assert!(told.contains(what) && told.contains(help), "{text}: {told}");
        assert!(!told.contains("hunter"), "{text}: {told}");
    }
}

#[test]
fn what_is_said_elsewhere_comes_after_the_url() {
    let elsewhere = |name: &str| (name == "sslmode").then(|| Stated::new("PGSSLMODE", "require"));
    let parsed = |text: &str| DatabaseUrl::parse_over(text, &elsewhere).expect(text);
    let url = parsed("postgres://localhost/app");
    assert_eq!(url.tls.attempts(), [SslMode::Require]);
    let url = parsed("postgres://localhost/app?sslmode=disable");
    assert_eq!(url.tls.attempts(), [SslMode::Disable]);
    let wrong = |_: &str| Some(Stated::new("PGSSLMODE", "hunter2"));
    let complaint = DatabaseUrl::parse_over("postgres://localhost/app", &wrong);
    let told = complaint.expect_err("a complaint").message;
    assert!(
        told.starts_with("PGSSLMODE ") && !told.contains("hunter2"),
        "{told}"
    );
}

#[test]
fn urls_are_read_and_never_shown() {
    let text = "postgres://me:hunter2@db.example/app?options=hunter2";
    let url = DatabaseUrl::parse(text).expect("a URL");
    let shown = format!("{url:?} {url:#?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("example"),
        "{shown}"
    );
    let table = [
        ("", "does not begin"),
        ("me:hunter2@host/app", "does not begin"),
        ("mysql://me:hunter2@host/app", "of MySQL, not of"),
        ("postgres://", "no host"),
        ("postgres://?sslmode=require", "no host"),
        ("postgres://me:hunter2@host:port/app", "cannot be read"),
        (
            "postgres://me:hunter2@host/app?nonsense=hunter2",
            "the parameter nonsense is not",
        ),
        (
            "postgres://host/app?sslcrl=hunter2&sslmode=hunter2",
            "the parameter sslcrl is not",
        ),
        (
            "postgres://me:x@hunter2?hunter=2@host/app",
            "a parameter of the URL is not known",
        ),
        (
            "postgres://host/app?hunter2=1",
            "a parameter of the URL is not known",
        ),
        ("postgres://host/app?hunter2", "has no ="),
        ("postgres://host/app?options=%hunter2", "a wrong %"),
        ("postgres://host/app?port=hunter2", "cannot be read"),
        (
            "postgres://host/app?sslmode=hunter2",
            "sslmode is none of disable, ",
        ),
        (
            "postgres://host/app?sslmode=",
            "sslmode is none of disable, ",
        ),
        ("postgres://host/app?sslmode=verify-ca", "sslrootcert=FILE"),
        (
            "postgres://host/app?sslmode=prefer&sslrootcert=system",
            "verify-full",
        ),
        (
            "postgres://host/app?sslrootcert=/no/where&password=hunter2",
            "sslrootcert: /no/where: ",
        ),
    ];
    for (text, wanted) in table {
        let complaint = DatabaseUrl::parse(text).expect_err(text);
        let told = format!("{complaint:?}");
        assert!(told.contains(wanted), "{text}: {told}");
        assert!(!told.contains("hunter"), "{text}: {told}");
    }
}

proptest! {
    #[test]
    fn no_part_of_a_password_is_told(
        before in "[a-z?@/&=%:#]{0,6}",
        behind in "[a-z?@/&=%:#]{0,6}",
        wrong in "nonsense=1|sslmode=x|port=x|x|x=%|%",
    ) {
        let text = format!("postgres://me:{before}HUNTER{behind}@host/app?{wrong}");
        if let Err(complaint) = DatabaseUrl::parse(&text) {
            let told = format!("{complaint:?}");
            prop_assert!(!told.contains("HUNTER"), "{}: {}", text, told);
        }
    }
}
