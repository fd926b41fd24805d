//! Each rule on facts that differ from healthy ones in what it is about.

use super::findings;
use crate::optimize::redis::facts::{
    BigKey, Clients, Counters, Database, Group, Memory, Persistence, RedisFacts, Sample,
};

const MB: u64 = 1 << 20;
const DAY: f64 = 86_400.0;

/// A cache of which nothing is to be said.
fn healthy() -> RedisFacts {
    RedisFacts {
        version: Some("Redis 7.0.15".to_owned()),
        uptime_s: Some(10.0 * DAY),
        memory: Memory {
            used: Some(500 * MB),
            peak: Some(510 * MB),
            max: Some(1000 * MB),
            rss: Some(550 * MB),
            machine: Some(4000 * MB),
            fragmentation: Some(1.1),
            policy: Some("allkeys-lfu".to_owned()),
            defragments: Some(false),
        },
        counters: Counters {
            hits: Some(9000),
            misses: Some(1000),
            evicted: Some(0),
            expired: Some(500),
            rejected: Some(0),
        },
        clients: Clients {
            connected: Some(50),
            blocked: Some(2),
            most: Some(10_000),
        },
        persistence: Persistence {
            snapshot_ok: Some(true),
            snapshot_age_s: Some(600.0),
            changes: Some(100),
            snapshots: Some(true),
            log: Some(false),
            log_ok: Some(true),
            log_rewrite_ok: Some(true),
            fork_ms: Some(5.0),
        },
        slow_commands: Some(0),
        databases: vec![database(1000, 1000)],
        database: 0,
        sample: Some(sample(vec![group("session:*", 1000, 0)], Vec::new(), true)),
        unseen: Vec::new(),
    }
}

fn database(keys: u64, expiring: u64) -> Database {
    Database {
        number: 0,
        keys,
        expiring,
    }
}

fn group(pattern: &str, keys: u64, lasting: u64) -> Group {
    Group {
        pattern: pattern.to_owned(),
        keys,
        lasting,
        lasting_bytes: 0,
    }
}

fn sample(groups: Vec<Group>, biggest: Vec<BigKey>, complete: bool) -> Sample {
    let keys = groups.iter().map(|group| group.keys).sum();
    Sample {
        keys,
        lasting: groups.iter().map(|group| group.lasting).sum(),
        groups,
        sized: keys,
        biggest,
        complete,
    }
}

fn big(key: &str, kind: &str, bytes: Option<u64>, elements: Option<u64>) -> BigKey {
    BigKey {
        key: key.to_owned(),
        kind: Some(kind.to_owned()),
        bytes,
        elements,
    }
}

/// How the facts differ, and words of the only finding that comes of it; none when nothing is to be said.
type Case = (fn(&mut RedisFacts), &'static [&'static str]);

fn check(table: &[Case]) {
    for (at, (change, expected)) in table.iter().enumerate() {
        let mut facts = healthy();
        change(&mut facts);
        let found = findings(&facts);
        let count = usize::from(!expected.is_empty());
        assert_eq!(found.len(), count, "case {at}: {expected:?}: {found:#?}");
        for finding in &found {
            let text = format!("{} ▶ {}", finding.what, finding.advice);
            for words in *expected {
                assert!(text.contains(words), "case {at}: {words}: {text}");
            }
        }
    }
}

#[test]
fn nothing_is_said_of_what_is_well_or_unknown() {
    assert_eq!(findings(&healthy()), []);
    assert_eq!(findings(&RedisFacts::default()), []);
    let empty = RedisFacts {
        sample: Some(sample(Vec::new(), Vec::new(), true)),
        ..RedisFacts::default()
    };
    assert_eq!(findings(&empty), []);
}

#[test]
fn hits() {
    check(&[
        (|f| f.counters.hits = Some(1500), &[]),
        (
            |f| f.counters.hits = Some(1499),
            &["hit rate is 60 %", "2,499 lookups in at most 10 days"],
        ),
        (
            |f| f.counters.hits = Some(500),
            &[
                "hit rate is 33 %, below 60 %",
                "1,500 lookups",
                "few keys were thrown out",
                "names of keys",
            ],
        ),
        (
            |f| (f.counters.hits, f.counters.misses) = (Some(9), Some(990)),
            &[],
        ),
        (
            |f| (f.counters.hits, f.counters.misses) = (Some(0), Some(1000)),
            &["hit rate is 0 %"],
        ),
        (
            |f| (f.counters.hits, f.counters.misses) = (Some(u64::MAX), Some(u64::MAX)),
            &["50 %"],
        ),
        (
            |f| (f.counters.hits, f.counters.expired) = (Some(500), Some(501)),
            &["501 keys lived out their time", "EX"],
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
            |f| (f.counters.hits, f.uptime_s) = (Some(500), None),
            &["1,500 lookups ▶"],
        ),
    ]);
    let mut facts = healthy();
    (facts.counters.hits, facts.counters.evicted) = (Some(500), Some(501));
    let found = findings(&facts);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[1].advice.starts_with("501 keys were thrown out"),
        "{found:?}"
    );
}

#[test]
fn what_is_thrown_out() {
    check(&[
        (
            |f| f.counters.evicted = Some(2400),
            &[
                "2,400 keys were thrown out",
                "10 an hour",
                "there is room now",
            ],
        ),
        (
            |f| f.counters.evicted = Some(1),
            &["1 key was thrown out", "0.1 a day"],
        ),
        (
            |f| (f.counters.evicted, f.uptime_s) = (Some(5), Some(3.0)),
            &["since it started ▶"],
        ),
        // A cache that is full throws out: one finding, not two.
        (
            |f| (f.counters.evicted, f.memory.used) = (Some(5), Some(999 * MB)),
            &[
                "5 keys were thrown out",
                "as long as the hit rate rises",
                "allkeys-lfu",
            ],
        ),
    ]);
}

#[test]
fn the_limit_of_memory() {
    fn policy(facts: &mut RedisFacts, policy: &str) {
        facts.memory.policy = Some(policy.to_owned());
    }
    check(&[
        (|f| f.memory.used = Some(899 * MB), &[]),
        (
            |f| f.memory.max = Some(0),
            &[
                "no limit of memory",
                "500 MiB are used",
                "at most 2.7 GiB",
                "3.9 GiB",
            ],
        ),
        (
            |f| (f.memory.max, f.memory.machine, f.memory.used) = (Some(0), None, None),
            &["(maxmemory 0) ▶", "70 % of the memory"],
        ),
        (|f| f.memory.max = None, &[]),
        (
            |f| {
                f.memory.used = Some(950 * MB);
                f.memory.rss = Some(990 * MB);
            },
            &[
                "950 MiB of 1000 MiB",
                "95 %",
                "soon keys will be thrown out",
            ],
        ),
        (
            |f| {
                policy(f, "noeviction");
                f.memory.used = Some(950 * MB);
                f.memory.rss = Some(990 * MB);
            },
            &[
                "95 %, and nothing may be thrown out (noeviction)",
                "every write fails",
            ],
        ),
        (|f| policy(f, "noeviction"), &[]),
        (
            |f| {
                policy(f, "volatile-ttl");
                f.memory.used = Some(950 * MB);
                f.memory.rss = Some(990 * MB);
            },
            &["only keys with an expiry may be thrown out (volatile-ttl)"],
        ),
        (
            |f| {
                policy(f, "volatile-lru");
                f.databases = vec![database(1000, 499), database(0, 0)];
            },
            &["501 keys of 1,000 keys (50 %) have no expiry, and volatile-lru"],
        ),
        (
            |f| {
                policy(f, "volatile-lru");
                f.databases = vec![database(1000, 500)];
            },
            &[],
        ),
        (|f| f.databases = vec![database(1000, 0)], &[]),
        (
            |f| {
                policy(f, "volatile-lru");
                f.databases = Vec::new();
            },
            &[],
        ),
    ]);
}

#[test]
fn memory_of_the_machine() {
    check(&[
        (
            |f| (f.memory.fragmentation, f.memory.rss) = (Some(1.8), Some(900 * MB)),
            &[
                "900 MiB of the machine for 500 MiB",
                "1.8 times",
                "set activedefrag yes",
            ],
        ),
        (|f| f.memory.fragmentation = Some(1.5), &[]),
        (
            |f| {
                f.memory.fragmentation = Some(1.8);
                f.memory.peak = Some(900 * MB);
                f.memory.defragments = Some(true);
            },
            &["once used 900 MiB", "active-defrag-cycle-max"],
        ),
        (
            |f| (f.memory.used, f.memory.fragmentation) = (Some(100 * MB), Some(9.0)),
            &[],
        ),
        (
            |f| (f.memory.rss, f.memory.fragmentation) = (Some(200 * MB), Some(0.4)),
            &["only 200 MiB of 500 MiB", "swapped out"],
        ),
        (|f| f.memory.rss = Some(400 * MB), &[]),
        (|f| f.memory.rss = Some(0), &[]),
        (
            |f| (f.memory.used, f.memory.rss) = (Some(9 * MB), Some(MB)),
            &[],
        ),
    ]);
}

#[test]
fn clients_and_slow_commands() {
    check(&[
        (
            |f| f.counters.rejected = Some(3),
            &["3 connections were turned away", "maxclients 10,000"],
        ),
        (
            |f| (f.counters.rejected, f.clients.most) = (Some(1), None),
            &["1 connection was turned away as one too many since"],
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
                    (Some(false), Some(9.0 * DAY))
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
            &["the last snapshot is 3 days old, and 100 changes came since"],
        ),
        (
            |f| (f.persistence.snapshot_age_s, f.persistence.changes) = (Some(3.0 * DAY), Some(0)),
            &[],
        ),
        (
            |f| {
                (f.persistence.snapshot_age_s, f.persistence.snapshots) =
                    (Some(3.0 * DAY), Some(false))
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

#[test]
fn keys_that_stay() {
    fn with(facts: &mut RedisFacts, groups: Vec<Group>, complete: bool) {
        facts.sample = Some(sample(groups, Vec::new(), complete));
    }
    check(&[
        (
            |f| {
                with(
                    f,
                    vec![group("cart:*", 400, 400), group("session:*", 600, 0)],
                    true,
                )
            },
            &["shares of the 1,000 keys of database 0: `cart:*` 40 % ▶"],
        ),
        (
            |f| {
                f.databases = vec![database(5_000_000, 3_000_000)];
                with(
                    f,
                    vec![group("cart:*", 400, 400), group("session:*", 600, 0)],
                    false,
                );
            },
            &[
                "1,000 keys of database 0 that were looked at among 5,000,000: `cart:*` 40 % (37 % to 43 %)",
            ],
        ),
        (
            |f| with(f, vec![group("a:*", 1000, 1000)], false),
            &["`a:*` 100 % (99.6 % to 100 %)"],
        ),
        (
            |f| {
                let groups = ["a:*", "b:*", "c:*", "d:*"].map(|name| group(name, 100, 100));
                with(f, groups.to_vec(), true);
            },
            &["`a:*` 25 %; `b:*` 25 %; `c:*` 25 % ▶"],
        ),
        (
            |f| {
                let mut carts = group("cart:*", 400, 400);
                carts.lasting_bytes = 3 * MB;
                with(f, vec![carts], true);
            },
            &["`cart:*` 100 %, 3.0 MiB ▶"],
        ),
        // Too few of all, and too few at all.
        (
            |f| with(f, vec![group("cart:*", 49, 49), group("b:*", 951, 0)], true),
            &[],
        ),
        (|f| with(f, vec![group("cart:*", 99, 99)], true), &[]),
        // Most of them have one: somebody forgot it, and it is said once.
        (
            |f| with(f, vec![group("session:*", 1000, 70)], false),
            &["called alike have one: `session:*` 70 of 1,000", "KEEPTTL"],
        ),
        (
            |f| with(f, vec![group("session:*", 1000, 1)], true),
            &["`session:*` 1 of 1,000"],
        ),
        (
            |f| with(f, vec![group("session:*", 99, 1), group("b:*", 1, 0)], true),
            &[],
        ),
        (
            |f| {
                with(
                    f,
                    vec![group("*", 1000, 10), group("others", 900, 10)],
                    true,
                )
            },
            &[],
        ),
    ]);
}

#[test]
fn keys_that_are_big() {
    fn with(facts: &mut RedisFacts, biggest: Vec<BigKey>, complete: bool) {
        let groups = vec![group("session:*", 1000, 0)];
        facts.sample = Some(sample(groups, biggest, complete));
    }
    check(&[
        (
            |f| with(f, vec![big("page", "string", Some(MB), None)], true),
            &[],
        ),
        (
            |f| with(f, vec![big("page", "string", Some(5 * MB), None)], true),
            &["big keys: `page` (string, 5.0 MiB) ▶", "compress", "UNLINK"],
        ),
        (
            |f| with(f, vec![big("l", "list", Some(5 * MB), None)], true),
            &["LTRIM"],
        ),
        (
            |f| with(f, vec![big("s", "stream", Some(5 * MB), None)], true),
            &["MAXLEN"],
        ),
        (
            |f| with(f, vec![big("h", "hash", Some(5 * MB), None)], true),
            &["HSCAN"],
        ),
        (
            |f| with(f, vec![big("z", "zset", Some(5 * MB), None)], true),
            &["ZRANGE"],
        ),
        (
            |f| with(f, vec![big("m", "TSDB-TYPE", Some(5 * MB), None)], true),
            &["(TSDB-TYPE, 5.0 MiB)", "split it"],
        ),
        (
            |f| with(f, vec![big("l", "list", None, Some(10_000))], true),
            &[],
        ),
        (
            |f| with(f, vec![big("l", "list", None, Some(10_001))], true),
            &["`l` (list, 10,001 elements)"],
        ),
        (
            |f| {
                let mut biggest: Vec<BigKey> = (0..5)
                    .map(|n| big(&format!("k{n}"), "hash", Some((9 - n) * MB), None))
                    .collect();
                biggest.push(big("small", "hash", Some(100), None));
                with(f, biggest, false);
            },
            &[
                "big keys among 1,000 keys that were looked at (redis-cli --memkeys",
                "`k0` (hash, 9.0 MiB); `k1` (hash, 8.0 MiB); `k2` (hash, 7.0 MiB); and 2 more at least ▶",
            ],
        ),
    ]);
    let mut facts = healthy();
    let mut nameless = big("x", "", Some(2 * MB), None);
    nameless.kind = None;
    with(&mut facts, vec![nameless], true);
    assert!(findings(&facts)[0].what.contains("`x` (key, 2.0 MiB)"));
}

#[test]
fn the_most_urgent_comes_first() {
    let mut facts = healthy();
    facts.persistence.snapshot_ok = Some(false);
    facts.counters.rejected = Some(1);
    facts.counters.evicted = Some(100);
    facts.counters.hits = Some(100);
    facts.slow_commands = Some(100);
    facts.memory.max = Some(0);
    let beginnings = [
        "the last snapshot",
        "1 connection",
        "it has no limit",
        "100 keys were thrown out",
        "the hit rate",
        "its slow log",
    ];
    let found = findings(&facts);
    assert_eq!(found.len(), beginnings.len(), "{found:#?}");
    for (finding, beginning) in found.iter().zip(beginnings) {
        assert!(finding.what.starts_with(beginning), "{finding:?}");
    }
}
