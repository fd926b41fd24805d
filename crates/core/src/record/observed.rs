//! What was seen of the target from beside the load, during one run.
//!
//! A figure that a source did not tell is absent: nothing here stands for it, least of all a 0.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::requirement::Source;

/// The names of figures. Counters only rise, so that of a run they tell their difference; the others tell
/// of the moment they were looked at.
pub mod figure {
    /// Look-ups in the cache that found something; a counter.
    pub const CACHE_HITS: &str = "cache_hits";
    /// Look-ups in the cache that found nothing; a counter.
    pub const CACHE_MISSES: &str = "cache_misses";
    /// Share of all look-ups ever that found something, in percent.
    pub const CACHE_HIT_RATE: &str = "cache_hit_rate_percent";
    /// Keys thrown out for want of memory; a counter.
    pub const EVICTED: &str = "evicted_keys";
    /// Keys whose time was over; a counter.
    pub const EXPIRED: &str = "expired_keys";
    /// Memory that the cache uses, in bytes.
    pub const CACHE_MEMORY: &str = "used_memory_bytes";
    /// Memory that the cache may use, in bytes; Redis reports 0 for no limit.
    pub const CACHE_MEMORY_MAX: &str = "max_memory_bytes";
    /// From a ping to its answer, in milliseconds.
    pub const LATENCY: &str = "latency_ms";
    /// Queries that were counted, or transactions where only these are; a counter.
    pub const QUERIES: &str = "queries";
    /// Those of them that failed; a counter.
    pub const FAILED_QUERIES: &str = "failed_queries";
    /// Transactions that were rolled back, for whatever reason; a counter.
    pub const ROLLBACKS: &str = "rolled_back";
    /// Errors in the server's log, of any session on the database but the monitor's; a counter.
    pub const LOGGED_ERRORS: &str = "logged_errors";
    /// Queries that were cancelled on a standby because of what it replayed; a counter.
    pub const CONFLICTS: &str = "conflicts";
    /// Sessions that a fatal error or an operator ended; a counter.
    pub const ENDED_SESSIONS: &str = "ended_sessions";
    /// Queries that were timed; a counter.
    pub const TIMED_QUERIES: &str = "timed_queries";
    /// Their times, summed, in milliseconds; a counter.
    pub const QUERY_TIME: &str = "query_time_ms";
    /// Mean time of a query as reported by the source, in milliseconds.
    pub const QUERY_TIME_MEAN: &str = "query_time_mean_ms";
    /// 95th percentile of query times as reported by the source, in milliseconds.
    pub const QUERY_TIME_P95: &str = "query_time_p95_ms";
    /// Transactions that waited for each other, so that one was cancelled; a counter.
    pub const DEADLOCKS: &str = "deadlocks";
    /// Blocks found in the database's buffers; a counter.
    pub const BLOCKS_HIT: &str = "blocks_hit";
    /// Blocks that had to be read; a counter.
    pub const BLOCKS_READ: &str = "blocks_read";
    /// Connections to the database.
    pub const CONNECTIONS: &str = "connections";
    /// Connections that wait for a lock.
    pub const LOCK_WAITS: &str = "lock_waits";
    /// Use of the processors since the look before, in percent of all of them.
    pub const CPU: &str = "cpu_percent";
    /// The same in percent of what the processes may use: their processors, or less by a quota of their cgroup.
    pub const CPU_ALLOWED: &str = "cpu_of_allowed_percent";
    /// How many processors' worth the processes may use.
    pub const PROCESSORS_ALLOWED: &str = "allowed_processors";
    /// Use of one processor by the busiest thread since the look before, in percent.
    pub const CPU_THREAD: &str = "busiest_thread_percent";
    /// The load generator's own part of the machine's processors, in percent of all of them.
    pub const CPU_OWN: &str = "own_cpu_percent";
    /// Memory in use, in percent of the machine's.
    pub const MEMORY: &str = "memory_percent";
    /// Memory in use, in percent of what a limit of their cgroup leaves the processes.
    pub const MEMORY_ALLOWED: &str = "memory_of_allowed_percent";
    /// Memory in use, in bytes.
    pub const MEMORY_BYTES: &str = "memory_bytes";
    /// Load average over a minute.
    pub const LOAD: &str = "load_1m";
    /// Bytes received by all network interfaces; a counter.
    pub const RECEIVED: &str = "received_bytes";
    /// Bytes sent by all network interfaces; a counter.
    pub const SENT: &str = "sent_bytes";
    /// Open files, sockets included.
    pub const OPEN_FILES: &str = "open_files";
    /// Threads.
    pub const THREADS: &str = "threads";
    /// How many of its own endpoints the target listed.
    pub const ENDPOINTS: &str = "endpoints";
}

/// What all sources reported during one run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Observed {
    /// Whether the target runs on this machine; `None` when that could not be found out.
    pub local: Option<bool>,
    /// The target's process, when it is on this machine and was found.
    pub process: Option<TargetProcess>,
    /// Each source that was asked.
    pub sources: BTreeMap<Source, SourceSeries>,
    /// What the target reported about its own endpoints after the run.
    pub endpoints: Vec<EndpointFigures>,
    /// The database's statements of this run, those that took most time together first.
    pub statements: Vec<Statement>,
}

/// A process of the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetProcess {
    /// Its number.
    pub pid: u32,
    /// Its name, without arguments.
    pub name: String,
}

/// What one source reported.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceSeries {
    /// In the order of time: one before the run, some during it, one after.
    pub looks: Vec<Snapshot>,
    /// What was missing, garbled or gone.
    pub problems: Vec<String>,
    /// How often it was asked, whether or not it answered; 0 where this is not known.
    pub asked: u64,
    /// At how many looks that brought something else the page of a figure did not answer, by the figure's name.
    pub unanswered: BTreeMap<String, u64>,
}

/// One look at a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When, in milliseconds from the start of the run; negative before it.
    pub at_ms: i64,
    /// What it reported, by the names of [`figure`].
    pub figures: BTreeMap<String, f64>,
}

/// What the target says of one of its endpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndpointFigures {
    /// Its name there.
    pub name: String,
    /// Mean time, in milliseconds.
    pub mean_ms: Option<f64>,
    /// 95th percentile of the time, in milliseconds.
    pub p95_ms: Option<f64>,
    /// Requests behind these.
    pub requests: Option<f64>,
}

/// A database statement, during this run alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// What it is known by in other runs of the same database: a hash of its whole text. Empty in records that were
    /// written before it was kept, and for the rest of a list.
    #[serde(default)]
    pub id: String,
    /// Its text with placeholders for values, shortened.
    pub text: String,
    /// How often it was run.
    pub calls: u64,
    /// All its times together, in milliseconds.
    pub total_ms: f64,
    /// Standard deviation of its times, in milliseconds.
    pub deviation_ms: f64,
}

impl Statement {
    /// Whether both are the same statement; by what is shown of it where an older record has nothing else.
    pub fn is_same(&self, other: &Statement) -> bool {
        if self.id.is_empty() || other.id.is_empty() {
            self.text == other.text
        } else {
            self.id == other.id
        }
    }

    /// The mean time of a call, in milliseconds.
    pub fn mean_ms(&self) -> f64 {
        self.total_ms / self.calls.max(1) as f64
    }
}

impl Observed {
    /// What a source reported; `None` when it was not asked.
    pub fn seen(&self, source: Source) -> Option<&SourceSeries> {
        self.sources.get(&source)
    }
}

impl SourceSeries {
    /// The last value of a figure.
    pub fn last(&self, name: &str) -> Option<f64> {
        self.looks.iter().rev().find_map(|look| look.figure(name))
    }

    /// When a figure was reported first and last, in milliseconds from the start of the run.
    pub fn span(&self, name: &str) -> Option<(i64, i64)> {
        let mut told = self.looks.iter().filter(|look| look.figure(name).is_some());
        let first = told.next()?;
        Some((first.at_ms, told.next_back().unwrap_or(first).at_ms))
    }

    /// At how many of all looks the source, or the page of this figure, did not answer.
    pub fn missed(&self, name: &str) -> u64 {
        let silent = self.asked.saturating_sub(self.looks.len() as u64);
        silent.saturating_add(self.unanswered.get(name).copied().unwrap_or(0))
    }

    /// How much counters rose from each look to the next; looks without one of them are passed over.
    ///
    /// `None` when fewer than two looks have them, or when one of them fell: it was set back.
    pub fn rises<const N: usize>(&self, names: [&str; N]) -> Option<Vec<[f64; N]>> {
        let all = |look: &Snapshot| {
            let values: Option<Vec<f64>> = names.iter().map(|name| look.figure(name)).collect();
            <[f64; N]>::try_from(values?).ok()
        };
        let values: Vec<[f64; N]> = self.looks.iter().filter_map(all).collect();
        let rises: Vec<[f64; N]> = values
            .windows(2)
            .map(|pair| std::array::from_fn(|at| pair[1][at] - pair[0][at]))
            .collect();
        let fell = rises.iter().flatten().any(|rise| *rise < 0.0);
        (!rises.is_empty() && !fell).then_some(rises)
    }

    /// How much a counter rose over all; `None` as for [`SourceSeries::rises`].
    pub fn rise(&self, name: &str) -> Option<f64> {
        let rises = self.rises([name])?;
        Some(rises.iter().map(|rise| rise[0]).sum())
    }

    /// The values of a figure between two instants, in milliseconds from the start of the run, with theirs.
    pub fn between(&self, name: &str, from_ms: i64, to_ms: i64) -> Vec<(i64, f64)> {
        let value = |look: &Snapshot| Some((look.at_ms, look.figure(name)?));
        let values = self.looks.iter().filter_map(value);
        values
            .filter(|(at, _)| (from_ms..=to_ms).contains(at))
            .collect()
    }
}

impl Snapshot {
    /// A figure, if it was reported.
    pub fn figure(&self, name: &str) -> Option<f64> {
        self.figures.get(name).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(looks: &[&[(&str, f64)]]) -> SourceSeries {
        let look = |(at_ms, figures): (i64, &&[(&str, f64)])| Snapshot {
            at_ms,
            figures: figures
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect(),
        };
        SourceSeries {
            looks: (-1_000..).step_by(1_000).zip(looks).map(look).collect(),
            ..SourceSeries::default()
        }
    }

    #[test]
    fn looks_without_an_answer_are_counted_for_each_figure() {
        let mut seen = seen(&[&[("a", 5.0)], &[("b", 1.0)]]);
        assert_eq!(seen.missed("a"), 0);
        seen.asked = 5;
        seen.unanswered.insert("a".to_owned(), 1);
        assert_eq!((seen.missed("a"), seen.missed("b")), (4, 3));
    }

    #[test]
    fn counters_tell_their_differences() {
        let seen = seen(&[
            &[("a", 5.0), ("b", 1.0)],
            &[("a", 7.0)],
            &[("a", 8.0), ("b", 1.0)],
            &[("a", 9.0), ("b", 4.0)],
        ]);
        assert_eq!(seen.rises(["a", "b"]), Some(vec![[3.0, 0.0], [1.0, 3.0]]));
        assert_eq!(seen.rise("a"), Some(4.0));
        assert_eq!(seen.span("b"), Some((-1_000, 2_000)));
        assert_eq!(seen.last("b"), Some(4.0));
        assert_eq!(seen.between("a", 0, 1_000), [(0, 7.0), (1_000, 8.0)]);
    }

    #[test]
    fn what_was_set_back_or_seen_once_tells_nothing() {
        assert_eq!(seen(&[&[("a", 5.0)], &[("a", 3.0)]]).rise("a"), None);
        assert_eq!(seen(&[&[("a", 5.0)]]).rise("a"), None);
        assert_eq!(SourceSeries::default().rise("a"), None);
        assert_eq!(SourceSeries::default().span("a"), None);
    }
}
