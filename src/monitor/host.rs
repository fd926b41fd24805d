//! The machine, and the target's process when it is on it.

use std::time::Instant;

use sysinfo::{Networks, Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::SourceEntry;
use super::collectors::{EvidenceSources, Gathered};
use super::locate::{Located, locate};
use super::polling::{CollectedReading, Collector, ReadFigures, Rounds, enter, follow};
use super::process::{ProcessTree, SHORTEST};
use crate::record::figure;
use crate::requirement::Source;

pub(super) const ENTRY: SourceEntry = SourceEntry {
    gather: |watched, rounds| Box::pin(gather(watched, rounds)),
};

/// The target's process, where it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetPid(pub u32);

async fn gather(watched: &EvidenceSources, rounds: Rounds) -> Gathered {
    let origin = &watched.destination.origin;
    let mut looker = HostLooker::new(Listening {
        host: origin.host_str().unwrap_or_default().to_owned(),
        port: origin.port_or_known_default().unwrap_or_default(),
        pid: watched.given.get::<TargetPid>().map(|pid| pid.0),
    });
    let mut gathered = Gathered::of(follow(&mut looker, rounds).await);
    if let Some(located) = &looker.located {
        gathered.observed.local = located.local;
        gathered.observed.process = located.process();
    }
    gathered
}

/// Looks at this machine, on threads where it may block.
struct HostLooker {
    /// Away while a look is under way.
    machine: Option<Box<HostReading>>,
    /// Where the target was found, once it was looked for.
    located: Option<Located>,
}

/// Where the target listens, and which process it is if that is known.
#[derive(Debug, Clone)]
pub(super) struct Listening {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) pid: Option<u32>,
}

impl HostLooker {
    fn new(target: Listening) -> HostLooker {
        HostLooker {
            machine: Some(Box::new(HostReading::new(target))),
            located: None,
        }
    }
}

impl Collector for HostLooker {
    const SOURCE: Source = Source::Host;

    async fn look(&mut self) -> Result<CollectedReading, String> {
        let Some(mut machine) = self.machine.take() else {
            return Err("an earlier look has not come to an end".to_owned());
        };
        let looked = tokio::task::spawn_blocking(move || {
            let glimpse = machine.look(Instant::now());
            (machine, glimpse)
        });
        let (machine, glimpse) = looked.await.map_err(|error| error.to_string())?;
        self.located.clone_from(&machine.located);
        self.machine = Some(machine);
        Ok(glimpse)
    }
}

struct HostReading {
    system: System,
    networks: Networks,
    target: Listening,
    located: Option<Located>,
    tree: Option<ProcessTree>,
    own: Option<Pid>,
    /// The look before, and the processor time of this process until then, in milliseconds.
    last: Option<(Instant, u64)>,
}

impl HostReading {
    fn new(target: Listening) -> HostReading {
        HostReading {
            system: System::new(),
            networks: Networks::new(),
            target,
            located: None,
            tree: None,
            own: sysinfo::get_current_pid().ok(),
            last: None,
        }
    }

    fn look(&mut self, now: Instant) -> CollectedReading {
        let mut glimpse = CollectedReading::default();
        self.networks.refresh(true);
        if self.located.is_none() {
            let located = locate(&self.target, &self.networks);
            let told = located.problem.clone();
            glimpse
                .problems
                .extend(told.map(|what| (Source::Process, what)));
            self.tree = located.pid.map(ProcessTree::new);
            self.located = Some(located);
        }
        let is_long = |(before, _): (Instant, u64)| now.duration_since(before) >= SHORTEST;
        let is_figure = self.last.is_none_or(is_long);
        if is_figure {
            self.system.refresh_cpu_usage();
        }
        self.system.refresh_memory();
        let which = ProcessRefreshKind::nothing().with_cpu().with_memory();
        // The target's children can be any processes, so all are read where it is here.
        let own = self.own.as_slice();
        let wanted = if self.tree.is_some() {
            ProcessesToUpdate::All
        } else {
            ProcessesToUpdate::Some(own)
        };
        self.system.refresh_processes_specifics(wanted, true, which);
        let mut figures = self.figures();
        if is_figure {
            self.processors(now, &mut figures);
        }
        glimpse.figures.push((Source::Host, figures));
        if let Some(tree) = &mut self.tree {
            match tree.look(&self.system, now) {
                Ok(figures) => glimpse.figures.push((Source::Process, figures)),
                Err(what) => glimpse.problems.push((Source::Process, what)),
            }
        }
        glimpse
    }

    /// Use of processors, a difference: the first reading gives none.
    fn processors(&mut self, now: Instant, figures: &mut ReadFigures) {
        let own = self.own.and_then(|pid| self.system.process(pid));
        let used = own.map_or(0, sysinfo::Process::accumulated_cpu_time);
        if let Some((before, used_before)) = self.last.replace((now, used)) {
            let processors = self.system.cpus().len().max(1) as f64;
            let elapsed = now.duration_since(before).as_secs_f64() * 1e3;
            let share = 100.0 * used.saturating_sub(used_before) as f64 / elapsed / processors;
            let cpu = f64::from(self.system.global_cpu_usage());
            enter(figures, figure::CPU, Some(cpu));
            enter(figures, figure::CPU_OWN, Some(share));
        }
    }

    fn figures(&self) -> ReadFigures {
        let mut figures = ReadFigures::new();
        let (used, all) = (self.system.used_memory(), self.system.total_memory());
        if all > 0 {
            let share = 100.0 * used as f64 / all as f64;
            enter(&mut figures, figure::MEMORY, Some(share));
            enter(&mut figures, figure::MEMORY_BYTES, Some(used as f64));
        }
        enter(&mut figures, figure::LOAD, Some(System::load_average().one));
        let sum = |bytes: fn(&sysinfo::NetworkData) -> u64| -> f64 {
            self.networks.values().map(bytes).sum::<u64>() as f64
        };
        let received = sum(sysinfo::NetworkData::total_received);
        let sent = sum(sysinfo::NetworkData::total_transmitted);
        enter(&mut figures, figure::RECEIVED, Some(received));
        enter(&mut figures, figure::SENT, Some(sent));
        figures
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_look_right_after_another_tells_no_use_of_processors() {
        let nowhere = Listening {
            host: "192.0.2.1".to_owned(),
            port: 9,
            pid: None,
        };
        let mut machine = HostReading::new(nowhere);
        let start = Instant::now();
        let mut cpu = |at_ms| {
            let glimpse = machine.look(start + Duration::from_millis(at_ms));
            let (_, figures) = glimpse.figures.first().expect("the machine");
            figures.contains_key(figure::CPU) && figures.contains_key(figure::CPU_OWN)
        };
        assert_eq!(
            [cpu(0), cpu(1_000), cpu(1_100), cpu(1_700)],
            [false, true, false, true]
        );
    }
}
