//! The log of a PostgreSQL, in each of its formats, read by a role that may.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::time::Instant;

use agentos_perf::connection::DatabaseUrl;
use agentos_perf::record::{SourceSeries, figure};
use agentos_perf::requirement::Source;

use super::{AGES, during, watched};
use crate::support::servers::Postgres;

const CONFIGURATION: &str = "logging_collector = on\nlog_directory = 'it''s log'\nlog_filename = 'first.log'\n\
    log_line_prefix = '%m [%p] %q%u@%d '\n";
/// Three errors, one of which is followed by another; and a rollback of what has not failed.
const WORK: &str = "DO $$ BEGIN RAISE EXCEPTION E'a \"secret\" of line one\nERROR:  and of line two'; END $$;\n\
    SELECT 1 / 0;\nBEGIN; SELECT 'x'::int; SELECT 1; ROLLBACK;\nBEGIN; SELECT 1; ROLLBACK;\n";
const ERRORS: f64 = 3.0;

fn seen(postgres: &Postgres, work: impl FnOnce()) -> SourceSeries {
    let mut watched = watched("192.0.2.1:9");
    let url = postgres.url_as("app", "app-password");
    watched
        .given
        .insert(DatabaseUrl::parse(&url).expect("a URL"));
    let observed = during(&watched, work);
    let seen = observed.seen(Source::Postgres);
    seen.expect("it was asked").clone()
}

/// Does the work in the database that is watched, and in another one.
fn work(postgres: &Postgres) {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("work.sql");
    fs::write(&script, WORK).expect("written");
    for database in ["postgres", "other"] {
        let mut psql = postgres.command("psql");
        psql.env("PGDATABASE", database).args(["-Xq", "-f"]);
        let ended = psql.arg(&script).output().expect("psql runs");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(said.contains("division by zero"), "{said}");
    }
}

/// Sets a setting and waits until it is in effect.
fn set(postgres: &Postgres, name: &str, value: &str) {
    postgres.sql(&format!("ALTER SYSTEM SET {name} = '{value}'"));
    postgres.sql("SELECT pg_reload_conf()");
    let begun = Instant::now();
    while postgres.sql(&format!("SHOW {name}")) != value {
        assert!(begun.elapsed() < AGES, "{name} is not set");
    }
}

#[test]
fn the_log_tells_the_errors_of_the_run() {
    let postgres = Postgres::start_prepared(&[], |data| {
        let file = OpenOptions::new()
            .append(true)
            .open(data.join("postgresql.conf"));
        let written = file.expect("a file").write_all(CONFIGURATION.as_bytes());
        written.expect("written");
    });
    postgres.sql("CREATE ROLE app LOGIN PASSWORD 'app-password'");
    postgres.sql("CREATE DATABASE other");
    // A role that may not read it is told what would let it.
    let refused = seen(&postgres, || work(&postgres));
    assert_eq!(refused.last(figure::LOGGED_ERRORS), None);
    let grant = refused.problems.iter().find(|why| why.contains("GRANT"));
    let grant = grant.expect("what is missing");
    let statements = grant.split_once("for errors: ").expect("the statements").1;
    postgres.sql(statements);
    for format in ["stderr", "csvlog", "jsonlog", "stderr,jsonlog"] {
        set(&postgres, "log_destination", format);
        let seen = seen(&postgres, || {
            work(&postgres);
            // The rest goes to another file.
            let name = format!("{}.log", format.replace(',', "_"));
            set(&postgres, "log_filename", &name);
            work(&postgres);
        });
        assert_eq!(
            seen.rise(figure::LOGGED_ERRORS),
            Some(2.0 * ERRORS),
            "{format}: {:?}",
            seen.problems
        );
        assert!(seen.problems.iter().all(|why| !why.contains("log")));
    }
}
