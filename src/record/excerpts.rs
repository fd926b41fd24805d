//! What failed requests were answered, in their own words: one excerpt for each way of ending.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::client::Outcome;

/// One excerpt for each outcome, the first that said anything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Excerpts(BTreeMap<Outcome, Excerpt>);

/// What one failed request was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The endpoint's place in the plan.
    pub endpoint: usize,
    /// How the body begins, or why there was no connection; one short line without secrets.
    pub text: String,
}

impl Excerpts {
    /// Whether there is none yet for an outcome.
    pub fn lacks(&self, outcome: Outcome) -> bool {
        !outcome.is_ok() && !self.0.contains_key(&outcome)
    }

    /// Keeps what a request was answered, unless one with the same outcome is kept or there is nothing to keep.
    pub fn add(&mut self, outcome: Outcome, endpoint: usize, text: String) {
        if self.lacks(outcome) && !text.is_empty() {
            self.0.insert(outcome, Excerpt { endpoint, text });
        }
    }

    /// Adds those of another worker or step.
    pub fn merge(&mut self, other: &Excerpts) {
        for (outcome, excerpt) in &other.0 {
            self.0.entry(*outcome).or_insert_with(|| excerpt.clone());
        }
    }

    /// What requests with this outcome were answered.
    pub fn get(&self, outcome: Outcome) -> Option<&Excerpt> {
        self.0.get(&outcome)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (Outcome, &Excerpt)> {
        self.0.iter().map(|(outcome, excerpt)| (*outcome, excerpt))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_says_anything_is_kept_for_each_outcome() {
        let (mut one, mut other) = (Excerpts::default(), Excerpts::default());
        one.add(Outcome::Ok, 0, "fine".to_owned());
        one.add(Outcome::Status(500), 0, String::new());
        one.add(Outcome::Status(500), 1, "first".to_owned());
        one.add(Outcome::Status(500), 2, "second".to_owned());
        other.add(Outcome::Status(500), 3, "third".to_owned());
        other.add(Outcome::Connect, 0, "refused".to_owned());
        one.merge(&other);
        let all: Vec<_> = one
            .all()
            .map(|(outcome, said)| (outcome, said.endpoint))
            .collect();
        assert_eq!(all, [(Outcome::Status(500), 1), (Outcome::Connect, 0)]);
    }
}
