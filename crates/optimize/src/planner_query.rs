//! The queries that the planner is asked to plan, and its answers: plain data.

use super::workload::Candidate;

/// A statement for which indexes are sought.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannerQuery {
    /// Its text, with `$1` for values.
    pub text: String,
    /// What it took in all, in milliseconds; `None` if it was not counted.
    pub total_ms: Option<f64>,
    /// How often it was called.
    pub calls: f64,
    /// Why it matters, if it was not counted.
    pub whose: Option<String>,
}

/// The planner's answers to the queries.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlannerAnswers {
    /// What is worth proposing, the best first.
    pub advice: Vec<Advice>,
    /// Statements that could not be asked about, and why: a line each.
    pub unasked: Vec<String>,
    /// Why candidates were not tried; `None` when they were.
    pub blind: Option<String>,
    /// Whether asking was ended before all was asked.
    pub is_cut_short: bool,
}

/// An index worth proposing.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// The index.
    pub candidate: Candidate,
    /// Its size in bytes, as it is expected; `None` when it is unknown.
    pub bytes: Option<u64>,
    /// What it serves: the index of the query, and the share of its cost that is saved, `None` when the planner
    /// was not asked.
    pub serves: Vec<(usize, Option<f64>)>,
}

impl Advice {
    /// Milliseconds of all that was counted that would not have been spent, assuming cost is proportional to time.
    pub fn saved_ms(&self, planner_queries: &[PlannerQuery]) -> f64 {
        let saved = self
            .serves
            .iter()
            .map(|(at, share)| planner_queries[*at].total_ms.unwrap_or(0.0) * share.unwrap_or(0.0));
        saved.sum()
    }
}
