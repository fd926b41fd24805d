//! What failed requests were answered, in their own words: one excerpt for each way of ending.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::record::Outcome;

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
    /// How long the target asked to wait, in seconds (`Retry-After`, or a field of the body).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_s: Option<u32>,
}

impl Excerpt {
    /// The text, and when to come back: `slow down, come back after 60 s`.
    pub fn shown(&self) -> String {
        match self.wait_s {
            None => self.text.clone(),
            Some(wait) if self.text.is_empty() => format!("come back after {wait} s"),
            Some(wait) => format!("{}, come back after {wait} s", self.text),
        }
    }
}

impl Excerpts {
    /// Whether there is none yet for an outcome.
    pub fn lacks(&self, outcome: Outcome) -> bool {
        !outcome.is_ok() && !self.0.contains_key(&outcome)
    }

    /// Keeps what a request was answered, unless one with the same outcome is kept or there is nothing to keep.
    pub fn add(&mut self, outcome: Outcome, excerpt: Excerpt) {
        let says = !excerpt.text.is_empty() || excerpt.wait_s.is_some();
        if self.lacks(outcome) && says {
            self.0.insert(outcome, excerpt);
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

    fn said(endpoint: usize, text: &str) -> Excerpt {
        Excerpt {
            endpoint,
            text: text.to_owned(),
            wait_s: None,
        }
    }

    #[test]
    fn the_first_that_says_anything_is_kept_for_each_outcome() {
        let (mut one, mut other) = (Excerpts::default(), Excerpts::default());
        one.add(Outcome::Ok, said(0, "fine"));
        one.add(Outcome::Status(500), said(0, ""));
        one.add(Outcome::Status(500), said(1, "first"));
        one.add(Outcome::Status(500), said(2, "second"));
        let wait_s = Some(60);
        one.add(Outcome::RateLimited, said(4, ""));
        one.add(
            Outcome::RateLimited,
            Excerpt {
                wait_s,
                ..said(5, "")
            },
        );
        other.add(Outcome::Status(500), said(3, "third"));
        other.add(Outcome::Connect, said(0, "refused"));
        one.merge(&other);
        let all: Vec<_> = one
            .all()
            .map(|(outcome, said)| (outcome, said.endpoint))
            .collect();
        assert_eq!(
            all,
            [
                (Outcome::Status(500), 1),
                (Outcome::RateLimited, 5),
                (Outcome::Connect, 0)
            ]
        );
    }
}
