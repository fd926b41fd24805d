//! What is said of memory.

use super::{MB, check, database, takes};
use crate::redis::facts::RedisFacts;

#[test]
fn what_is_thrown_out() {
    check(&[
        (
            |f| f.counters.evicted = Some(2400),
            &[
                "2,400 keys were evicted",
                "at least 10 an hour",
                "there is free memory now",
            ],
        ),
        (
            |f| f.counters.evicted = Some(1),
            &["1 key was evicted", "at least 0.1 a day"],
        ),
        (
            |f| (f.counters.evicted, f.uptime_s) = (Some(5), Some(3.0)),
            &["since the last start or CONFIG RESETSTAT ▶"],
        ),
        // A cache that is full throws out: one finding, not two.
        (
            |f| {
                takes(f, 999);
                f.counters.evicted = Some(5);
            },
            &[
                "5 keys were evicted",
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
        (|f| takes(f, 899), &[]),
        (
            |f| f.memory.max = Some(0),
            &[
                "no memory limit",
                "500 MiB are used",
                "at most 2.7 GiB of the machine's 3.9 GiB",
            ],
        ),
        (
            |f| (f.memory.max, f.memory.machine, f.memory.used) = (Some(0), None, None),
            &["(maxmemory 0) ▶", "70 % of the memory"],
        ),
        (|f| f.memory.max = None, &[]),
        (
            |f| takes(f, 950),
            &["950 MiB of 1000 MiB", "95 %", "keys will soon be evicted"],
        ),
        (
            |f| {
                policy(f, "noeviction");
                takes(f, 950);
            },
            &[
                "95 %, and nothing may be evicted (noeviction)",
                "every write fails",
            ],
        ),
        (|f| policy(f, "noeviction"), &[]),
        (
            |f| {
                policy(f, "volatile-ttl");
                takes(f, 950);
            },
            &["only keys with an expiry may be evicted (volatile-ttl)"],
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
