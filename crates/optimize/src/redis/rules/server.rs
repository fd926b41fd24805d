//! The server as a whole: hits, clients, what it writes to disk and what is slow.

use super::format::{counted, percent};
use crate::plan::Finding;
use crate::redis::facts::RedisFacts;
use crate::rules::format::span;
use agentos_perf_core::requirement::format;

/// The share of lookups that `AgentOS` wants to be answered by its cache.
const LEAST_HITS: f64 = 0.6;
/// Fewer lookups may be those of a cache that is still empty.
const ENOUGH_LOOKUPS: u64 = 1000;
/// From here on a few more clients are turned away.
const NEARLY_ALL_CLIENTS: f64 = 0.8;
/// Longer than anybody wants to wait, in milliseconds: nothing is answered during a fork.
const LONG_FORK_MS: f64 = 100.0;
/// Fewer slow commands may come from an operator. The log holds 128 by default.
const MANY_SLOW: u64 = 10;
/// A snapshot that is older while there are changes is no longer made by the default rules, which say an hour.
const OLD_SNAPSHOT_S: f64 = 6.0 * 3600.0;

/// Lookups that find nothing.
pub(super) fn hit_rate(facts: &RedisFacts) -> Option<Finding> {
    let (hits, misses) = (facts.counters.hits?, facts.counters.misses?);
    let lookups = hits.saturating_add(misses);
    let share = hits as f64 / (hits as f64 + misses as f64).max(1.0);
    if lookups < ENOUGH_LOOKUPS || share >= LEAST_HITS {
        return None;
    }
    let evicted = facts.counters.evicted.unwrap_or(0);
    let expired = facts.counters.expired.unwrap_or(0);
    let advice = if evicted > expired {
        format!(
            "{} were evicted for lack of memory: raise maxmemory, or shorten the expiry of less important keys",
            counted(evicted, "key")
        )
    } else if expired > misses / 2 {
        format!(
            "{} expired: lengthen the expiry (EX) of keys whose data may be that old",
            counted(expired, "key")
        )
    } else {
        "few keys were evicted or expired: check that reads and writes use the same names of keys, that a miss \
         writes the key for the next read, and that the absence of a value is cached too"
            .to_owned()
    };
    // It may be shorter: the counters can be set back.
    let uptime = facts.uptime_s.filter(|seconds| *seconds >= 60.0);
    let since = uptime.map_or_else(String::new, |seconds| {
        format!(" in at most {}", span(seconds))
    });
    Some(Finding::new(
        format!(
            "the hit rate is {:.1} %, below {}, over {}{since}",
            // Downwards, as it must not look like what it is less than.
            (1000.0 * share).floor() / 10.0,
            percent(LEAST_HITS),
            counted(lookups, "lookup")
        ),
        advice,
    ))
}

/// Connections that were rejected.
pub(super) fn rejected(facts: &RedisFacts) -> Option<Finding> {
    let rejected = facts.counters.rejected.filter(|number| *number > 0)?;
    let most = facts.clients.most;
    let most = most.map_or_else(String::new, |most| {
        format!(" (maxclients {})", format::count(most))
    });
    Some(Finding::new(
        format!(
            "{} rejected{most} since the last start or CONFIG RESETSTAT, as there were too many",
            if rejected == 1 {
                "1 connection was".to_owned()
            } else {
                format!("{} were", counted(rejected, "connection"))
            }
        ),
        "use small connection pools (a connection can pipeline many commands), close idle connections (timeout), \
         look for clients that never close theirs (CLIENT LIST), and only then raise maxclients",
    ))
}

/// Nearly as many clients as there may be.
pub(super) fn clients(facts: &RedisFacts) -> Option<Finding> {
    let connected = facts.clients.connected?;
    let most = facts.clients.most.filter(|most| *most > 0)?;
    let share = connected as f64 / most as f64;
    (share >= NEARLY_ALL_CLIENTS).then(|| {
        Finding::new(
            format!(
                "{} of {} are connected (maxclients)",
                format::count(connected),
                counted(most, "client")
            ),
            "further clients will be rejected: use smaller pools, or raise maxclients along with the limit of \
             open files",
        )
    })
}

/// A snapshot could not be written.
pub(super) fn snapshot(facts: &RedisFacts) -> Option<Finding> {
    let is_ok = facts.persistence.snapshot_ok?;
    (!is_ok).then(|| {
        let changes = facts.persistence.changes.filter(|changes| *changes > 0);
        let changes = changes.map_or_else(String::new, |changes| {
            format!("; {} would be lost now", counted(changes, "change"))
        });
        Finding::new(
            format!("the last snapshot (RDB) could not be written{changes}"),
            "unless stop-writes-on-bgsave-error is off, all writes fail with MISCONF: see the server's log for \
             the reason (a full disk, missing permissions on its folder, or no memory to fork: set \
             vm.overcommit_memory = 1)",
        )
    })
}

/// The log of changes could not be written.
pub(super) fn log(facts: &RedisFacts) -> Option<Finding> {
    let disk = &facts.persistence;
    if disk.log == Some(false) {
        return None;
    }
    if disk.log_ok == Some(false) {
        return Some(Finding::new(
            "the log of changes (AOF) could not be written",
            "writes fail until it can be written: see the server's log for the reason, most often a full disk",
        ));
    }
    (disk.log_rewrite_ok == Some(false)).then(|| {
        Finding::new(
            "the log of changes (AOF) could not be rewritten",
            "it grows, and each restart takes longer: see the server's log for the reason (disk space, or memory \
             to fork: vm.overcommit_memory = 1), then run BGREWRITEAOF",
        )
    })
}

/// Snapshots are meant to be made, and none is.
pub(super) fn unsaved(facts: &RedisFacts) -> Option<Finding> {
    let disk = &facts.persistence;
    let age = disk.snapshot_age_s.filter(|age| *age > OLD_SNAPSHOT_S)?;
    let changes = disk.changes.filter(|changes| *changes > 0)?;
    let is_meant = disk.snapshots == Some(true) && disk.log == Some(false);
    (is_meant && disk.snapshot_ok != Some(false)).then(|| {
        Finding::new(
            format!(
                "the last snapshot is {} old, and there were {} since",
                span(age),
                counted(changes, "change")
            ),
            "a crash loses them: take snapshots more often (save 3600 1) or enable the AOF (appendonly yes) if \
             they must not be lost; disable snapshots (save \"\") if they may be",
        )
    })
}

/// A fork that held everything up.
pub(super) fn fork(facts: &RedisFacts) -> Option<Finding> {
    let ms = facts.persistence.fork_ms.filter(|ms| *ms > LONG_FORK_MS)?;
    Some(Finding::new(
        format!(
            "the last fork, for a snapshot or a log, took {}",
            format::time(ms)
        ),
        "no client is served meanwhile: disable transparent huge pages, take snapshots on a replica or at quiet \
         times, or shard the data over smaller servers",
    ))
}

/// Commands that held up all others.
pub(super) fn slow_commands(facts: &RedisFacts) -> Option<Finding> {
    let number = facts.slow_commands.filter(|number| *number >= MANY_SLOW)?;
    Some(Finding::new(
        format!("the slow log holds {}", counted(number, "command")),
        "each blocked all other commands while it ran: SLOWLOG GET 10 shows them; use SCAN instead of KEYS, \
         ranges instead of whole collections, and UNLINK instead of DEL",
    ))
}
