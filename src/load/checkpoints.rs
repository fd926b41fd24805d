//! The looks at a run that is on: to settle it, to extend it, to end an extension that is needed no longer.

use std::time::Duration;

use super::early_stop::Settling;
use super::observer::Observer;
use super::run::{LOOK_AHEAD, TICK};
use super::schedule::nanos;
use crate::plan::Plan;
use crate::record::{RunResult, Tally, USUAL_EXTENSIONS};

/// Asked so often at once: a single request on its way may keep a verdict open that is settled without it.
const LOOKS: u32 = 2;
/// From the look that ends an extension to its end: every worker must know in time.
const NOTICE: Duration = Duration::from_millis(10);

/// A run that is on, as its looks see it. Times are in nanoseconds from its start.
pub(super) trait Underway {
    /// What time it is.
    fn now(&self) -> u64;

    /// When it is over, as it stands.
    fn end(&self) -> u64;

    /// Whether the end may still be moved on.
    fn is_open(&self) -> bool;

    /// Moves the end on; false when the workers could not wait for that any longer.
    fn extend_to(&mut self, end: u64) -> bool;

    /// The end stays where it is, unless it is moved to before.
    fn fix(&mut self);

    /// Moves the end to before the one that is waited for.
    fn end_at(&mut self, end: u64);

    /// What was counted so far; `None` when it is not known within `patience`: what is missing may be what matters.
    fn counters(&mut self, planned: u64, patience: Duration) -> Option<Counters>;

    /// The record of the run, if it ended at `end`.
    fn result(&self, tally: &Tally, end: u64, looks: &Looks<'_>) -> RunResult;
}

/// What was counted so far.
#[derive(Debug)]
pub(super) struct Counters {
    pub(super) tally: Tally,
    /// Requests due that have not ended, for each endpoint.
    pub(super) open: Vec<u64>,
    /// Those of them that were due before the planned end.
    pub(super) open_planned: u64,
}

/// What has become of a run's end, and when it is looked at next.
pub(super) struct Looks<'a> {
    plan: &'a Plan,
    planned: u64,
    pub(super) extensions: u32,
    /// Whether an extension was decided on when it was too late for it.
    pub(super) was_too_late: bool,
    /// Whether all that was due before the planned end has ended.
    pub(super) has_planned_part: bool,
    /// The looks before and between the ends; none for a plan that always runs to its end.
    settling: Option<Settling>,
    /// Whether the run ends because all is settled: its end is the last one.
    settled: bool,
    looked_at: Option<u64>,
    /// When an extended run is asked next whether its planned part is complete.
    ask_planned_at: u64,
}

impl<'a> Looks<'a> {
    pub(super) fn new(plan: &'a Plan) -> Looks<'a> {
        let planned = nanos(plan.phases.planned_end());
        Looks {
            plan,
            planned,
            extensions: 0,
            was_too_late: false,
            has_planned_part: false,
            settling: Settling::new(plan),
            settled: false,
            looked_at: None,
            ask_planned_at: planned,
        }
    }

    /// Where the run was extended from, when all that was due before has ended.
    pub(super) fn extended_from(&self) -> Option<u64> {
        (self.extensions > 0 && self.has_planned_part).then_some(self.planned)
    }

    /// Until the next look at anything, at most `longest`.
    pub(super) fn pause(&self, now: u64, longest: Duration) -> Duration {
        let settling = self.settling.as_ref().filter(|_| !self.settled);
        settling.map_or(longest, |settling| settling.pause(now, longest))
    }

    /// Takes the checkpoints that are due.
    pub(super) fn attend(&mut self, run: &mut dyn Underway, observer: &mut dyn Observer) {
        let (now, end) = (run.now(), run.end());
        if self.settled || (now >= end && !run.is_open()) {
            return;
        }
        let is_close = now + nanos(LOOK_AHEAD + TICK) >= end;
        if is_close && self.looked_at != Some(end) {
            self.looked_at = Some(end);
            self.look(run, observer);
        } else if self.extensions > 0 && !self.has_planned_part && now >= self.ask_planned_at {
            self.look_at_planned_part(run, observer);
        } else if !is_close {
            self.settle(run, observer);
        }
    }

    /// Moves the end on when the plan allows it and a verdict is still open; otherwise it is final.
    fn look(&mut self, run: &mut dyn Underway, observer: &mut dyn Observer) {
        match self.extension(run, observer) {
            Some(end) if run.extend_to(end) => self.extensions += 1,
            Some(_) => self.was_too_late = true,
            None => run.fix(),
        }
    }

    /// Where the end is moved on to.
    fn extension(&mut self, run: &mut dyn Underway, observer: &mut dyn Observer) -> Option<u64> {
        let usual = self.planned + nanos(self.plan.phases.extend);
        let latest = nanos(self.plan.phases.latest_end());
        let end = run.end();
        if end >= latest || self.is_settled_after_all(run, observer) {
            return None;
        }
        let latest = if end < usual { usual } else { latest };
        let step = nanos(self.plan.phases.extend).div_ceil(u64::from(USUAL_EXTENSIONS));
        (end < usual || self.is_open_by_correlation_alone(run, observer))
            .then(|| (end + step).min(latest))
    }

    /// Looks again while there is time: an extension that is not needed ends soon, one that comes too late is lost.
    fn is_settled_after_all(
        &mut self,
        run: &mut dyn Underway,
        observer: &mut dyn Observer,
    ) -> bool {
        (0..LOOKS).any(|look| {
            let has_time = look == 0 || run.now() < run.end();
            has_time && self.is_settled(run, observer)
        })
    }

    fn is_open_by_correlation_alone(
        &mut self,
        run: &mut dyn Underway,
        observer: &mut dyn Observer,
    ) -> bool {
        let counters = run.counters(self.planned, LOOK_AHEAD / LOOKS);
        counters.is_some_and(|seen| {
            let so_far = run.result(&seen.tally, run.end(), self);
            observer.is_open_by_correlation_alone(&so_far, &seen.open)
        })
    }

    /// Whether every verdict is settled on what has ended by now.
    fn is_settled(&mut self, run: &mut dyn Underway, observer: &mut dyn Observer) -> bool {
        let counters = run.counters(self.planned, LOOK_AHEAD / LOOKS);
        counters.is_some_and(|seen| {
            self.complete(&seen);
            let so_far = run.result(&seen.tally, run.end(), self);
            observer.is_settled(&so_far, &seen.open)
        })
    }

    /// Ends an extension that was only needed until the last requests of the planned part had ended: on their way
    /// at the look they counted against every verdict.
    fn look_at_planned_part(&mut self, run: &mut dyn Underway, observer: &mut dyn Observer) {
        let now = run.now();
        // A slow target is not asked all the time.
        self.ask_planned_at = now + nanos(TICK).max((now - self.planned) / 4);
        let Some(seen) = run.counters(self.planned, LOOK_AHEAD / LOOKS) else {
            return;
        };
        self.complete(&seen);
        if !self.has_planned_part {
            return;
        }
        let so_far = run.result(&seen.tally, run.end(), self);
        if observer.is_settled(&so_far, &seen.open) {
            self.settled = true;
            run.end_at((run.now() + nanos(NOTICE)).min(run.end()));
        }
    }

    fn complete(&mut self, seen: &Counters) {
        self.has_planned_part |= self.extensions > 0 && seen.open_planned == 0;
    }

    /// Moves the end to before the one that is waited for, when every verdict is settled by then.
    ///
    /// What comes due between the look and that end counts against a pass like what is on its way, so that
    /// nothing that ends later can open a verdict again.
    fn settle(&mut self, run: &mut dyn Underway, observer: &mut dyn Observer) {
        let (now, end) = (run.now(), run.end());
        let Some(candidate) = self.settling.as_mut().and_then(|s| s.candidate(now, end)) else {
            return;
        };
        let patience = Duration::from_nanos(candidate - now);
        let Some(mut seen) = run.counters(self.planned, patience) else {
            return;
        };
        self.complete(&seen);
        if let Some(settling) = &mut self.settling {
            settling.add_due(now, candidate, &mut seen.open);
        }
        let so_far = run.result(&seen.tally, candidate, self);
        let settled = observer.is_settled(&so_far, &seen.open);
        if run.now() >= candidate {
            // By now more is due than was counted.
            self.settling.iter_mut().for_each(Settling::was_late);
        } else if settled {
            self.settled = true;
            run.end_at(candidate);
        }
    }
}
