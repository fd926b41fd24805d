//! The figures of two sides beside each other.

use super::figures::figures;
use super::levels::ChangeLevels;
use super::text;
use crate::model::Report;
use crate::record::{RunResult, Status};
use crate::requirement::{Compared, Standing};
use crate::statistics::RunNoise;

/// All that was compared.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselineComparison {
    /// One for each figure of each scenario that both sides have, in the order of the later side.
    pub compared: Vec<Compared>,
    /// The confidence of the whole: that nothing is called worse that is not. The reported intervals are those of
    /// the verdicts.
    pub confidence: f64,
    /// Scenarios that only one side has at one load, and that can't be compared.
    pub left_out: Vec<String>,
    /// Scenarios that should have been compared and could not be, and why: nothing is settled while there is one.
    pub unsettled: Vec<String>,
    /// What the intervals rest on that was not measured.
    pub assumed: Option<String>,
}

impl BaselineComparison {
    /// What got worse.
    pub fn worse(&self) -> impl Iterator<Item = &Compared> {
        self.compared
            .iter()
            .filter(|one| one.standing == Some(Standing::Worse))
    }
}

/// Holds `after` against `before`, each of one session or several.
///
/// `confidence`, in (0.5, 1), is that of all verdicts together: the error that it allows is divided among the
/// figures that are judged (Bonferroni). Searches are not compared, nor runs that are not complete.
pub fn compare(before: &[&Report], after: &[&Report], confidence: f64) -> BaselineComparison {
    let (mut left_out, mut unsettled) = (Vec::new(), Vec::new());
    let mut pairs = Vec::new();
    for scenario in scenarios(after) {
        let (a, b) = (runs_of(before, &scenario), runs_of(after, &scenario));
        match (a.is_empty(), b.is_empty()) {
            (false, false) => pairs.push((scenario, a, b)),
            (true, true) => {}
            (true, false) => left_out.push(format!(
                "{scenario}: the earlier side has no complete run of it"
            )),
            (false, true) => unsettled.push(format!(
                "{scenario}: the later side has no complete run of it"
            )),
        }
    }
    let levels = ChangeLevels::of(confidence, pairs.len());
    let is_assumed = pairs
        .iter()
        .any(|(_, a, b)| RunNoise::is_assumed(a.len(), b.len()));
    let compared = pairs
        .iter()
        .flat_map(|(scenario, a, b)| figures(scenario, a, b, levels));
    let compared: Vec<Compared> = compared.collect();
    unsettled.extend(text::open(&compared));
    let known = scenarios(after);
    let gone = scenarios(before)
        .into_iter()
        .filter(|name| !known.contains(name));
    left_out.extend(gone.map(|name| format!("{name}: the later side did not run it")));
    BaselineComparison {
        compared,
        confidence,
        left_out,
        unsettled,
        assumed: is_assumed.then(text::assumed),
    }
}

fn scenarios(reports: &[&Report]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for shown in reports.iter().flat_map(|report| &report.runs) {
        if !names.contains(&shown.run.scenario) {
            names.push(shown.run.scenario.clone());
        }
    }
    names
}

fn runs_of<'a>(reports: &[&'a Report], scenario: &str) -> Vec<&'a RunResult> {
    let runs = reports
        .iter()
        .flat_map(|report| &report.runs)
        .map(|shown| &shown.run);
    let fit = |run: &&RunResult| {
        run.scenario == scenario && run.status == Status::Complete && run.search.is_none()
    };
    runs.filter(fit).collect()
}
