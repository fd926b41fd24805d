//! A process with all that it started.

use std::collections::BTreeMap;
use std::time::Instant;

use sysinfo::{Pid, Process, System};

use super::rounds::{Figures, enter};
use crate::record::figure;

/// The target's process and its descendants: workers of a server that forks are its own.
pub(super) struct ProcessTree {
    root: Pid,
    /// Processor time of each until the look before, in milliseconds.
    last: Option<(Instant, BTreeMap<Pid, u64>)>,
}

impl ProcessTree {
    pub(super) fn new(root: u32) -> ProcessTree {
        ProcessTree {
            root: Pid::from_u32(root),
            last: None,
        }
    }

    /// What the processes use, of a system whose processes were refreshed just now.
    pub(super) fn look(&mut self, system: &System) -> Result<Figures, String> {
        let members = self.members(system);
        if members.is_empty() {
            self.last = None;
            return Err(format!("there is no process {}", self.root));
        }
        let mut figures = Figures::new();
        let now = Instant::now();
        let used: BTreeMap<Pid, u64> = members
            .iter()
            .map(|process| (process.pid(), process.accumulated_cpu_time()))
            .collect();
        if let Some((before, last)) = self.last.take() {
            let since = |(pid, time): (&Pid, &u64)| {
                time.saturating_sub(last.get(pid).copied().unwrap_or(0))
            };
            let worked: u64 = used.iter().map(since).sum();
            let elapsed = now.duration_since(before).as_secs_f64() * 1e3;
            let processors = system.cpus().len().max(1) as f64;
            let share = 100.0 * worked as f64 / elapsed / processors;
            enter(&mut figures, figure::CPU, Some(share));
        }
        self.last = Some((now, used));
        let memory: u64 = members.iter().map(|process| process.memory()).sum();
        enter(&mut figures, figure::MEMORY_BYTES, Some(memory as f64));
        if system.total_memory() > 0 {
            let share = 100.0 * memory as f64 / system.total_memory() as f64;
            enter(&mut figures, figure::MEMORY, Some(share));
        }
        let pids = || members.iter().map(|process| process.pid().as_u32());
        enter(
            &mut figures,
            figure::OPEN_FILES,
            sum(pids().map(open_files)),
        );
        enter(&mut figures, figure::THREADS, sum(pids().map(threads)));
        Ok(figures)
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
        let first = tree.look(&system()).expect("it is there");
        assert!(first[figure::MEMORY_BYTES] > 0.0 && !first.contains_key(figure::CPU));
        let second = tree.look(&system()).expect("it is there");
        assert!(second[figure::CPU] >= 0.0);
    }

    #[test]
    fn a_process_that_is_gone_is_told() {
        let mut tree = ProcessTree::new(u32::MAX - 1);
        assert!(tree.look(&system()).unwrap_err().contains("no process"));
    }
}
