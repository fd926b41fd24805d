//! The statements of a database on two sides.

use super::classify::{TIMES, reported_change, standing};
use crate::model::Report;
use crate::record::Statement;
use crate::requirement::{Compared, Figure};
use crate::statistics::{Measured, RunNoise, ratio, student_t_quantile};

/// Fewer calls on either side tell nothing.
const LEAST_CALLS: u64 = 30;
/// How many of those that took most time before are reported.
const MOST: usize = 10;

/// The mean times of the statements that both sides ran, those that took most before first.
///
/// `confidence`, in (0.5, 1), is that of all of them together (Bonferroni). The interval of a mean is Student's t of
/// its calls as if they were independent: the server reports only their number, sum and deviation.
pub fn compare_queries(before: &Report, after: &Report, confidence: f64) -> Vec<Compared> {
    let (before, after) = (statements(before), statements(after));
    let mut both: Vec<(&Statement, &Statement)> = before
        .iter()
        .filter_map(|one| Some((one, after.iter().find(|other| other.is_same(one))?)))
        .filter(|(a, b)| a.calls >= LEAST_CALLS && b.calls >= LEAST_CALLS)
        .collect();
    both.truncate(MOST);
    let alpha = (1.0 - confidence) / both.len().max(1) as f64;
    // Both sides are of one database, a little apart, and nothing is judged by them.
    let noise = RunNoise {
        alpha,
        assumed: 0.0,
    };
    let compared = both.iter().filter_map(|(a, b)| {
        let change = ratio(&[mean(a, alpha)], &[mean(b, alpha)], noise)?;
        Some(Compared {
            scenario: a.text.clone(),
            what: Figure::Query,
            before: a.mean_ms(),
            after: b.mean_ms(),
            change: reported_change(change),
            standing: Some(standing(change, &TIMES)),
        })
    });
    compared.collect()
}

/// All runs together, those that took most time first.
fn statements(report: &Report) -> Vec<Statement> {
    let mut all: Vec<Statement> = Vec::new();
    let all_runs = report.runs.iter();
    let told = all_runs.flat_map(|shown| &shown.run.observed.statements);
    // The rest of them together is made of other statements each time.
    for one in told.filter(|one| !one.text.starts_with('(')) {
        match all.iter_mut().find(|other| other.is_same(one)) {
            Some(other) => *other = together(other, one),
            None => all.push(one.clone()),
        }
    }
    all.sort_by(|a, b| b.total_ms.total_cmp(&a.total_ms));
    all
}

fn together(a: &Statement, b: &Statement) -> Statement {
    let squares =
        |one: &Statement| one.calls as f64 * (one.deviation_ms.powi(2) + one.mean_ms().powi(2));
    let calls = a.calls + b.calls;
    let total_ms = a.total_ms + b.total_ms;
    let mean = total_ms / calls.max(1) as f64;
    let variance = (squares(a) + squares(b)) / calls.max(1) as f64 - mean * mean;
    Statement {
        id: a.id.clone(),
        text: a.text.clone(),
        calls,
        total_ms,
        deviation_ms: variance.max(0.0).sqrt(),
    }
}

fn mean(one: &Statement, alpha: f64) -> Measured {
    let calls = one.calls as f64;
    let width = student_t_quantile(1.0 - alpha, calls - 1.0) * one.deviation_ms / calls.sqrt();
    Measured {
        value: one.mean_ms(),
        low: Some(one.mean_ms() - width),
        high: Some(one.mean_ms() + width),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture;
    use crate::requirement::Standing;

    fn report(statements: &[(&str, u64, f64, f64)]) -> Report {
        let mut report = fixture::report();
        report.runs.truncate(1);
        let all = statements
            .iter()
            .map(|(text, calls, mean, deviation)| Statement {
                id: String::new(),
                text: (*text).to_owned(),
                calls: *calls,
                total_ms: *calls as f64 * mean,
                deviation_ms: *deviation,
            });
        report.runs[0].run.observed.statements = all.collect();
        report
    }

    #[test]
    fn what_changed_is_told_of_statements_that_both_ran() {
        let before = report(&[
            ("slow", 100, 50.0, 10.0),
            ("same", 100, 5.0, 1.0),
            ("seldom", 3, 5.0, 1.0),
            ("gone", 100, 1.0, 0.1),
        ]);
        let after = report(&[
            ("same", 120, 5.05, 1.0),
            ("slow", 100, 0.5, 0.1),
            ("seldom", 3, 90.0, 1.0),
            ("new", 100, 90.0, 1.0),
        ]);
        let told: Vec<_> = compare_queries(&before, &after, 0.95)
            .into_iter()
            .map(|one| (one.scenario, one.standing))
            .collect();
        let wanted = [
            ("slow".to_owned(), Some(Standing::Better)),
            ("same".to_owned(), Some(Standing::Same)),
        ];
        assert_eq!(told, wanted);
        let worse = compare_queries(&after, &before, 0.95);
        assert_eq!(worse[1].standing, Some(Standing::Worse));
    }

    #[test]
    fn a_statement_is_known_by_its_whole_text() {
        let with_ids = |rows: &[(&str, &str)]| {
            let table: Vec<_> = rows
                .iter()
                .map(|(_, text)| (*text, 100, 5.0, 1.0))
                .collect();
            let mut made = report(&table);
            let told = &mut made.runs[0].run.observed.statements;
            for (one, (id, _)) in told.iter_mut().zip(rows) {
                (*id).clone_into(&mut one.id);
            }
            made
        };
        // How much is shown of a statement depends on the others beside it.
        let before = with_ids(&[("1", "SELECT … a"), ("2", "SELECT … b"), ("3", "same")]);
        let after = with_ids(&[("2", "SELECT"), ("4", "same"), ("1", "SELECT … a")]);
        let shown = compare_queries(&before, &after, 0.95);
        let shown: Vec<&str> = shown.iter().map(|one| one.scenario.as_str()).collect();
        assert_eq!(shown, ["SELECT … a", "SELECT … b"]);
        // A report of an earlier version has no more than what is shown.
        let old = with_ids(&[("", "same")]);
        assert_eq!(compare_queries(&before, &old, 0.95).len(), 1);
    }

    #[test]
    fn runs_of_a_session_are_taken_together() {
        let (a, b) = (
            report(&[("x", 100, 1.0, 0.0)]),
            report(&[("x", 300, 3.0, 0.0)]),
        );
        let mut both = a;
        both.runs.extend(b.runs);
        let all = statements(&both);
        // The mean of 1, 3, 3, 3 and its deviation.
        assert!(
            (all[0].mean_ms() - 2.5).abs() < 1e-9
                && (all[0].deviation_ms - 0.75_f64.sqrt()).abs() < 1e-9
        );
    }
}
