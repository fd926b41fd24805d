//! Indexes that the planner would use, as proposals.

use super::format::{bytes, number, span};
use super::overview::LONGEST;
use crate::connection::excerpt::excerpts;
use crate::facts::{Facts, TableFacts};
use crate::name::{dropping, qualified, quoted};
use crate::plan::{ChangeKind, OptimizerPlan, Proof, Proposal, Risk};
use crate::planner_query::{Advice, PlannerAnswers, PlannerQuery};
use agentos_perf_core::requirement::format;

/// An index on a table that is written to more often is felt.
const MANY_WRITES: f64 = 100.0;
/// How many statements are reported of each.
const MOST_TOLD: usize = 3;

pub(super) fn propose(
    facts: &Facts,
    planner_queries: &[PlannerQuery],
    asked: &PlannerAnswers,
    plan: &mut OptimizerPlan,
) {
    if let Some(why) = &asked.blind {
        plan.unseen.push(format!(
            "hypothetical indexes cannot be planned ({why}): install HypoPG (Debian: postgresql-{}-hypopg) and \
             run this as a role that may create it, or run CREATE EXTENSION hypopg",
            facts.server.major()
        ));
    }
    if asked.is_cut_short {
        plan.unseen.push(
            "planning stopped after two minutes, and there may be more worthwhile indexes: run this closer to the \
             server"
                .to_owned(),
        );
    }
    if !asked.unasked.is_empty() {
        let lines = asked
            .unasked
            .iter()
            .take(MOST_TOLD)
            .cloned()
            .collect::<Vec<_>>();
        let more = asked.unasked.len().saturating_sub(MOST_TOLD);
        let more = if more > 0 {
            format!("; and {more} more")
        } else {
            String::new()
        };
        plan.unseen.push(format!(
            "{} statements could not be planned, so no index was sought for them: {}{more}",
            asked.unasked.len(),
            lines.join("; ")
        ));
    }
    let excerpts = excerpts_of(planner_queries);
    for advice in &asked.advice {
        if let Some(table) = facts.table(advice.candidate.table) {
            let name = free_name(facts, table, advice, plan);
            plan.proposals
                .push(proposal(facts, table, &excerpts, advice, &name));
        }
    }
}

/// The queries with texts that are short enough to be shown and differ from each other.
fn excerpts_of(planner_queries: &[PlannerQuery]) -> Vec<PlannerQuery> {
    let texts: Vec<&str> = planner_queries
        .iter()
        .map(|one| one.text.as_str())
        .collect();
    let texts = excerpts(&texts, LONGEST).into_iter();
    let both = planner_queries.iter().zip(texts);
    both.map(|(planner_query, text)| PlannerQuery {
        text,
        ..planner_query.clone()
    })
    .collect()
}

/// A name that is taken belongs to something else, but for what is left of a build that failed.
fn free_name(facts: &Facts, table: &TableFacts, advice: &Advice, plan: &OptimizerPlan) -> String {
    let is_free = |name: &String| {
        let is_index = facts.indexes.iter().any(|index| {
            index.schema == table.schema
                && index.name == *name
                && (index.is_valid || index.is_needed)
        });
        let object = qualified(&table.schema, name);
        let mut taken = facts.taken.iter();
        let mut proposals = plan.proposals.iter();
        !is_index
            && !taken.any(|(schema, other)| *schema == table.schema && other == name)
            && !proposals.any(|other| other.object == object)
    };
    let mut names = (1..).map(|number| advice.candidate.name(table, number));
    names.find(is_free).unwrap_or_default()
}

fn proposal(
    facts: &Facts,
    table: &TableFacts,
    planner_queries: &[PlannerQuery],
    advice: &Advice,
    name: &str,
) -> Proposal {
    let candidate = &advice.candidate;
    let writes = facts.writes_each_s(table);
    let is_busy = writes.is_none_or(|writes| writes > MANY_WRITES);
    let size = advice.bytes.map_or_else(
        || "of unknown size".to_owned(),
        |size| format!("about {}", bytes(size)),
    );
    let each = writes.map_or_else(
        || "each write to the table maintains one more index".to_owned(),
        |writes| {
            format!(
                "up to {} writes per second to the table maintain one more index",
                number(writes.ceil())
            )
        },
    );
    let is_proved = advice.serves.iter().any(|(_, share)| share.is_some());
    Proposal {
        number: 0,
        id: String::new(),
        kind: ChangeKind::CreateIndex,
        object: qualified(&table.schema, name),
        table: Some(table.sql()),
        what: format!("index {} on {} ({})", name, table.shown(), candidate.key()),
        why: why(planner_queries, advice, table),
        sql: vec![format!(
            "CREATE INDEX CONCURRENTLY {} ON {} ({})",
            quoted(name),
            table.sql(),
            candidate.key()
        )],
        undo: vec![dropping(&qualified(&table.schema, name))],
        risk: if is_busy { Risk::Medium } else { Risk::Low },
        price: format!(
            "{size}; {each}; building it reads {} twice and blocks no writes",
            bytes(table.heap_bytes)
        ),
        gain: gain(facts, planner_queries, advice),
        proof: if is_proved {
            Proof::Planner
        } else {
            Proof::Estimate
        },
        role: None,
    }
}

fn why(planner_queries: &[PlannerQuery], advice: &Advice, table: &TableFacts) -> Vec<String> {
    let mut serves = advice.serves.clone();
    let worth = |(at, share): &(usize, Option<f64>)| {
        planner_queries[*at].total_ms.unwrap_or(0.0) * share.unwrap_or(1.0)
    };
    serves.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
    let lines = serves.iter().take(MOST_TOLD).map(|(at, share)| {
        let planner_query = &planner_queries[*at];
        let saved = match share {
            Some(share) => format!("the planner's cost falls by {} %", percent(*share)),
            None => format!(
                "it scans {} sequentially for few of its rows",
                table.shown()
            ),
        };
        match (&planner_query.whose, planner_query.total_ms) {
            (Some(whose), _) => format!("{whose}; {saved}"),
            (None, total) => format!(
                "{} calls took {} in total ({} each): {} — {saved}",
                number(planner_query.calls),
                format::time(total.unwrap_or(0.0)),
                format::time(total.unwrap_or(0.0) / planner_query.calls.max(1.0)),
                planner_query.text
            ),
        }
    });
    let mut lines: Vec<String> = lines.collect();
    if serves.len() > MOST_TOLD {
        lines.push(format!("and {} more", serves.len() - MOST_TOLD));
    }
    lines
}

/// Never rounded up to all of it.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent >= 99.5 {
        format!("{:.2}", percent.min(99.99))
    } else {
        format!("{percent:.0}")
    }
}

fn gain(facts: &Facts, planner_queries: &[PlannerQuery], advice: &Advice) -> String {
    let saved = advice.saved_ms(planner_queries);
    let all: f64 = facts
        .statements
        .iter()
        .flatten()
        .map(|one| one.total_ms)
        .sum();
    if saved > 0.0 {
        // Not the database's counters: those of statements are reset by themselves.
        let over = facts
            .statements_counted_s
            .map_or_else(String::new, |counted| format!(" in {}", span(counted)));
        return format!(
            "about {} of the {} spent in statements{over}, assuming cost is proportional to time",
            format::time(saved),
            format::time(all)
        );
    }
    let best = advice
        .serves
        .iter()
        .filter_map(|(_, share)| *share)
        .fold(0.0, f64::max);
    if best > 0.0 {
        return format!(
            "{} % of the cost of its queries; how often they run was not counted",
            percent(best)
        );
    }
    "unknown: it could not be planned".to_owned()
}
