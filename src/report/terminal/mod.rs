//! A report as text for a terminal: a table of requirements, then a block for each scenario.

mod line;
mod requirements;
mod scenario;
mod search;
mod spread;
mod table;
#[cfg(test)]
mod tests;

use crate::report::said::SaidOnce;
use crate::report::{Report, RunReport};
use crate::requirement::{Judgement, format};
use crate::text::clean;

use line::{TextLine, Tone, labelled};

/// Said once, where requests failed.
const CHARGED: &str = "a failed request is charged at least its timeout, so that failing quickly does not flatter a percentile";

/// How the text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; no line is wider.
    pub width: usize,
    /// Whether verdicts are coloured with ANSI escapes.
    pub colour: bool,
}

/// The report as text, each line ended; made for 80 columns and more, whole at any width.
pub fn render(report: &Report, style: Style) -> String {
    let mut lines = heading(report, style.width);
    let mut said = SaidOnce::default();
    lines.extend(requirements::lines(
        &report.judgements,
        report.strict,
        style.width,
        &mut said,
    ));
    lines.extend(scenarios(&report.runs, style.width, &mut said));
    if !report.repeat.is_empty() {
        lines.push(TextLine::default());
        lines.extend(labelled(
            "to repeat it: ",
            Tone::Quiet,
            &clean(&report.repeat),
            style.width,
        ));
    }
    printed(&lines, style)
}

/// One requirement and the run it was judged on, without colour.
pub(crate) fn of_requirement(
    judgement: &Judgement,
    run: Option<&RunReport>,
    strict: bool,
    width: usize,
) -> String {
    let mut lines = requirements::table(std::slice::from_ref(judgement), strict, width);
    lines.extend(requirements::compared(judgement, width));
    let runs = run.map_or(&[][..], std::slice::from_ref);
    lines.extend(scenarios(runs, width, &mut SaidOnce::default()));
    let style = Style {
        width,
        colour: false,
    };
    printed(&lines, style)
}

fn scenarios(runs: &[RunReport], width: usize, said: &mut SaidOnce) -> Vec<TextLine> {
    let mut lines = Vec::new();
    for run in runs {
        lines.push(TextLine::default());
        lines.extend(scenario::lines(run, width, said));
    }
    if runs.iter().any(|shown| scenario::has_failures(&shown.run)) {
        lines.push(TextLine::default());
        lines.extend(labelled("* ", Tone::Quiet, CHARGED, width));
    }
    lines
}

fn printed(lines: &[TextLine], style: Style) -> String {
    lines.iter().map(|line| line.render(style) + "\n").collect()
}

fn heading(report: &Report, width: usize) -> Vec<TextLine> {
    let text = format!(
        "{} against {}, in {}; intervals at {} confidence",
        clean(&report.profile),
        clean(&report.target),
        format::time(report.took as f64),
        format::confidence(report.confidence),
    );
    let mut lines = labelled("", Tone::Plain, &text, width);
    lines.push(TextLine::default());
    lines
}
