//! Keys: those that stay for ever, and those that are big.

use super::format::{counted, percent};
use crate::plan::Finding;
use crate::redis::facts::{BigKey, KeyGroup, KeySample, RedisFacts};
use crate::redis::sample::OTHERS;
use crate::rules::format::bytes;
use agentos_perf_core::requirement::format;
use agentos_perf_core::statistics::{lower_bound, upper_bound};

/// Shares are reported with bounds that hold with 95 %, half of the rest on each side.
const ALPHA: f64 = 0.025;
/// A share of fewer keys says nothing about the others.
const ENOUGH_KEYS: u64 = 100;
/// Groups with a smaller share of all keys are not worth a line.
const WORTH_A_LINE: f64 = 0.05;
/// Keys that are called alike and of which fewer than this share have no expiry are meant to have one.
const FORGOTTEN: f64 = 0.5;
/// As many groups or keys are named.
const NAMED: usize = 3;
/// It takes a millisecond or more to read or copy, during which no other client is answered.
const BIG_BYTES: u64 = 1 << 20;
/// The same where only the number of elements is reported.
const BIG_ELEMENTS: u64 = 10_000;

/// The share of keys, with bounds unless all of them were looked at.
fn share(hits: u64, sample: &KeySample) -> String {
    let (hits, keys) = (hits as f64, sample.keys as f64);
    let value = percent(hits / keys);
    if sample.complete {
        return value;
    }
    let low = percent(lower_bound(hits, keys, ALPHA));
    let high = percent(upper_bound(hits, keys, ALPHA));
    format!("{value} ({low} to {high})")
}

/// Of how many keys is spoken.
fn base(facts: &RedisFacts, sample: &KeySample) -> String {
    let database = facts.database;
    if sample.complete {
        return format!("the {} of database {database}", counted(sample.keys, "key"));
    }
    let all = facts.sampled().map_or_else(String::new, |all| {
        format!(" among {}", format::count(all.keys))
    });
    format!(
        "{} of database {database} that were sampled{all}",
        counted(sample.keys, "key")
    )
}

/// Keys that stay until they are deleted.
pub(super) fn lasting(facts: &RedisFacts) -> Option<Finding> {
    let sample = facts.sample.as_ref()?;
    if sample.keys < ENOUGH_KEYS {
        return None;
    }
    let is_worth = |group: &&KeyGroup| {
        group.lasting as f64 >= WORTH_A_LINE * sample.keys as f64 && !is_forgotten(group)
    };
    let groups: Vec<String> = sample
        .groups
        .iter()
        .filter(is_worth)
        .take(NAMED)
        .map(|group| {
            let bytes = match group.lasting_bytes {
                0 => String::new(),
                much => format!(", {}", bytes(much)),
            };
            format!(
                "`{}` {}{bytes}",
                group.pattern,
                share(group.lasting, sample)
            )
        })
        .collect();
    (!groups.is_empty()).then(|| {
        Finding::new(
            format!(
                "keys without an expiry, as shares of {}: {}",
                base(facts, sample),
                groups.join("; ")
            ),
            "they stay until they are deleted: if they are sessions or a cache, write them with an expiry (SET … \
             EX, EXPIRE); if they are data, keep them apart from the cache, on a server with noeviction",
        )
    })
}

/// Whether most of such keys have an expiry and some have none.
fn is_forgotten(group: &KeyGroup) -> bool {
    group.keys >= ENOUGH_KEYS
        && group.lasting > 0
        && (group.lasting as f64) < FORGOTTEN * group.keys as f64
}

/// Keys that lack the expiry that others of their name have.
pub(super) fn forgotten(facts: &RedisFacts) -> Option<Finding> {
    let sample = facts.sample.as_ref()?;
    // What is called neither alike nor anything may well differ.
    let is_meant =
        |group: &&KeyGroup| is_forgotten(group) && group.pattern != "*" && group.pattern != OTHERS;
    let groups: Vec<String> = sample
        .groups
        .iter()
        .filter(is_meant)
        .take(NAMED)
        .map(|group| {
            format!(
                "`{}` {} of {}",
                group.pattern,
                format::count(group.lasting),
                format::count(group.keys)
            )
        })
        .collect();
    (!groups.is_empty()).then(|| {
        Finding::new(
            format!(
                "some keys have no expiry although others with similar names have one: {}",
                groups.join("; ")
            ),
            "some code path omits it, and they accumulate: SET without EX or KEEPTTL removes an expiry, and INCR \
             or HSET on a key that has just expired creates one without (set it again in the same transaction)",
        )
    })
}

fn is_big(key: &BigKey) -> bool {
    key.bytes.is_some_and(|bytes| bytes > BIG_BYTES)
        || key.elements.is_some_and(|number| number > BIG_ELEMENTS)
}

/// Keys that block all clients while they are read or deleted.
pub(super) fn big(facts: &RedisFacts) -> Option<Finding> {
    let sample = facts.sample.as_ref()?;
    let keys: Vec<&BigKey> = sample.biggest.iter().filter(|key| is_big(key)).collect();
    let first = keys.first()?;
    let named: Vec<String> = keys.iter().take(NAMED).map(|key| described(key)).collect();
    let more = match keys.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and at least {more} more"),
    };
    let seen = if sample.complete {
        String::new()
    } else {
        format!(
            " among {} that were sampled (redis-cli --memkeys reads all)",
            counted(sample.sized, "key")
        )
    };
    let split = match first.kind.as_deref() {
        Some("string") => "compress it, or split it and read the parts that are needed",
        Some("list") => "bound it (LTRIM), and read ranges of it",
        Some("stream") => "bound it (XADD … MAXLEN ~)",
        Some("hash") => {
            "split it by a part of the field, and read fields (HMGET, HSCAN) instead of all (HGETALL)"
        }
        Some("set" | "zset") => {
            "split it, bound it, and read parts of it (SSCAN, ZRANGE) instead of all"
        }
        _ => "split it, and read parts of it instead of all",
    };
    Some(Finding::new(
        format!("big keys{seen}: {}{more}", named.join("; ")),
        format!(
            "no other client is served while one is read, copied or deleted: {split}; delete it with UNLINK, not \
             with DEL, and let expiry free it in the background (lazyfree-lazy-expire yes)"
        ),
    ))
}

fn described(key: &BigKey) -> String {
    let kind = key.kind.as_deref().unwrap_or("key");
    let much = match (key.bytes, key.elements) {
        (Some(much), _) => bytes(much),
        (None, Some(elements)) => counted(elements, "element"),
        (None, None) => "of unknown size".to_owned(),
    };
    format!("`{}` ({kind}, {much})", key.key)
}
