//! What a requirement is judged on besides its run: answers of the health endpoint, and the watch for outages.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use once_cell::sync::OnceCell;

use crate::client::{HealthAnswer, check_health};
use crate::harness::run::target::SessionTarget;
use crate::judge::HealthSample;
use crate::monitor::UptimeWatcher;
use crate::profile::{Destination, HealthCheck, Profile, UptimeCheck};
use crate::record::{RunResult, Status, UptimeRecord};
use crate::requirement::{Metric, Requirement};

/// The requests that are sent beside the load.
pub(in crate::harness) struct Probes {
    profile: Arc<Profile>,
    target: Arc<SessionTarget>,
    watcher: OnceCell<UptimeWatcher>,
    interrupted: Arc<AtomicBool>,
    /// Whether other processes have a part of the session, and of its watch.
    is_shared: bool,
}

impl Probes {
    pub(in crate::harness) fn new(
        profile: &Arc<Profile>,
        target: &Arc<SessionTarget>,
        interrupted: Arc<AtomicBool>,
        is_shared: bool,
    ) -> Probes {
        Probes {
            profile: Arc::clone(profile),
            target: Arc::clone(target),
            watcher: OnceCell::new(),
            interrupted,
            is_shared,
        }
    }

    /// Starts the watch for outages, if the profile has one and it is not on yet.
    pub(in crate::harness) fn watch(&self, destination: &Destination) {
        if let (Some(check), None) = (&self.profile.uptime, self.watcher.get()) {
            // Without a watch there are no probes, and the requirement on them is inconclusive.
            if let Ok(watcher) = UptimeWatcher::start(check.clone(), destination) {
                let _ = self.watcher.set(watcher);
            }
        }
    }

    /// What the watch of this process has seen so far; `None` when it is not on.
    pub(in crate::harness) fn seen(&self) -> Option<UptimeRecord> {
        self.watcher.get().map(UptimeWatcher::seen)
    }

    /// Everything the watch saw in this session; it is given its least time when no load was run.
    pub(in crate::harness) fn uptime(
        &self,
        requirement: &Requirement,
        runs: &[RunResult],
    ) -> Option<UptimeRecord> {
        let check = self.profile.uptime.as_ref();
        let check = check.filter(|_| has_metric(requirement, Metric::Outages))?;
        self.watch(&self.target.destination().ok()?);
        let seen = self.seen_long_enough(check)?;
        // Under nextest the watch of this process has seen but a part of the session; and a load may have found nothing
        // that answers while the probes came through.
        let mut all = UptimeRecord::default();
        for run in runs {
            if self.is_shared {
                all.merge(&run.watch);
            } else if run.status == Status::Failed {
                all.outages.extend(run.watch.outages.iter().cloned());
            }
        }
        all.merge(&seen);
        // A search continues until the target gives way, and judges itself how it did.
        let searches: Vec<_> = runs.iter().filter_map(RunResult::searched).collect();
        Some(all.without(&searches))
    }

    /// What the watch has seen, once it was on for its least time.
    fn seen_long_enough(&self, check: &UptimeCheck) -> Option<UptimeRecord> {
        let watcher = self.watcher.get()?;
        let enough = |seen: &UptimeRecord| watcher.lasted() >= check.alone && seen.probes > 0;
        let mut seen = watcher.seen();
        // The least time can be cut short: an outage that was seen stays one.
        while !enough(&seen) && seen.outages.is_empty() && !self.interrupted.load(Ordering::Relaxed)
        {
            std::thread::sleep(Duration::from_millis(20));
            seen = watcher.seen();
        }
        Some(seen)
    }

    /// Answers of the health endpoint, for a requirement on them.
    pub(in crate::harness) fn health(&self, requirement: &Requirement) -> Vec<HealthSample> {
        let check = self.profile.health.as_ref();
        let Some(check) = check.filter(|_| has_metric(requirement, Metric::HealthTime)) else {
            return Vec::new();
        };
        let destination = match self.target.destination() {
            Ok(destination) => destination,
            Err(problem) => return vec![unhealthy(problem.what)],
        };
        self.watch(&destination);
        ask_health(check, &destination).unwrap_or_else(|error| vec![unhealthy(error)])
    }
}

fn has_metric(requirement: &Requirement, metric: Metric) -> bool {
    let mut checks = requirement.checks.iter();
    checks.any(|check| check.metric == metric)
}

fn ask_health(check: &HealthCheck, destination: &Destination) -> Result<Vec<HealthSample>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let answers = runtime.block_on(check_health(check, destination));
    let answers = answers.map_err(|error| error.to_string())?;
    let sample = |answer: HealthAnswer| HealthSample {
        took: answer.took,
        complaint: answer.healthy.err(),
    };
    Ok(answers.into_iter().map(sample).collect())
}

fn unhealthy(complaint: String) -> HealthSample {
    HealthSample {
        took: Duration::ZERO,
        complaint: Some(complaint),
    }
}
