//! What stands in the place of marks: of the whole plan, of a user, of a request.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::data::DataTable;
use super::draw::mix;
use crate::secret::Secret;

/// Environment variables, which are never shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables(Arc<BTreeMap<String, Secret>>);

impl Variables {
    /// A variable.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name)
    }
}

impl FromIterator<(String, Secret)> for Variables {
    fn from_iter<I: IntoIterator<Item = (String, Secret)>>(variables: I) -> Variables {
        Variables(Arc::new(variables.into_iter().collect()))
    }
}

/// What the marks of a whole plan are filled in from.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PlanValues {
    /// The data files that its requests use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<DataTable>,
    /// The environment variables that its requests use.
    #[serde(skip)]
    pub variables: Variables,
    /// The name of a user that no one else names; `{n}` is its number.
    #[serde(skip)]
    pub user: String,
    /// What `{id}` counts from: the loads of a search must not have the same ids.
    #[serde(skip)]
    pub first_id: u64,
}

impl PlanValues {
    /// Whether a plan's requests use no data.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }
}

/// A value that is not text of the profile.
#[derive(Debug, Clone, Copy)]
pub enum TakenValue<'a> {
    /// A text.
    Text(&'a str),
    /// A JSON value.
    Json(&'a Value),
}

/// What one request is filled in with.
pub trait MarkValues {
    /// The name of the virtual user.
    fn user(&self, write: &mut dyn FnMut(&str));
    /// What was taken under this name.
    fn taken(&self, name: &str) -> Option<TakenValue<'_>>;
    /// Milliseconds since 1970.
    fn now(&self) -> u64;
}

/// The numbers that one request is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestMarks {
    /// The plan's seed, mixed with the scenario.
    pub seed: u64,
    /// Which of the plan's endpoints it is.
    pub endpoint: usize,
    /// The request's number in the plan; in a journey, the journey's.
    pub number: u64,
    /// What `{id}` is.
    pub id: u64,
    /// Which of the virtual users sends it, from 0.
    pub user: u64,
}

/// Numbers from here on are asked before the load: their ids fit a signed number of 32 bits, and no load gets so far.
const BEFORE_LOAD: u64 = 2_000_000_000;

impl RequestMarks {
    /// The number of the request that asks an endpoint before the load.
    pub fn before_load(endpoint: usize) -> u64 {
        BEFORE_LOAD + endpoint as u64
    }

    /// How many requests of this kind were asked before, if this is one before the load.
    pub(super) fn asked_before_load(&self) -> Option<u64> {
        self.number.checked_sub(BEFORE_LOAD)
    }

    /// What the random values of this request are drawn from.
    pub(super) fn drawn_from(&self) -> u64 {
        mix(mix(self.seed, self.endpoint as u64), self.id)
    }
}

/// The private address of user `n`, which no other of the first 16 million users has.
pub(super) struct Address(pub(super) u64);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [.., a, b, c] = self.0.to_be_bytes();
        write!(f, "10.{a}.{b}.{c}")
    }
}
