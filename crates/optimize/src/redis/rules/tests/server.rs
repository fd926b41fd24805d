//! What is said of the server as a whole.

use super::{DAY, check, healthy};
use crate::redis::rules::findings;

#[test]
fn hits() {
    check(&[
        (|f| f.counters.hits = Some(1500), &[]),
        (
            |f| f.counters.hits = Some(1499),
            &[
                "hit rate is 59.9 %, below 60 %",
                "2,499 lookups in at most 10 d",
            ],
        ),
        (
            |f| f.counters.hits = Some(500),
            &[
                "hit rate is 33.3 %, below 60 %",
                "1,500 lookups",
                "few keys were evicted",
                "names of keys",
            ],
        ),
        (
            |f| (f.counters.hits, f.counters.misses) = (Some(9), Some(990)),
            &[],
        ),
        (
            |f| (f.counters.hits, f.counters.misses) = (Some(0), Some(1000)),
            &["hit rate is 0.0 %"],
        ),
        (
            |f| (f.counters.hits, f.counters.misses) = (Some(u64::MAX), Some(u64::MAX)),
            &["50.0 %"],
        ),
        (
            |f| (f.counters.hits, f.counters.expired) = (Some(500), Some(501)),
            &["501 keys expired", "EX"],
        ),
        (
            |f| (f.counters.hits, f.counters.misses) = (None, Some(10_000)),
            &[],
        ),
        (
            |f| (f.counters.hits, f.counters.misses) = (Some(10_000), None),
            &[],
        ),
        (
            |f| (f.counters.hits, f.uptime_s) = (Some(500), Some(59.0)),
            &["1,500 lookups ▶"],
        ),
        (
            |f| (f.counters.hits, f.uptime_s) = (Some(500), None),
            &["1,500 lookups ▶"],
        ),
    ]);
    let mut facts = healthy();
    (facts.counters.hits, facts.counters.evicted) = (Some(500), Some(501));
    let found = findings(&facts);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[1].advice.starts_with("501 keys were evicted"),
        "{found:?}"
    );
}

#[test]
fn clients_and_slow_commands() {
    check(&[
        (
            |f| f.counters.rejected = Some(3),
            &["3 connections were rejected", "maxclients 10,000"],
        ),
        (
            |f| (f.counters.rejected, f.clients.most) = (Some(1), None),
            &["1 connection was rejected since"],
        ),
        (
            |f| f.clients.connected = Some(8000),
            &["8,000 of 10,000 clients are connected"],
        ),
        (|f| f.clients.connected = Some(7999), &[]),
        (|f| f.clients.most = Some(0), &[]),
        (|f| f.slow_commands = Some(9), &[]),
        (
            |f| f.slow_commands = Some(128),
            &["slow log holds 128 commands", "SLOWLOG GET"],
        ),
    ]);
}

#[test]
fn what_is_written_to_disk() {
    check(&[
        (
            |f| f.persistence.snapshot_ok = Some(false),
            &[
                "could not be written; 100 changes would be lost now",
                "MISCONF",
            ],
        ),
        (
            |f| (f.persistence.snapshot_ok, f.persistence.changes) = (Some(false), None),
            &["(RDB) could not be written ▶"],
        ),
        // Old and failed is said once.
        (
            |f| {
                (f.persistence.snapshot_ok, f.persistence.snapshot_age_s) =
                    (Some(false), Some(9.0 * DAY));
            },
            &["could not be written"],
        ),
        (
            |f| (f.persistence.log, f.persistence.log_ok) = (Some(true), Some(false)),
            &["(AOF) could not be written"],
        ),
        (
            |f| (f.persistence.log, f.persistence.log_rewrite_ok) = (Some(true), Some(false)),
            &["(AOF) could not be rewritten", "BGREWRITEAOF"],
        ),
        (|f| f.persistence.log_rewrite_ok = Some(false), &[]),
        (
            |f| f.persistence.snapshot_age_s = Some(3.0 * DAY),
            &["the last snapshot is 3 d old, and there were 100 changes since"],
        ),
        (
            |f| (f.persistence.snapshot_age_s, f.persistence.changes) = (Some(3.0 * DAY), Some(0)),
            &[],
        ),
        (
            |f| {
                (f.persistence.snapshot_age_s, f.persistence.snapshots) =
                    (Some(3.0 * DAY), Some(false));
            },
            &[],
        ),
        (
            |f| (f.persistence.snapshot_age_s, f.persistence.snapshots) = (Some(3.0 * DAY), None),
            &[],
        ),
        (
            |f| (f.persistence.snapshot_age_s, f.persistence.log) = (Some(3.0 * DAY), Some(true)),
            &[],
        ),
        (
            |f| f.persistence.fork_ms = Some(1500.0),
            &["took 1.50 s", "huge pages"],
        ),
    ]);
}
