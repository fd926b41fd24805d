//! What is said of keys.

use super::{MB, big, check, database, group, healthy, sample};
use crate::redis::facts::{BigKey, KeyGroup, RedisFacts};
use crate::redis::rules::findings;

#[test]
fn keys_that_stay() {
    fn with(facts: &mut RedisFacts, groups: Vec<KeyGroup>, complete: bool) {
        facts.sample = Some(sample(groups, Vec::new(), complete));
    }
    check(&[
        (
            |f| {
                with(
                    f,
                    vec![group("cart:*", 400, 400), group("session:*", 600, 0)],
                    true,
                );
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
                "1,000 keys of database 0 that were sampled among 5,000,000: `cart:*` 40 % (37 % to 43 %)",
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
        // Most of them have one: it was forgotten, and that is reported once.
        (
            |f| with(f, vec![group("session:*", 1000, 70)], false),
            &["similar names have one: `session:*` 70 of 1,000", "KEEPTTL"],
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
                );
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
                "big keys among 1,000 keys that were sampled (redis-cli --memkeys",
                "`k0` (hash, 9.0 MiB); `k1` (hash, 8.0 MiB); `k2` (hash, 7.0 MiB); and at least 2 more ▶",
            ],
        ),
    ]);
    let mut facts = healthy();
    let mut nameless = big("x", "", Some(2 * MB), None);
    nameless.kind = None;
    with(&mut facts, vec![nameless], true);
    assert!(findings(&facts)[0].what.contains("`x` (key, 2.0 MiB)"));
}
