//! What a requirement is judged on besides its run: answers of the health endpoint, and the watch.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::client::check_health;
use crate::harness::session::state::Session;
use crate::judge::HealthSample;
use crate::monitor::UptimeWatcher;
use crate::profile::Destination;
use crate::record::{RunResult, Status, UptimeRecord};
use crate::requirement::{Metric, Requirement};

impl Session {
    pub(in crate::harness) fn watch(&self, destination: &Destination) {
        if let (Some(check), None) = (&self.profile.uptime, self.watcher.get()) {
            // Without a watch there are no probes, and the requirement on them is inconclusive.
            if let Ok(watcher) = UptimeWatcher::start(check.clone(), destination) {
                let _ = self.watcher.set(watcher);
            }
        }
    }

    /// Everything the watch saw in this session; it is given its least time when no load was run.
    pub(in crate::harness) fn watch_for(
        &self,
        requirement: &Requirement,
        runs: &[RunResult],
    ) -> Option<UptimeRecord> {
        let wanted = requirement
            .checks
            .iter()
            .any(|check| check.metric == Metric::Outages);
        let check = self.profile.uptime.as_ref().filter(|_| wanted)?;
        match self.destination() {
            Ok(destination) => self.watch(&destination),
            Err(_) => return None,
        }
        let watcher = self.watcher.get()?;
        let searches: Vec<_> = runs.iter().filter_map(RunResult::searched).collect();
        let mut seen = watcher.seen();
        let enough = |seen: &UptimeRecord| watcher.lasted() >= check.alone && seen.probes > 0;
        // The least time can be cut short: an outage that was seen stays one.
        while !enough(&seen) && seen.outages.is_empty() && !self.interrupted.load(Ordering::Relaxed)
        {
            std::thread::sleep(Duration::from_millis(20));
            seen = watcher.seen();
        }
        // Under nextest the watch of this process has seen but a part of the session; and a load may have found nothing
        // that answers while the probes came through.
        let mut all = UptimeRecord::default();
        for run in runs {
            if self.disk.is_some() {
                all.merge(&run.watch);
            } else if run.status == Status::Failed {
                all.outages.extend(run.watch.outages.iter().cloned());
            }
        }
        all.merge(&seen);
        // A search continues until the target gives way, and judges itself how it did.
        Some(all.without(&searches))
    }

    pub(in crate::harness) fn health_for(&self, requirement: &Requirement) -> Vec<HealthSample> {
        let wanted = requirement
            .checks
            .iter()
            .any(|check| check.metric == Metric::HealthTime);
        let Some(check) = self.profile.health.as_ref().filter(|_| wanted) else {
            return Vec::new();
        };
        let destination = match self.destination() {
            Ok(destination) => destination,
            Err(problem) => return vec![unwell(problem.what)],
        };
        self.watch(&destination);
        let ask = || -> Result<Vec<HealthSample>, String> {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.map_err(|error| error.to_string())?;
            let answers = runtime.block_on(check_health(check, &destination));
            let answers = answers.map_err(|error| error.to_string())?;
            let sample = |answer: crate::client::HealthAnswer| HealthSample {
                took: answer.took,
                complaint: answer.healthy.err(),
            };
            Ok(answers.into_iter().map(sample).collect())
        };
        ask().unwrap_or_else(|error| vec![unwell(error)])
    }
}

fn unwell(complaint: String) -> HealthSample {
    HealthSample {
        took: Duration::ZERO,
        complaint: Some(complaint),
    }
}
