//! Processor time that this process has used.

use std::time::Duration;

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Reads the processor time of this process, all threads together.
pub struct ProcessorClock {
    system: System,
    pid: Option<Pid>,
}

impl Default for ProcessorClock {
    fn default() -> Self {
        ProcessorClock {
            system: System::new(),
            pid: sysinfo::get_current_pid().ok(),
        }
    }
}

impl ProcessorClock {
    /// Processor time used since the process began; zero where the system does not tell.
    pub fn used(&mut self) -> Duration {
        let Some(pid) = self.pid else {
            return Duration::ZERO;
        };
        let what = ProcessRefreshKind::nothing().with_cpu();
        self.system
            .refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, what);
        let used = self
            .system
            .process(pid)
            .map_or(0, sysinfo::Process::accumulated_cpu_time);
        Duration::from_millis(used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_shows_on_the_clock() {
        let mut clock = ProcessorClock::default();
        let before = clock.used();
        let mut sum = 0u64;
        while clock.used() < before + Duration::from_millis(30) {
            sum = (0..1_000_000u64).fold(sum, |sum, n| std::hint::black_box(sum ^ n));
        }
        assert!(clock.used() > before);
    }
}
