//! The coordinator's looks at a run that is on: to show it, to settle it, to extend it.

use std::time::Duration;

use super::run::{Coordinator, LOOK_AHEAD, Observer};
use super::schedule::nanos;
use super::settle::Settling;
use super::worker::{ask, recent, rules, wake};
use crate::record::{Status, Tally};

/// Asked so often at once: a single request on its way may keep a verdict open that is settled without it.
const LOOKS: u32 = 2;
/// How long a worker may take to tell what is only shown.
const SHOW_PATIENCE: Duration = Duration::from_millis(200);
/// The run may be extended in this many steps.
const EXTENSIONS: u32 = 3;

impl Coordinator<'_> {
    /// Shows the run so far to somebody who watches.
    pub(super) fn show(&mut self, elapsed: Duration, observer: &mut dyn Observer) {
        if !self.live.is_due(elapsed) || !observer.is_watched() {
            return;
        }
        let left = self.end.get().saturating_sub(nanos(elapsed));
        if left < nanos(2 * SHOW_PATIENCE) {
            // The look at the end is not to wait for one that only shows.
            return;
        }
        let from = self.live.changes_from(elapsed, self.plan.longest_timeout());
        let mut tally = Tally::new(rules(self.plan));
        for worker in &self.workers {
            let Some(part) = recent(worker, from, SHOW_PATIENCE) else {
                return;
            };
            tally.merge(&part);
        }
        self.live.complete(from, &mut tally);
        let end = nanos(elapsed).min(self.end.get());
        let mut so_far = self.result(&tally, end, Status::Complete);
        so_far.window.planned = None;
        so_far.generator.workers = self.workers.len() as u32;
        observer.watch(so_far);
    }

    /// Moves the end to before the one that is waited for, when every verdict is settled by then.
    ///
    /// What comes due between the look and that end counts against a pass like what is on its way, so that
    /// nothing that ends later can open a verdict again.
    pub(super) fn settle(&mut self, elapsed: u64, observer: &mut dyn Observer) {
        let end = self.end.get();
        let Some(candidate) = self
            .settling
            .as_mut()
            .and_then(|s| s.candidate(elapsed, end))
        else {
            return;
        };
        let Some((tally, mut open)) = self.counters(Duration::from_nanos(candidate - elapsed))
        else {
            return;
        };
        if let Some(settling) = &mut self.settling {
            settling.add_due(elapsed, candidate, &mut open);
        }
        let so_far = self.result(&tally, candidate, Status::Complete);
        let settled = observer.is_settled(&so_far, &open);
        if nanos(self.start.elapsed()) >= candidate {
            // By now more is due than was counted.
            self.settling.iter_mut().for_each(Settling::was_late);
        } else if settled {
            self.settled = true;
            self.end.set(candidate);
            self.workers.iter().for_each(wake);
        }
    }

    /// Moves the end on when the plan allows it and a verdict is still open.
    pub(super) fn look(&mut self, observer: &mut dyn Observer) {
        let latest = nanos(self.plan.phases.planned_end() + self.plan.phases.extend);
        let end = self.end.get();
        if end >= latest {
            return;
        }
        if !(0..LOOKS).any(|_| self.is_settled(observer)) {
            let step = nanos(self.plan.phases.extend).div_ceil(u64::from(EXTENSIONS));
            self.end.set((end + step).min(latest));
            self.extensions += 1;
        }
    }

    /// Whether every verdict is settled on what has ended by now.
    fn is_settled(&self, observer: &mut dyn Observer) -> bool {
        self.counters(LOOK_AHEAD / LOOKS)
            .is_some_and(|(tally, open)| {
                let so_far = self.result(&tally, self.end.get(), Status::Complete);
                observer.is_settled(&so_far, &open)
            })
    }

    /// What all workers have counted so far, and what is open at each endpoint; `None` when one of them is too
    /// busy to tell: what it saw may be what matters.
    fn counters(&self, patience: Duration) -> Option<(Tally, Vec<u64>)> {
        let mut tally = Tally::new(rules(self.plan));
        let mut open = vec![0; self.plan.endpoints.len()];
        for worker in &self.workers {
            let look = ask(worker, patience)?;
            tally.merge(&look.tally);
            open.iter_mut()
                .zip(&look.open)
                .for_each(|(all, part)| *all += part);
        }
        Some((tally, open))
    }
}
