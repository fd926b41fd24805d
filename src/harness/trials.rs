//! Requirements as tests.

use std::sync::Arc;

use libtest_mimic::{Failed, Trial};

use super::session::Session;
use crate::report::failure;
use crate::requirement::TestVerdict;

/// One trial for each requirement, in the profile's order. Making them starts nothing.
pub(super) fn trials(session: &Arc<Session>) -> Vec<Trial> {
    let requirements = session.profile().requirements.iter().enumerate();
    let width = session
        .profile()
        .requirements
        .iter()
        .map(|one| one.name.chars().count())
        .max();
    let width = width.unwrap_or(0);
    let trial = |(place, requirement): (usize, &crate::requirement::Requirement)| {
        let (session, name) = (Arc::clone(session), requirement.name.clone());
        let line = format!("test {name:<width$} ... ");
        Trial::test(name, move || {
            session.announce(line);
            test(&session, place)
        })
    };
    requirements.map(trial).collect()
}

fn test(session: &Session, place: usize) -> Result<(), Failed> {
    let judgement = session
        .judge(place)
        .map_err(|error| Failed::from(error.to_string()))?;
    match judgement.test_verdict(session.strict()) {
        TestVerdict::Pass | TestVerdict::Warn => Ok(()),
        TestVerdict::Fail => Err(Failed::from(failure(
            &judgement,
            session.profile().confidence,
        ))),
    }
}
