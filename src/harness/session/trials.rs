//! Requirements as tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use libtest_mimic::{Completion, Failed, Trial};

use crate::baseline;
use crate::harness::session::state::Session;
use crate::report::Report;
use crate::requirement::{Judgement, TestVerdict};
use crate::store::StoreError;

/// One trial for each requirement, in the profile's order, and one for the sessions of a baseline. Making them starts nothing.
///
/// With `fail_fast` those behind the first that fails are ignored.
pub(in crate::harness) fn trials(
    session: &Arc<Session>,
    baseline: Option<Vec<Report>>,
    fail_fast: bool,
) -> Vec<Trial> {
    let gate = Arc::new(FailFastGate {
        fail_fast,
        has_failed: AtomicBool::new(false),
    });
    let requirements = session.profile().requirements.iter().enumerate();
    let width = session
        .profile()
        .requirements
        .iter()
        .map(|one| one.name.chars().count())
        .chain(baseline.iter().map(|_| baseline::NAME.len()))
        .max();
    let width = width.unwrap_or(0);
    let trial = |(place, requirement): (usize, &crate::requirement::Requirement)| {
        let (session, name) = (Arc::clone(session), requirement.name.clone());
        let line = format!("test {name:<width$} ... ");
        gate.trial(name, move || {
            session.announce(line);
            outcome(&session, session.judge(place))
        })
    };
    let against = baseline.map(|sessions| {
        let session = Arc::clone(session);
        let line = format!("test {:<width$} ... ", baseline::NAME);
        gate.trial(baseline::NAME.to_owned(), move || {
            session.announce(line);
            outcome(&session, session.judge_against(&sessions))
        })
    });
    requirements.map(trial).chain(against).collect()
}

/// Lets no test begin after one has failed, when that is asked for.
struct FailFastGate {
    fail_fast: bool,
    has_failed: AtomicBool,
}

impl FailFastGate {
    fn trial(
        self: &Arc<FailFastGate>,
        name: String,
        run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
    ) -> Trial {
        let gate = Arc::clone(self);
        Trial::ignorable_test(name, move || {
            if gate.fail_fast && gate.has_failed.load(Ordering::Relaxed) {
                return Ok(Completion::ignored_with("a test before it failed"));
            }
            let result = run();
            gate.has_failed.fetch_or(result.is_err(), Ordering::Relaxed);
            result.map(|()| Completion::Completed)
        })
    }
}

/// What a judgement means for its test.
fn outcome(session: &Session, judged: Result<Judgement, StoreError>) -> Result<(), Failed> {
    let judgement = judged.map_err(|error| Failed::from(error.to_string()))?;
    match judgement.test_verdict(session.strict()) {
        TestVerdict::Pass | TestVerdict::Warn => Ok(()),
        TestVerdict::Fail => Err(Failed::from(session.message(&judgement))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[test]
    fn no_test_is_begun_after_the_first_failure_when_that_is_asked_for() {
        for (fail_fast, begun) in [(true, 2), (false, 4)] {
            let gate = Arc::new(FailFastGate {
                fail_fast,
                has_failed: AtomicBool::new(false),
            });
            let count = Arc::new(AtomicU32::new(0));
            let trial = |fails: bool| {
                let count = Arc::clone(&count);
                gate.trial("a test".to_owned(), move || {
                    count.fetch_add(1, Ordering::Relaxed);
                    if fails { Err("it".into()) } else { Ok(()) }
                })
            };
            let trials = [false, true, false, true].map(trial).into();
            let arguments = libtest_mimic::Arguments {
                test_threads: Some(1),
                logfile: Some("/dev/null".to_owned()),
                ..libtest_mimic::Arguments::default()
            };
            let conclusion = libtest_mimic::run(&arguments, trials);
            assert!(conclusion.has_failed());
            assert_eq!(count.load(Ordering::Relaxed), begun);
        }
    }
}
