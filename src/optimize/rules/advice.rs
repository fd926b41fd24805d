//! Indexes that the planner would use, as proposals.

use super::overview::LONGEST;
use super::words::{bytes, number, span};
use crate::optimize::excerpt::excerpts;
use crate::optimize::facts::{Facts, Table};
use crate::optimize::name::{dropping, qualified, quoted};
use crate::optimize::plan::{Kind, Plan, Proof, Proposal, Risk};
use crate::optimize::question::{Advice, Asked, Question};
use crate::requirement::human;

/// An index on a table that is written to more often is felt.
const MANY_WRITES: f64 = 100.0;
/// As many statements are told of each.
const MOST_TOLD: usize = 3;

pub(super) fn propose(facts: &Facts, questions: &[Question], asked: &Asked, plan: &mut Plan) {
    if let Some(why) = &asked.blind {
        plan.unseen.push(format!(
            "the planner can't be asked about indexes that don't exist ({why}): install HypoPG (Debian: \
             postgresql-{}-hypopg) and run this as a role that may create it, or CREATE EXTENSION hypopg",
            facts.server.major()
        ));
    }
    if asked.is_cut_short {
        plan.unseen.push(
            "asking the planner was ended after two minutes, and more may be worthwhile: ask from nearer to the server"
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
            "no index was looked for {} statements that could not be planned: {}{more}",
            asked.unasked.len(),
            lines.join("; ")
        ));
    }
    let excerpts = excerpts_of(questions);
    for advice in &asked.advice {
        if let Some(table) = facts.table(advice.candidate.table) {
            let name = free_name(facts, table, advice, plan);
            plan.proposals
                .push(proposal(facts, table, &excerpts, advice, &name));
        }
    }
}

/// The questions with texts that are short enough to be shown, each of them another one.
fn excerpts_of(questions: &[Question]) -> Vec<Question> {
    let texts: Vec<&str> = questions.iter().map(|one| one.text.as_str()).collect();
    let texts = excerpts(&texts, LONGEST).into_iter();
    let both = questions.iter().zip(texts);
    both.map(|(question, text)| Question {
        text,
        ..question.clone()
    })
    .collect()
}

/// A name that is taken belongs to something else, but for what is left of a build that failed.
fn free_name(facts: &Facts, table: &Table, advice: &Advice, plan: &Plan) -> String {
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
    table: &Table,
    questions: &[Question],
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
        kind: Kind::CreateIndex,
        object: qualified(&table.schema, name),
        table: Some(table.sql()),
        what: format!("index {} on {} ({})", name, table.shown(), candidate.key()),
        why: why(questions, advice, table),
        sql: vec![format!(
            "CREATE INDEX CONCURRENTLY {} ON {} ({})",
            quoted(name),
            table.sql(),
            candidate.key()
        )],
        undo: vec![dropping(&qualified(&table.schema, name))],
        risk: if is_busy { Risk::Medium } else { Risk::Low },
        price: format!(
            "{size}; {each}; {} is read twice while it is built, and nobody waits",
            bytes(table.heap_bytes)
        ),
        gain: gain(facts, questions, advice),
        proof: if is_proved {
            Proof::Planner
        } else {
            Proof::Estimate
        },
        role: None,
    }
}

fn why(questions: &[Question], advice: &Advice, table: &Table) -> Vec<String> {
    let mut serves = advice.serves.clone();
    let worth = |(at, share): &(usize, Option<f64>)| {
        questions[*at].total_ms.unwrap_or(0.0) * share.unwrap_or(1.0)
    };
    serves.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
    let lines = serves.iter().take(MOST_TOLD).map(|(at, share)| {
        let question = &questions[*at];
        let saved = match share {
            Some(share) => format!("costs {} % less by the planner", percent(*share)),
            None => format!(
                "reads {} from end to end for few of its rows",
                table.shown()
            ),
        };
        match (&question.whose, question.total_ms) {
            (Some(whose), _) => format!("{whose}; that {saved}"),
            (None, total) => format!(
                "{} calls that took {} in all ({} each): {} — {saved}",
                number(question.calls),
                human::time(total.unwrap_or(0.0)),
                human::time(total.unwrap_or(0.0) / question.calls.max(1.0)),
                question.text
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

fn gain(facts: &Facts, questions: &[Question], advice: &Advice) -> String {
    let saved = advice.saved_ms(questions);
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
            "about {} of the {} that statements took{over}, if costs are times",
            human::time(saved),
            human::time(all)
        );
    }
    let best = advice
        .serves
        .iter()
        .filter_map(|(_, share)| *share)
        .fold(0.0, f64::max);
    if best > 0.0 {
        return format!(
            "{} % of the cost of what it serves; how often that is asked was not counted",
            percent(best)
        );
    }
    "not known: the planner could not be asked".to_owned()
}
