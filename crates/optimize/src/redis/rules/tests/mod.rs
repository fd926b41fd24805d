//! Each rule on facts that differ from healthy ones in what it is about.

mod keys;
mod memory;
mod server;

use super::findings;
use crate::redis::facts::{
    BigKey, KeyGroup, KeySample, Persistence, RedisClients, RedisCounters, RedisDatabase,
    RedisFacts, RedisMemory,
};

const MB: u64 = 1 << 20;
const DAY: f64 = 86_400.0;

/// A cache of which nothing is to be said.
fn healthy() -> RedisFacts {
    RedisFacts {
        version: Some("Redis 7.0.15".to_owned()),
        uptime_s: Some(10.0 * DAY),
        memory: RedisMemory {
            used: Some(500 * MB),
            peak: Some(510 * MB),
            max: Some(1000 * MB),
            rss: Some(550 * MB),
            machine: Some(4000 * MB),
            fragmentation: Some(1.1),
            policy: Some("allkeys-lfu".to_owned()),
            defragments: Some(false),
        },
        counters: RedisCounters {
            hits: Some(9000),
            misses: Some(1000),
            evicted: Some(0),
            expired: Some(500),
            rejected: Some(0),
        },
        clients: RedisClients {
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

fn database(keys: u64, expiring: u64) -> RedisDatabase {
    RedisDatabase {
        number: 0,
        keys,
        expiring,
    }
}

fn group(pattern: &str, keys: u64, lasting: u64) -> KeyGroup {
    KeyGroup {
        pattern: pattern.to_owned(),
        keys,
        lasting,
        lasting_bytes: 0,
    }
}

fn sample(groups: Vec<KeyGroup>, biggest: Vec<BigKey>, complete: bool) -> KeySample {
    let keys = groups.iter().map(|group| group.keys).sum();
    KeySample {
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

/// Uses so many MiB, all of them in memory.
fn takes(facts: &mut RedisFacts, used: u64) {
    facts.memory.used = Some(used * MB);
    facts.memory.rss = Some(used * MB);
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
        "it has no memory limit",
        "100 keys were evicted",
        "the hit rate",
        "the slow log",
    ];
    let found = findings(&facts);
    assert_eq!(found.len(), beginnings.len(), "{found:#?}");
    for (finding, beginning) in found.iter().zip(beginnings) {
        assert!(finding.what.starts_with(beginning), "{finding:?}");
    }
}
