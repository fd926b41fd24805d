//! What the statements of one run took, from counters that reach back further.

use std::collections::BTreeMap;

use crate::connection::excerpt::excerpts;
use crate::record::Statement;

/// The list ends with all others together.
const MOST: usize = 50;
const OTHERS: &str = "(others)";
/// Of a statement, in characters.
const LONGEST_TEXT: usize = 200;

/// A statement's counters at one look.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StatementCounters {
    /// What makes it the same at two looks, in two runs and in two sessions: a hash of its whole text.
    pub(super) key: String,
    pub(super) text: String,
    pub(super) calls: f64,
    /// All its times, in milliseconds.
    pub(super) total_ms: f64,
    /// The squares of all its times, summed.
    pub(super) squares: f64,
}

/// The first look and the last.
#[derive(Debug, Default)]
pub(super) struct Statements {
    first: Option<BTreeMap<String, StatementCounters>>,
    last: BTreeMap<String, StatementCounters>,
}

impl Statements {
    pub(super) fn look(&mut self, counted: Vec<StatementCounters>) {
        let by_key = counted.into_iter().map(|one| (one.key.clone(), one));
        self.last = by_key.collect();
        if self.first.is_none() {
            self.first = Some(self.last.clone());
        }
    }

    /// What was run between the two, those that took most time together first.
    pub(super) fn differences(&self) -> Vec<Statement> {
        let before = |key: &str| self.first.as_ref().and_then(|first| first.get(key));
        let mut run: Vec<StatementCounters> = self
            .last
            .values()
            .map(|one| since(one, before(&one.key)))
            .filter(|one| one.calls >= 1.0)
            .collect();
        run.sort_by(|a, b| b.total_ms.total_cmp(&a.total_ms));
        let others = run.split_off(run.len().min(MOST));
        let sum = |of: fn(&StatementCounters) -> f64| others.iter().map(of).sum();
        if !others.is_empty() {
            run.push(StatementCounters {
                key: String::new(),
                text: OTHERS.to_owned(),
                calls: sum(|one| one.calls),
                total_ms: sum(|one| one.total_ms),
                squares: sum(|one| one.squares),
            });
        }
        let texts: Vec<&str> = run.iter().map(|one| one.text.as_str()).collect();
        let shown = excerpts(&texts, LONGEST_TEXT);
        run.iter().zip(shown).map(statement).collect()
    }
}

/// A statement whose counters were set back in between has all that it shows from this run.
fn since(now: &StatementCounters, before: Option<&StatementCounters>) -> StatementCounters {
    let before = before.filter(|before| before.calls <= now.calls);
    let less = |of: fn(&StatementCounters) -> f64| (of(now) - before.map_or(0.0, of)).max(0.0);
    StatementCounters {
        calls: less(|one| one.calls),
        total_ms: less(|one| one.total_ms),
        squares: less(|one| one.squares),
        ..now.clone()
    }
}

fn statement((counted, text): (&StatementCounters, String)) -> Statement {
    let mean = counted.total_ms / counted.calls;
    let variance = (counted.squares / counted.calls - mean * mean).max(0.0);
    Statement {
        id: counted.key.clone(),
        text,
        calls: counted.calls as u64,
        total_ms: counted.total_ms,
        deviation_ms: variance.sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls of these times, in milliseconds.
    fn counted(key: &str, times: &[f64]) -> StatementCounters {
        StatementCounters {
            key: key.to_owned(),
            text: format!("SELECT\n  {key}"),
            calls: times.len() as f64,
            total_ms: times.iter().sum(),
            squares: times.iter().map(|time| time * time).sum(),
        }
    }

    #[test]
    fn only_what_was_run_in_between_counts() {
        let mut statements = Statements::default();
        statements.look(vec![counted("a", &[100.0, 200.0]), counted("b", &[5.0])]);
        statements.look(vec![
            counted("a", &[100.0, 200.0, 10.0, 20.0]),
            counted("b", &[5.0]),
            counted("c", &[7.0]),
        ]);
        let run = statements.differences();
        assert_eq!(run.len(), 2);
        assert_eq!((run[0].text.as_str(), run[0].calls), ("SELECT a", 2));
        assert!((run[0].mean_ms() - 15.0).abs() < 1e-9);
        assert!((run[0].deviation_ms - 5.0).abs() < 1e-6);
        assert_eq!((run[1].text.as_str(), run[1].calls), ("SELECT c", 1));
    }

    #[test]
    fn statements_that_begin_alike_are_two() {
        let list = "agents.column_of_some_length, ".repeat(10);
        let mut statements = Statements::default();
        statements.look(Vec::new());
        let alike = ["id", "name"].map(|column| StatementCounters {
            text: format!("SELECT {list} FROM agents WHERE agents.{column} = $1"),
            ..counted(column, &[1.0])
        });
        statements.look(alike.to_vec());
        let run = statements.differences();
        let told: Vec<(&str, &str)> = run
            .iter()
            .map(|one| (one.id.as_str(), one.text.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("id", "SELECT … FROM agents WHERE agents.id = $1"),
                ("name", "SELECT … FROM agents WHERE agents.name = $1"),
            ]
        );
    }

    #[test]
    fn a_long_list_ends_with_the_others() {
        let mut statements = Statements::default();
        statements.look(Vec::new());
        let many = (0..60).map(|n| counted(&format!("s{n}"), &[1.0]));
        statements.look(many.collect());
        let run = statements.differences();
        assert_eq!(
            (run.len(), run[MOST].text.as_str(), run[MOST].calls),
            (51, OTHERS, 10)
        );
    }
}
