//! What has been judged so far.

use std::sync::{Arc, Mutex};

use crate::harness::locked;
use crate::harness::session::nextest::SharedSession;
use crate::report::{SaidOnce, failure_once};
use crate::requirement::Judgement;

/// The judgements of a session, each with its index in the profile.
pub(in crate::harness) struct Judgements {
    own: Mutex<Vec<(usize, Judgement)>>,
    shared: Option<Arc<SharedSession>>,
    /// What the messages of failed tests have said already.
    said: Mutex<SaidOnce>,
}

impl Judgements {
    pub(in crate::harness) fn new(shared: Option<Arc<SharedSession>>) -> Judgements {
        Judgements {
            own: Mutex::default(),
            shared,
            said: Mutex::default(),
        }
    }

    /// Keeps what this process has judged.
    pub(in crate::harness) fn add(&self, place: usize, judgement: Judgement) {
        locked(&self.own).push((place, judgement));
    }

    /// What this process has judged itself, in the profile's order.
    pub(in crate::harness) fn own(&self) -> Vec<Judgement> {
        in_order(locked(&self.own).clone())
    }

    /// What was judged so far, in the profile's order; with nextest, in all of its processes.
    pub(in crate::harness) fn so_far(&self) -> Vec<Judgement> {
        match &self.shared {
            Some(shared) => in_order(shared.judgements()),
            None => self.own(),
        }
    }

    /// The message of a test that failed. Under nextest each process has a message of its own, and says all of it.
    pub(in crate::harness) fn message(&self, judgement: &Judgement, confidence: f64) -> String {
        failure_once(judgement, confidence, &mut locked(&self.said))
    }
}

fn in_order(mut judgements: Vec<(usize, Judgement)>) -> Vec<Judgement> {
    judgements.sort_by_key(|(place, _)| *place);
    judgements.into_iter().map(|(_, judged)| judged).collect()
}
