//! Memory: its limit, what is thrown out at it, and what the system gives.

use super::format::{counted, pace, percent};
use crate::plan::Finding;
use crate::redis::facts::RedisFacts;
use crate::rules::format::bytes;

/// Used of the limit from here on, a rush of writes is enough to reach it.
const NEARLY_FULL: f64 = 0.9;
/// Of the machine's memory, what Redis may take: the rest is for the system, and for pages that change while a forked
/// child writes a snapshot.
const FOR_REDIS: f64 = 0.7;
/// Below it, what a process takes by itself distorts every ratio.
const ENOUGH_USED: u64 = 100 << 20;
/// More than half of it again is lost. A healthy allocator stays below 1.3.
const FRAGMENTED: f64 = 1.5;
/// What the process has of the machine's memory is never much less than what it uses, unless the rest is elsewhere.
const SWAPPED: f64 = 0.8;
/// At the peak the server used so much more than now: the allocator keeps what was freed since.
const AFTER_A_PEAK: f64 = 1.3;
/// More keys than this share that can't be thrown out leave little to throw out.
const MOST_LASTING: f64 = 0.5;

/// The limit, if there is one.
fn limit(facts: &RedisFacts) -> Option<u64> {
    facts.memory.max.filter(|max| *max > 0)
}

fn policy(facts: &RedisFacts) -> &str {
    facts.memory.policy.as_deref().unwrap_or_default()
}

fn evicts_any(facts: &RedisFacts) -> bool {
    policy(facts).starts_with("allkeys-")
}

fn evicts_expiring(facts: &RedisFacts) -> bool {
    policy(facts).starts_with("volatile-")
}

/// Little is left below the limit, and what happens there is not harmless.
pub(super) fn full(facts: &RedisFacts) -> Option<Finding> {
    let (used, max) = (facts.memory.used?, limit(facts)?);
    let share = used as f64 / max as f64;
    if share < NEARLY_FULL {
        return None;
    }
    let what = format!(
        "{} of {} (maxmemory) are used: {}",
        bytes(used),
        bytes(max),
        percent(share)
    );
    if policy(facts) == "noeviction" {
        return Some(Finding::new(
            format!("{what}, and nothing may be evicted (noeviction)"),
            "at the limit every write fails (OOM command not allowed): raise maxmemory, delete unneeded keys, or \
             let a cache evict (maxmemory-policy allkeys-lfu)",
        ));
    }
    if evicts_expiring(facts) {
        return Some(Finding::new(
            format!(
                "{what}, and only keys with an expiry may be evicted ({})",
                policy(facts)
            ),
            "when no such key is left, every write fails: raise maxmemory, or set an expiry on what can be rebuilt",
        ));
    }
    // A cache that throws out is full by nature; the rule of evictions speaks of it then.
    (facts.counters.evicted == Some(0)).then(|| {
        Finding::new(
            what,
            "keys will soon be evicted: raise maxmemory if all of them are worth their memory, or shorten the \
             expiry of less important ones",
        )
    })
}

/// No limit at all.
pub(super) fn unlimited(facts: &RedisFacts) -> Option<Finding> {
    if facts.memory.max? != 0 {
        return None;
    }
    let value = facts.memory.machine.map_or_else(
        || "70 % of the memory available to it".to_owned(),
        |machine| {
            let share = (machine as f64 * FOR_REDIS) as u64;
            format!(
                "at most {} of the machine's {}, less in a container with a lower limit",
                bytes(share),
                bytes(machine)
            )
        },
    );
    let used = facts.memory.used;
    let used = used.map_or_else(String::new, |used| format!("; {} are used", bytes(used)));
    Some(Finding::new(
        format!("it has no memory limit (maxmemory 0){used}"),
        format!(
            "it grows until the system kills it: set maxmemory ({value}), and maxmemory-policy allkeys-lfu for a \
             cache or noeviction for data"
        ),
    ))
}

/// Keys that may be thrown out are few or none.
pub(super) fn cannot_evict(facts: &RedisFacts) -> Option<Finding> {
    limit(facts)?;
    if !evicts_expiring(facts) {
        return None;
    }
    let keys: u64 = facts.databases.iter().map(|one| one.keys).sum();
    let expiring: u64 = facts.databases.iter().map(|one| one.expiring).sum();
    let lasting = keys.saturating_sub(expiring);
    let share = lasting as f64 / keys.max(1) as f64;
    (share > MOST_LASTING).then(|| {
        Finding::new(
            format!(
                "{} of {} ({}) have no expiry, and {} evicts only those with one",
                counted(lasting, "key"),
                counted(keys, "key"),
                percent(share),
                policy(facts)
            ),
            "keys with an expiry are evicted ever sooner to make room for the others, and when none is left \
             writes fail: set an expiry on cached keys (SET … EX), or use allkeys-lfu if all keys are cached",
        )
    })
}

/// Keys are thrown out for want of memory.
pub(super) fn evictions(facts: &RedisFacts) -> Option<Finding> {
    let evicted = facts.counters.evicted.filter(|evicted| *evicted > 0)?;
    // The server does not say when its counters were reset, so the rate may be higher.
    let pace = pace(evicted, facts.uptime_s);
    let pace = pace.map_or_else(String::new, |pace| format!(", at least {pace}"));
    let what = format!(
        "{} evicted for lack of memory since the last start or CONFIG RESETSTAT{pace}",
        if evicted == 1 {
            "1 key was".to_owned()
        } else {
            format!("{} were", counted(evicted, "key"))
        }
    );
    let is_roomy = facts
        .memory
        .used
        .zip(limit(facts))
        .is_some_and(|(used, max)| (used as f64) < NEARLY_FULL * max as f64);
    let advice = if is_roomy {
        "there is free memory now: check whether it happens at certain times (evicted_keys), when many keys are \
         written at once"
    } else if evicts_any(facts) {
        "the working set exceeds the memory: raise maxmemory as long as the hit rate rises with it, shorten the \
         expiry of less important keys, and prefer allkeys-lfu, which keeps frequently used keys"
    } else {
        "raise maxmemory, or shorten the expiry of less important keys"
    };
    Some(Finding::new(what, advice))
}

/// Memory that is lost to fragmentation.
pub(super) fn fragmented(facts: &RedisFacts) -> Option<Finding> {
    let memory = &facts.memory;
    let used = memory.used.filter(|used| *used > ENOUGH_USED)?;
    let ratio = memory.fragmentation.filter(|ratio| *ratio > FRAGMENTED)?;
    let rss = memory.rss?;
    let peak = memory.peak.unwrap_or(0);
    let why = if peak as f64 > AFTER_A_PEAK * used as f64 {
        format!(
            "it once used {}, and the allocator keeps what has been freed since: ",
            bytes(peak)
        )
    } else {
        String::new()
    };
    let help = match memory.defragments {
        Some(true) => {
            "activedefrag is on but does not keep up: allow it more processor time (active-defrag-cycle-max), or \
             restart a replica and fail over to it"
        }
        Some(false) | None => {
            "set activedefrag yes (CONFIG SET takes effect at once; needs jemalloc), or MEMORY PURGE, or restart a \
             replica and fail over to it"
        }
    };
    Some(Finding::new(
        format!(
            "it takes {} of the machine for {} of data ({ratio:.1} times as much)",
            bytes(rss),
            bytes(used)
        ),
        format!("{why}{help}"),
    ))
}

/// A part of the data is not in memory.
pub(super) fn swapped(facts: &RedisFacts) -> Option<Finding> {
    let memory = &facts.memory;
    let used = memory.used.filter(|used| *used > ENOUGH_USED)?;
    let rss = memory.rss.filter(|rss| *rss > 0)?;
    ((rss as f64) < SWAPPED * used as f64).then(|| {
        Finding::new(
            format!(
                "only {} of {} of data are in the machine's memory",
                bytes(rss),
                bytes(used)
            ),
            "the rest is probably swapped out, and each access to it takes milliseconds: give the machine more \
             memory, lower maxmemory, and see what else uses it (grep VmSwap /proc/PID/status)",
        )
    })
}
