//! Requirements as tests.

use std::sync::Arc;

use super::runner::Trial;
use super::session::Session;
use crate::baseline;
use crate::report::Report;
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
        Trial::new(name, move || {
            session.announce(line);
            told(&session, session.judge(place))
        })
    };
    let against = baseline.map(|sessions| {
        let session = Arc::clone(session);
        let line = format!("test {:<width$} ... ", baseline::NAME);
        Trial::new(baseline::NAME, move || {
            session.announce(line);
            told(&session, session.judge_against(&sessions))
        })
    });
    requirements.map(trial).chain(against).collect()
}

/// What a judgement means for its test: an error is the message of one that failed.
fn told(session: &Session, judged: Result<Judgement, StoreError>) -> Result<(), String> {
    let judgement = judged.map_err(|error| error.to_string())?;
    match judgement.test_verdict(session.strict()) {
        TestVerdict::Pass | TestVerdict::Warn => Ok(()),
        TestVerdict::Fail => Err(session.message(&judgement)),
    }
}
