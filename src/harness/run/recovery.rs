//! The preflight of a load, and waiting until the target has recovered from the load before it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::client::{Asking, Preflight, PreflightFailure, PreflightProgress, preflight_with};
use crate::harness::output::progress::Progress;
use crate::harness::run::scenario::{Failure, ScenarioRun, own_fault};
use crate::plan::{EndpointKind, Plan};
use crate::profile::Destination;
use crate::record::{Outcomes, RunProblem, RunResult, Status};

/// How often is looked whether the session was interrupted.
const LOOK: Duration = Duration::from_millis(50);
/// A preflight that takes longer than this says how far it is, and so often again.
const QUIET: Duration = Duration::from_secs(2);
/// From one failed preflight to the next, while the target recovers.
const PAUSE: Duration = Duration::from_millis(500);
/// For how many timeouts is waited that the target recovers, and the bounds of that.
const TIMEOUTS: u32 = 4;
const LEAST: Duration = Duration::from_secs(20);
const MOST: Duration = Duration::from_secs(120);
/// For how long is waited when nothing listens there any more: something may start it again.
const RESTART: Duration = Duration::from_secs(5);
/// Answers that are shorter than this by half were still waiting behind an earlier load.
const FALLING: f64 = 0.5;
/// Answers of this length wait behind nothing.
const PROMPT: Duration = Duration::from_millis(100);

/// The load before this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::harness) struct LastLoad {
    /// Its scenario.
    pub(in crate::harness) scenario: String,
    /// Whether it left something behind that the target may still work on: requests that were given up.
    pub(in crate::harness) has_backlog: bool,
}

impl LastLoad {
    /// The latest of some runs that were a load.
    pub(in crate::harness) fn of(runs: &[RunResult]) -> Option<LastLoad> {
        let loads = runs.iter().filter(|run| run.status != Status::Failed);
        let last = loads.max_by_key(|run| run.started)?;
        let given_up = |outcomes: &Outcomes| {
            use crate::record::Outcome::{CutOff, NotStarted, Timeout};
            [Timeout, CutOff, NotStarted]
                .iter()
                .any(|outcome| outcomes.contains_key(outcome))
        };
        Some(LastLoad {
            scenario: last.scenario.clone(),
            has_backlog: last
                .seconds
                .iter()
                .any(|second| given_up(&second.outcomes())),
        })
    }
}

/// What is done about a round of questions after an earlier load.
#[derive(Debug, PartialEq, Eq)]
enum RecoveryStep {
    Load,
    AskAgain,
}

/// Whether the target has recovered: it answers, and no longer waits behind what the earlier load left. Its answers get
/// much faster from one round to the next as long as it does.
fn next(last: &LastLoad, before: Option<Duration>, now: Duration) -> RecoveryStep {
    let is_falling = before.is_none_or(|before| now.as_secs_f64() < before.as_secs_f64() * FALLING);
    if last.has_backlog && is_falling && now > PROMPT {
        RecoveryStep::AskAgain
    } else {
        RecoveryStep::Load
    }
}

impl ScenarioRun<'_> {
    /// Asks each endpoint before the load; after an earlier one it is asked until the target has recovered from it.
    pub(in crate::harness) fn ready(&self, progress: &mut Progress) -> Result<Preflight, Failure> {
        let question = Question {
            plan: self.plan,
            destination: self.destination,
            asking: Asking {
                redirects: self.profile.rules.redirects,
                minted: self.minted,
            },
            interrupted: self.interrupted,
        };
        let Some(last) = &self.after else {
            return question.ask("", progress).map_err(Failure::from);
        };
        let begun = Instant::now();
        let patience = (self.plan.bounds.timeout * TIMEOUTS).clamp(LEAST, MOST);
        let mut before = None;
        let mut rounds = 0;
        let waiting = format!(", until the target has recovered from `{}`", last.scenario);
        loop {
            let words = if rounds == 0 { "" } else { &waiting };
            let asked = question.ask(words, progress);
            let waited = begun.elapsed();
            rounds += 1;
            match asked {
                Ok(mut ready) => {
                    if next(last, before, ready.slowest) == RecoveryStep::Load || waited > patience
                    {
                        if rounds > 1 {
                            ready.notes.push(recovered(last, waited));
                        }
                        return Ok(ready);
                    }
                    before = Some(ready.slowest);
                }
                Err(failure) if !is_passing(&failure) || self.is_over() => {
                    return Err(failure.into());
                }
                Err(failure) if waited > if failure.silent { patience } else { RESTART } => {
                    return Err(lost(&failure, last, waited));
                }
                Err(_) => {
                    if rounds == 1 {
                        progress.wait(&self.plan.scenario, &format!("waiting{waiting}"));
                    }
                    before = None;
                    std::thread::sleep(PAUSE);
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// What a preflight asks, and how it is broken off.
pub(in crate::harness) struct Question<'a> {
    pub(in crate::harness) plan: &'a Plan,
    pub(in crate::harness) destination: &'a Destination,
    pub(in crate::harness) asking: Asking,
    pub(in crate::harness) interrupted: &'a AtomicBool,
}

impl Question<'_> {
    /// Asks each endpoint of the plan once, saying how far it is if that takes long.
    pub(in crate::harness) fn ask(
        &self,
        purpose: &str,
        progress: &mut Progress,
    ) -> Result<Preflight, PreflightFailure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| own(&error.to_string()))?;
        let far = std::cell::Cell::new(None::<PreflightProgress>);
        let mut told = |asked| far.set(Some(asked));
        let asked = runtime.block_on(async {
            let asking = preflight_with(self.plan, self.destination, self.asking, &mut told);
            tokio::select! {
                biased;
                asked = asking => asked,
                () = self.wait(purpose, &far, progress) => Err(own("the session was interrupted before this load")),
            }
        });
        // A name that is still looked up must not be waited for.
        runtime.shutdown_background();
        asked
    }

    /// Says how far it is; returns when the session is interrupted.
    async fn wait(
        &self,
        purpose: &str,
        far: &std::cell::Cell<Option<PreflightProgress>>,
        progress: &mut Progress,
    ) {
        let mut next = tokio::time::Instant::now() + QUIET;
        let mut pause = QUIET;
        while !self.interrupted.load(Ordering::Relaxed) {
            tokio::time::sleep(LOOK).await;
            if tokio::time::Instant::now() >= next {
                let of = self
                    .plan
                    .endpoints
                    .iter()
                    .filter(|one| one.kind == EndpointKind::Http)
                    .count();
                let settled = far.get().map_or(0, |asked| asked.settled);
                let what = if self.plan.journeys.is_empty() {
                    "endpoints have answered"
                } else {
                    "steps have ended"
                };
                let text = format!("asking before the load{purpose}: {settled} of {of} {what}");
                progress.wait(&self.plan.scenario, &text);
                pause *= 2;
                next += pause;
            }
        }
    }
}

/// Whether time alone may mend it.
fn is_passing(failure: &PreflightFailure) -> bool {
    failure.silent || failure.unreachable
}

fn own(what: &str) -> PreflightFailure {
    let Failure { problem, .. } = own_fault(what);
    PreflightFailure {
        what: problem.what,
        advice: problem.advice,
        unreachable: false,
        silent: false,
    }
}

impl From<PreflightFailure> for Failure {
    fn from(failure: PreflightFailure) -> Failure {
        Failure {
            problem: RunProblem {
                what: failure.what,
                advice: failure.advice,
            },
            unreachable: failure.unreachable,
        }
    }
}

fn recovered(last: &LastLoad, waited: Duration) -> String {
    let waited = waited.as_secs_f64();
    format!(
        "the load began {waited:.1} s later, when the target had recovered from `{}`",
        last.scenario
    )
}

/// It answered before the last load, and does not any more.
fn lost(failure: &PreflightFailure, last: &LastLoad, waited: Duration) -> Failure {
    let (scenario, waited) = (&last.scenario, waited.as_secs_f64());
    Failure {
        problem: RunProblem {
            what: format!(
                "{}, {waited:.0} s after the load of `{scenario}`",
                failure.what
            ),
            advice: format!(
                "The target answered before `{scenario}` and has not recovered from it: look into its log, and at what \
                 it still works on. Load it with less there, or run this scenario by itself with --scenarios. {}",
                failure.advice
            ),
        },
        unreachable: failure.unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_still_get_faster_wait_behind_the_last_load() {
        let last = |has_backlog| LastLoad {
            scenario: "a".to_owned(),
            has_backlog,
        };
        let ms = Duration::from_millis;
        for (has_backlog, before, now, expected) in [
            // Nothing was left behind: whatever it takes, that is how the target is.
            (false, None, ms(9_000), RecoveryStep::Load),
            (true, None, ms(9_000), RecoveryStep::AskAgain),
            (true, Some(ms(9_000)), ms(3_000), RecoveryStep::AskAgain),
            (true, Some(ms(3_000)), ms(2_800), RecoveryStep::Load),
            (true, Some(ms(9_000)), ms(12), RecoveryStep::Load),
            (true, None, ms(12), RecoveryStep::Load),
        ] {
            assert_eq!(
                next(&last(has_backlog), before, now),
                expected,
                "{before:?} {now:?}"
            );
        }
    }
}
