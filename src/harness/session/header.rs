//! What a report says of its session, and the report itself.

use std::time::{Instant, SystemTime};

use crate::judge::intervals;
use crate::load::millis;
use crate::monitor::machine;
use crate::profile::Profile;
use crate::record::{Machine, RunResult};
use crate::report::{Report, RunReport};
use crate::requirement::Judgement;

/// When, where and how the session was run.
pub(in crate::harness) struct SessionHeader {
    target: String,
    strict: bool,
    repeat: String,
    machine: Machine,
    started: SystemTime,
    clock: Instant,
}

impl SessionHeader {
    /// Of a session that begins now, on this machine. `repeat` is the command line that makes it again.
    pub(in crate::harness) fn now(target: String, strict: bool, repeat: String) -> SessionHeader {
        SessionHeader {
            target,
            strict,
            repeat,
            machine: machine(),
            started: SystemTime::now(),
            clock: Instant::now(),
        }
    }

    /// Whether missed targets fail.
    pub(in crate::harness) fn strict(&self) -> bool {
        self.strict
    }

    /// The report on judgements and runs; runs get the profile's order.
    pub(in crate::harness) fn report(
        &self,
        profile: &Profile,
        judgements: Vec<Judgement>,
        mut runs: Vec<RunResult>,
    ) -> Report {
        let plans = profile.plans.iter();
        runs.sort_by_key(|run| plans.clone().position(|plan| plan.scenario == run.scenario));
        let with_intervals = |run: RunResult| RunReport {
            intervals: intervals(&run, profile.confidence),
            run,
        };
        Report {
            target: self.target.clone(),
            profile: profile.name.clone(),
            started: millis(self.started),
            took: u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX),
            confidence: profile.confidence,
            strict: self.strict,
            machine: Some(self.machine.clone()),
            repeat: self.repeat.clone(),
            judgements,
            runs: runs.into_iter().map(with_intervals).collect(),
        }
    }
}
