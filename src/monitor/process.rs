//! A process with all that it started.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use sysinfo::{Pid, Process, System};

use super::allowance::Allowance;
use super::polling::{ReadFigures, enter};
use super::threads::Threads;
use crate::record::figure;

/// What is used within less time than this is not a figure: the last look may come right after the one before, and a
/// tenth of a second would show as a peak that nothing else knows of.
pub(super) const SHORTEST: Duration = Duration::from_millis(500);

/// The target's process and its descendants: workers of a server that forks are its own.
pub(super) struct ProcessTree {
    root: Pid,
    /// Processor time of each until the look before, in milliseconds.
    last: Option<(Instant, BTreeMap<Pid, u64>)>,
    threads: Threads,
}

impl ProcessTree {
    pub(super) fn new(root: u32) -> ProcessTree {
        ProcessTree {
            root: Pid::from_u32(root),
            last: None,
            threads: Threads::default(),
        }
    }

    /// What the processes use, of a system whose processes were refreshed `now`.
    pub(super) fn look(&mut self, system: &System, now: Instant) -> Result<ReadFigures, String> {
        let members = self.members(system);
        if members.is_empty() {
            self.last = None;
            self.threads = Threads::default();
            return Err(format!("there is no process {}", self.root));
        }
        let mut figures = ReadFigures::new();
        let pids = || members.iter().map(|process| process.pid().as_u32());
        let (root, others): (Vec<u32>, Vec<u32>) =
            pids().partition(|pid| *pid == self.root.as_u32());
        let allowed = Allowance::of(&[root, others].concat(), Path::new("/"));
        let is_long = |(before, _): &(Instant, _)| now.duration_since(*before) >= SHORTEST;
        if self.last.as_ref().is_none_or(is_long) {
            self.processors(&members, system, (now, allowed.processors), &mut figures);
        }
        let memory: u64 = members.iter().map(|process| process.memory()).sum();
        enter(&mut figures, figure::MEMORY_BYTES, Some(memory as f64));
        let of = |most: f64| (most > 0.0).then(|| 100.0 * memory as f64 / most);
        let all = system.total_memory() as f64;
        enter(&mut figures, figure::MEMORY, of(all));
        let most = allowed.memory.filter(|most| *most < all);
        enter(&mut figures, figure::MEMORY_ALLOWED, most.and_then(of));
        enter(
            &mut figures,
            figure::OPEN_FILES,
            sum(pids().map(open_files)),
        );
        enter(&mut figures, figure::THREADS, sum(pids().map(threads)));
        Ok(figures)
    }

    /// Use of processors since the look before, when there was one.
    fn processors(
        &mut self,
        members: &[&Process],
        system: &System,
        (now, allowed): (Instant, Option<f64>),
        figures: &mut ReadFigures,
    ) {
        let used: BTreeMap<Pid, u64> = members
            .iter()
            .map(|process| (process.pid(), process.accumulated_cpu_time()))
            .collect();
        let before = self.last.as_ref().map_or(now, |(before, _)| *before);
        let elapsed = now.duration_since(before).as_secs_f64() * 1e3;
        let pids = members.iter().map(|process| process.pid().as_u32());
        let busiest = self.threads.look(pids, elapsed);
        if let Some((_, last)) = self.last.replace((now, used.clone())) {
            let since = |(pid, time): (&Pid, &u64)| {
                time.saturating_sub(last.get(pid).copied().unwrap_or(0))
            };
            let worked: u64 = used.iter().map(since).sum();
            let share = 100.0 * worked as f64 / elapsed;
            let processors = system.cpus().len().max(1) as f64;
            enter(figures, figure::CPU, Some(share / processors));
            let allowed = allowed.map_or(processors, |allowed| allowed.min(processors));
            enter(figures, figure::CPU_ALLOWED, Some(share / allowed));
            enter(figures, figure::PROCESSORS_ALLOWED, Some(allowed));
            enter(figures, figure::CPU_THREAD, busiest);
        }
    }

    fn members<'a>(&self, system: &'a System) -> Vec<&'a Process> {
        let is_member = |process: &Process| {
            let mut at = Some(process.pid());
            // A chain of parents that is longer than all processes together would be a ring.
            for _ in 0..=system.processes().len() {
                match at {
                    Some(pid) if pid == self.root => return true,
                    Some(pid) => at = system.process(pid).and_then(Process::parent),
                    None => return false,
                }
            }
            false
        };
        let all = system.processes().values();
        // Threads are listed beside processes on some systems.
        let whole = all.filter(|process| process.thread_kind().is_none());
        whole.filter(|process| is_member(process)).collect()
    }
}

/// The sum, unless one is not known.
fn sum(numbers: impl Iterator<Item = Option<usize>>) -> Option<f64> {
    numbers.sum::<Option<usize>>().map(|sum| sum as f64)
}

#[cfg(target_os = "linux")]
fn open_files(pid: u32) -> Option<usize> {
    Some(std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count())
}

#[cfg(target_os = "linux")]
fn threads(pid: u32) -> Option<usize> {
    Some(std::fs::read_dir(format!("/proc/{pid}/task")).ok()?.count())
}

#[cfg(not(target_os = "linux"))]
fn open_files(_pid: u32) -> Option<usize> {
    None
}

#[cfg(not(target_os = "linux"))]
fn threads(_pid: u32) -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate};

    fn system() -> System {
        let mut system = System::new();
        system.refresh_memory();
        system.refresh_cpu_usage();
        let which = ProcessRefreshKind::nothing().with_cpu().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, which);
        system
    }

    #[test]
    fn this_process_uses_something() {
        let mut tree = ProcessTree::new(std::process::id());
        let start = Instant::now();
        let mut look = |at_ms| {
            let now = start + Duration::from_millis(at_ms);
            tree.look(&system(), now).expect("it is there")
        };
        let first = look(0);
        assert!(first[figure::MEMORY_BYTES] > 0.0 && !first.contains_key(figure::CPU));
        let second = look(1_000);
        assert!(second[figure::CPU] >= 0.0);
        assert!(second[figure::CPU_ALLOWED] >= second[figure::CPU]);
        assert!(second[figure::PROCESSORS_ALLOWED] > 0.0);
    }

    /// The last look of a run comes whenever the run ends.
    #[test]
    fn a_look_right_after_another_is_not_a_figure() {
        let mut tree = ProcessTree::new(std::process::id());
        let start = Instant::now();
        let system = system();
        let mut cpu = |at_ms| {
            let now = start + Duration::from_millis(at_ms);
            let figures = tree.look(&system, now).expect("it is there");
            figures.contains_key(figure::CPU) || figures.contains_key(figure::CPU_THREAD)
        };
        assert_eq!(
            [cpu(0), cpu(1_000), cpu(1_100), cpu(1_499)],
            [false, true, false, false]
        );
        // What was passed over is in the next one.
        assert_eq!([cpu(1_500), cpu(1_600)], [true, false]);
    }

    #[test]
    fn a_process_that_is_gone_is_told() {
        let mut tree = ProcessTree::new(u32::MAX - 1);
        assert!(
            tree.look(&system(), Instant::now())
                .unwrap_err()
                .contains("no process")
        );
    }
}
