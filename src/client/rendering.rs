//! Who sends a request, and what it is filled in with.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::TakenValues;
use crate::plan::{Plan, Senders};
use crate::profile::{Destination, Identity};
use crate::secret::Secret;
use crate::template::{
    BoundTemplate, MarkValues, PlanValues, RenderError, RequestMarks, TakenValue, text_seed,
};

/// What all requests of a plan are filled in from, shared by all users.
pub(super) struct Rendering {
    pub(super) plan: PlanValues,
    seed: u64,
    pub(super) users: Arc<[Identity]>,
    pub(super) token: Option<Secret>,
    /// How many users there are, known by name or not. A rate has as many as there are identities, or one.
    count: u64,
}

impl Rendering {
    pub(super) fn new(plan: &Plan, destination: &Destination) -> Rendering {
        Rendering {
            plan: plan.values.clone(),
            seed: text_seed(plan.seed, &plan.scenario),
            users: Arc::clone(&destination.users),
            token: destination.token.clone(),
            count: match plan.arrivals.senders() {
                Senders::Users(count) => u64::from(count).max(1),
                Senders::Rate { .. } => destination.users.len().max(1) as u64,
            },
        }
    }

    /// That of requests beside any plan.
    pub(super) fn beside(plan: PlanValues, destination: &Destination) -> Rendering {
        Rendering {
            plan,
            // Ids of its own in each session: nothing of it has to be repeated.
            seed: now(),
            users: Arc::clone(&destination.users),
            token: destination.token.clone(),
            count: 1,
        }
    }

    /// The user of the request with this number, where it is not the connection's.
    pub(super) fn user_of(&self, number: u64) -> u64 {
        number % self.count
    }

    /// The identity of a user, if it has one.
    pub(super) fn identity(&self, user: u64) -> Option<&Identity> {
        let count = self.users.len().max(1) as u64;
        self.users.get((user % count) as usize)
    }

    /// The bearer token of a user.
    pub(super) fn token(&self, user: u64) -> Option<&Secret> {
        let own = self.identity(user).and_then(|user| user.token.as_ref());
        own.or(self.token.as_ref())
    }
}

/// One request.
pub(super) struct Sender<'a> {
    pub(super) rendering: &'a Rendering,
    pub(super) marks: RequestMarks,
    pub(super) given: Given<'a>,
}

/// What else a request may be filled in with.
#[derive(Clone, Copy)]
pub(super) enum Given<'a> {
    /// What the user has taken from earlier answers.
    Taken(&'a TakenValues),
    /// The user's token, under the name `token`.
    Token(Option<&'a Secret>),
}

impl<'a> Sender<'a> {
    pub(super) fn new(
        rendering: &'a Rendering,
        (endpoint, user, number): (usize, u64, u64),
        given: Given<'a>,
    ) -> Sender<'a> {
        let known = rendering.users.len() as u64;
        Sender {
            marks: RequestMarks {
                seed: rendering.seed,
                endpoint,
                number,
                id: rendering.plan.first_id + number + 1,
                user: if known == 0 { user } else { user % known },
            },
            rendering,
            given,
        }
    }

    /// Appends a text.
    pub(super) fn write(&self, text: &BoundTemplate, out: &mut Vec<u8>) -> Result<(), RenderError> {
        text.render(&self.rendering.plan, &self.marks, self, out)
    }
}

impl MarkValues for Sender<'_> {
    fn user(&self, write: &mut dyn FnMut(&str)) {
        if let Some(identity) = self.rendering.identity(self.marks.user) {
            return write(&identity.user);
        }
        let number = (self.marks.user + 1).to_string();
        write(&self.rendering.plan.user.replace("{n}", &number));
    }

    fn taken(&self, name: &str) -> Option<TakenValue<'_>> {
        match self.given {
            Given::Taken(taken) => taken.get(name).map(TakenValue::Json),
            Given::Token(token) => {
                (name == "token").then(|| TakenValue::Text(token.map_or("", Secret::reveal)))
            }
        }
    }

    fn now(&self) -> u64 {
        now()
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
