//! Memory: its limit, what is thrown out at it, and what the system gives.

use super::words::{counted, pace, percent};
use crate::optimize::plan::Finding;
use crate::optimize::redis::facts::RedisFacts;
use crate::optimize::rules::words::bytes;

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
            format!("{what}, and nothing may be thrown out (noeviction)"),
            "at the limit every write fails (OOM command not allowed): raise maxmemory, delete what is not needed, or \
             let a cache throw keys out (maxmemory-policy allkeys-lfu)",
        ));
    }
    if evicts_expiring(facts) {
        return Some(Finding::new(
            format!(
                "{what}, and only keys with an expiry may be thrown out ({})",
                policy(facts)
            ),
            "when no such key is left, every write fails: raise maxmemory, or give an expiry to what can be made again",
        ));
    }
    // A cache that throws out is full by nature; the rule of evictions speaks of it then.
    (facts.counters.evicted == Some(0)).then(|| {
        Finding::new(
            what,
            "soon keys will be thrown out: raise maxmemory if all of them are worth their room, or let less worthy \
             ones live for less long",
        )
    })
}

/// No limit at all.
pub(super) fn unlimited(facts: &RedisFacts) -> Option<Finding> {
    if facts.memory.max? != 0 {
        return None;
    }
    let value = facts.memory.machine.map_or_else(
        || "70 % of the memory that it may have".to_owned(),
        |machine| {
            let share = (machine as f64 * FOR_REDIS) as u64;
            format!(
                "at most {} of the machine's {}, and less in a container with less",
                bytes(share),
                bytes(machine)
            )
        },
    );
    let used = facts.memory.used;
    let used = used.map_or_else(String::new, |used| format!("; {} are used", bytes(used)));
    Some(Finding::new(
        format!("it has no limit of memory (maxmemory 0){used}"),
        format!(
            "it grows until the system ends it, and all clients with it: set maxmemory ({value}), and maxmemory-policy \
             allkeys-lfu for a cache or noeviction for data"
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
                "{} of {} ({}) have no expiry, and {} throws out only those with one",
                counted(lasting, "key"),
                counted(keys, "key"),
                percent(share),
                policy(facts)
            ),
            "keys with an expiry are thrown out ever sooner to make room for the others, and when none is left writes \
             fail: give an expiry to what is a cache (SET … EX), or use allkeys-lfu if all of it is one",
        )
    })
}

/// Keys are thrown out for want of memory.
pub(super) fn evictions(facts: &RedisFacts) -> Option<Finding> {
    let evicted = facts.counters.evicted.filter(|evicted| *evicted > 0)?;
    let pace = pace(evicted, facts.uptime_s).map_or_else(String::new, |pace| format!(", {pace}"));
    let what = format!(
        "{} thrown out for want of memory since it started{pace}",
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
        "there is room now: look whether it happens at certain times (evicted_keys), when something writes many keys at \
         once"
    } else if evicts_any(facts) {
        "the room is less than what is asked for: raise maxmemory as long as the hit rate rises with it, let less \
         worthy keys live for less long, and prefer allkeys-lfu, which keeps what is asked for often"
    } else {
        "raise maxmemory, or let less worthy keys live for less long"
    };
    Some(Finding::new(what, advice))
}

/// Memory that nobody can use.
pub(super) fn fragmented(facts: &RedisFacts) -> Option<Finding> {
    let memory = &facts.memory;
    let used = memory.used.filter(|used| *used > ENOUGH_USED)?;
    let ratio = memory.fragmentation.filter(|ratio| *ratio > FRAGMENTED)?;
    let rss = memory.rss?;
    let peak = memory.peak.unwrap_or(0);
    let why = if peak as f64 > AFTER_A_PEAK * used as f64 {
        format!(
            "it once used {}, and the allocator keeps what was freed since: ",
            bytes(peak)
        )
    } else {
        String::new()
    };
    let help = match memory.defragments {
        Some(true) => {
            "activedefrag is on and does not keep up: let it take more of the processor (active-defrag-cycle-max), or \
             restart a replica and fail over to it"
        }
        Some(false) | None => {
            "set activedefrag yes (CONFIG SET takes effect at once; needs jemalloc), or MEMORY PURGE, or restart a \
             replica and fail over to it"
        }
    };
    Some(Finding::new(
        format!(
            "it takes {} of the machine for {} that are used ({ratio:.1} times as much)",
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
                "only {} of {} that are used are in the machine's memory",
                bytes(rss),
                bytes(used)
            ),
            "the rest is probably swapped out, and each touch of it takes milliseconds: give the machine more memory, \
             lower maxmemory, and see who else uses it (grep VmSwap /proc/PID/status)",
        )
    })
}
