//! Requirements as tests.

use std::sync::Arc;

use libtest_mimic::{Failed, Trial};

use super::session::Session;
use crate::baseline;
use crate::report::{Report, failure};
use crate::requirement::{Judgement, TestVerdict};
use crate::store::StoreError;

/// One trial for each requirement, in the profile's order, and one for the sessions of a baseline. Making them starts nothing.
pub(super) fn trials(session: &Arc<Session>, baseline: Option<Vec<Report>>) -> Vec<Trial> {
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
        Trial::test(name, move || {
            session.announce(line);
            told(&session, session.judge(place))
        })
    };
    let against = baseline.map(|sessions| {
        let session = Arc::clone(session);
        let line = format!("test {:<width$} ... ", baseline::NAME);
        Trial::test(baseline::NAME, move || {
            session.announce(line);
            told(&session, session.judge_against(&sessions))
        })
    });
    requirements.map(trial).chain(against).collect()
}

/// What a judgement means for its test.
fn told(session: &Session, judged: Result<Judgement, StoreError>) -> Result<(), Failed> {
    let judgement = judged.map_err(|error| Failed::from(error.to_string()))?;
    match judgement.test_verdict(session.strict()) {
        TestVerdict::Pass | TestVerdict::Warn => Ok(()),
        TestVerdict::Fail => Err(Failed::from(failure(
            &judgement,
            session.profile().confidence,
        ))),
    }
}
