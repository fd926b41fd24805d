//! A database that is asked over TLS alone, and shows a certificate of an authority that is known to nobody else.

use agentos_perf::connection::DatabaseUrl;
use agentos_perf::record::{Observed, figure};
use agentos_perf::requirement::Source;

use super::{during, watched};
use crate::support::authority::Authority;
use crate::support::servers::PASSWORD;

fn observed(url: &str, insecure: bool) -> Observed {
    let mut watched = watched("192.0.2.1:9");
    watched.destination.insecure = insecure;
    watched
        .given
        .insert(DatabaseUrl::parse(url).expect("a URL"));
    during(&watched, || {})
}

#[test]
fn a_database_behind_tls_tells_what_any_tells() {
    let authority = Authority::new();
    let postgres = authority.postgres("127.0.0.1");
    postgres.sql("CREATE EXTENSION pg_stat_statements");
    let verified = format!(
        "{}?sslmode=verify-full&sslrootcert={}",
        postgres.url(),
        authority.roots().display()
    );
    let unknown = format!("{}?sslmode=require", postgres.url());
    for (url, insecure) in [(&verified, false), (&unknown, true)] {
        let observed = observed(url, insecure);
        let seen = observed.seen(Source::Postgres).expect("it was asked");
        assert!(seen.problems.is_empty(), "{:?}", seen.problems);
        assert!(seen.last(figure::QUERIES).is_some());
    }
    let observed = observed(&unknown, false);
    let seen = observed.seen(Source::Postgres).expect("it was asked");
    let told = seen.problems.join(" ");
    assert!(
        told.contains("sslrootcert=FILE") && !told.contains(PASSWORD),
        "{told}"
    );
}
