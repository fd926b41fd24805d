//! From facts to a plan. Pure: each rule is a function from facts to proposals and findings.

mod activity;
mod advice;
mod bloat;
pub(crate) mod format;
mod indexes;
mod overview;
mod planner_queries;
mod settings;
mod tables;
#[cfg(test)]
mod tests;

pub use planner_queries::planner_queries;

use super::facts::Facts;
use super::plan::{ChangeKind, OptimizerPlan};
use super::planner_query::{PlannerAnswers, PlannerQuery};

/// Thresholds that the user may set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RuleThresholds {
    /// For how long an index must not have been used to be called unused, in seconds.
    pub unused_after_s: f64,
}

impl Default for RuleThresholds {
    /// A week: what runs once a week has had its turn.
    fn default() -> RuleThresholds {
        RuleThresholds {
            unused_after_s: 7.0 * 86_400.0,
        }
    }
}

/// Names the role that must apply what the connecting role may not.
fn leave_to_owners(facts: &Facts, plan: &mut OptimizerPlan) {
    for proposal in &mut plan.proposals {
        let name = proposal.table.as_ref().unwrap_or(&proposal.object);
        let table = facts.tables.iter().find(|table| table.sql() == *name);
        let maintains = matches!(
            proposal.kind,
            ChangeKind::Vacuum | ChangeKind::Analyze | ChangeKind::Reindex
        );
        let others = table.filter(|table| !(maintains && table.may_vacuum));
        proposal.role = others.and_then(|table| table.owner.clone());
    }
}

/// The plan that follows from what is known.
pub fn propose(
    facts: &Facts,
    planner_queries: &[PlannerQuery],
    asked: &PlannerAnswers,
    rules: RuleThresholds,
) -> OptimizerPlan {
    let mut plan = OptimizerPlan {
        database: facts.server.database.clone(),
        server: format!("PostgreSQL {}", facts.server.version_name),
        counted_s: facts.counted_s(),
        overview: overview::overview(facts),
        unseen: facts.unseen.clone(),
        ..OptimizerPlan::default()
    };
    advice::propose(facts, planner_queries, asked, &mut plan);
    indexes::propose(facts, rules, &mut plan);
    tables::propose(facts, &mut plan);
    settings::propose(facts, &mut plan);
    activity::tell(facts, &mut plan);
    leave_to_owners(facts, &mut plan);
    if facts.server.is_replica {
        // Nothing can be changed here, and some of it is worth knowing.
        plan.unseen.push(
            "what only the primary counts: this server is a standby, which cannot be changed and counts neither \
             writes nor \
             dead rows nor the primary's queries. Apply the proposals on the primary, and run this there too"
                .to_owned(),
        );
    }
    plan.numbered()
}
