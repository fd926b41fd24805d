//! Which thread of some processes works most: one that has a processor to itself can do no more, however many are idle.

use std::collections::BTreeMap;
use std::fs;

/// What Linux counts processor time in for its users, in milliseconds.
const TICK_MS: u64 = 10;
const PERCENT: f64 = 100.0;

/// Processor time of every thread until the look before, in milliseconds, by process and thread.
#[derive(Debug, Default)]
pub(super) struct Threads {
    last: Option<BTreeMap<(u32, u32), u64>>,
}

impl Threads {
    /// How much of one processor the busiest thread used since the look before, `elapsed_ms` ago, in percent. `None` at
    /// the first look, and where the system does not tell.
    pub(super) fn look(
        &mut self,
        processes: impl Iterator<Item = u32>,
        elapsed_ms: f64,
    ) -> Option<f64> {
        self.busiest(processes.flat_map(times).collect(), elapsed_ms)
    }

    fn busiest(&mut self, now: BTreeMap<(u32, u32), u64>, elapsed_ms: f64) -> Option<f64> {
        let last = self.last.take();
        // A thread that was not there before has worked since.
        let since = |(thread, time): (&(u32, u32), &u64)| {
            let before = last.as_ref()?.get(thread).copied();
            Some(time.saturating_sub(before.unwrap_or(0)))
        };
        let most = now.iter().filter_map(since).max();
        self.last = Some(now);
        Some((PERCENT * most? as f64 / elapsed_ms).min(PERCENT))
    }
}

/// The threads of a process with their processor time.
fn times(pid: u32) -> Vec<((u32, u32), u64)> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let time = |task: fs::DirEntry| {
        let thread = task.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(task.path().join("stat")).ok()?;
        Some(((pid, thread), used(&stat)?))
    };
    tasks.flatten().filter_map(time).collect()
}

/// The processor time in a `stat` file, in milliseconds; the name before it may hold anything, parentheses included.
fn used(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system) = (fields.next()?, fields.next()?);
    Some(TICK_MS * (user.parse::<u64>().ok()? + system.parse::<u64>().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_thread_is_read_behind_any_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 7 5 0 0 20 0 3 0 100 1 2";
        assert_eq!(used(stat), Some(120));
        assert_eq!(used("42 (short) S 1"), None);
        assert_eq!(used(""), None);
    }

    #[test]
    fn the_busiest_thread_counts_alone() {
        let mut threads = Threads::default();
        let all = |times: &[(u32, u64)]| times.iter().map(|(id, ms)| ((1, *id), *ms)).collect();
        assert_eq!(
            threads.busiest(all(&[(1, 500), (2, 90_000)]), 1_000.0),
            None
        );
        let share = threads.busiest(all(&[(1, 1_490), (2, 90_100), (3, 300)]), 1_000.0);
        assert_eq!(share, Some(99.0));
        // Its number was given to a new one, which worked more than there was time by the clock's grain.
        let share = threads.busiest(all(&[(1, 1_490), (2, 90_100 + 1_010)]), 1_000.0);
        assert_eq!(share, Some(100.0));
        assert_eq!(threads.busiest(all(&[(1, 10)]), 1_000.0), Some(0.0));
        assert_eq!(threads.busiest(BTreeMap::new(), 1_000.0), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_that_works_shows() {
        let mut threads = Threads::default();
        let own = std::process::id();
        assert_eq!(threads.look(std::iter::once(own), 1.0), None);
        let before = total(own);
        let mut sum = 0_u64;
        while total(own) < before + 50 {
            sum = (0..1_000_000_u64).fold(sum, |sum, n| std::hint::black_box(sum ^ n));
        }
        let share = threads.look(std::iter::once(own), 100.0).expect("known");
        assert!(share > 0.0, "{share}");
    }

    #[cfg(target_os = "linux")]
    fn total(pid: u32) -> u64 {
        times(pid).iter().map(|(_, time)| time).sum()
    }
}
