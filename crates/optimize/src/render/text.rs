//! For a terminal.

use std::fmt::Write as _;

use crate::connection::excerpt::excerpts;
use crate::plan::{OptimizerPlan, Overview, Proposal, StatementLine, TableLine};
use crate::rules::format::{bytes, number, span};
use agentos_perf_core::requirement::format;
use agentos_perf_core::text::clean;

/// As much of a statement is shown.
const LONGEST: usize = 60;
/// A line is broken before this column.
const WIDTH: usize = 100;

/// The plan for a terminal, each line ended.
pub fn text(plan: &OptimizerPlan) -> String {
    let mut out = heading(plan);
    overview(&plan.overview, &mut out);
    if plan.proposals.is_empty() && !plan.database.is_empty() {
        out.push_str("\nNothing is proposed.\n");
    }
    for proposal in &plan.proposals {
        out.push('\n');
        one(proposal, &mut out);
    }
    list(
        "Findings",
        plan.findings
            .iter()
            .map(|one| format!("{}: {}", one.what, one.advice)),
        &mut out,
    );
    list("Not inspected", plan.unseen.iter().cloned(), &mut out);
    out
}

fn heading(plan: &OptimizerPlan) -> String {
    let counted = plan.counted_s.map_or_else(String::new, |counted| {
        format!(", counted for at least {}", span(counted))
    });
    let size = plan
        .overview
        .bytes
        .map_or_else(String::new, |size| format!(", {}", bytes(size)));
    let hits = plan.overview.hit_ratio.map_or_else(String::new, |hits| {
        format!(", {hits:.1} % of blocks from shared buffers")
    });
    clean(&format!("{}{size}{counted}{hits}", plan.subject())) + "\n"
}

fn overview(overview: &Overview, out: &mut String) {
    if !overview.tables.is_empty() {
        let mut rows = vec![
            [
                "table",
                "rows",
                "size",
                "indexes",
                "whole scans",
                "index scans",
                "dead",
            ]
            .map(str::to_owned),
        ];
        rows.extend(overview.tables.iter().map(table));
        out.push('\n');
        out.push_str(&set(&rows, 0));
    }
    if let Some(statements) = overview.statements.as_ref().filter(|all| !all.is_empty()) {
        let mut rows =
            vec![["time", "each", "calls", "blocks read", "share", "statement"].map(str::to_owned)];
        let texts: Vec<String> = statements.iter().map(|one| clean(&one.text)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let texts = excerpts(&texts, LONGEST);
        rows.extend(statements.iter().zip(texts).map(statement));
        out.push('\n');
        out.push_str(&set(&rows, 5));
    }
}

fn table(table: &TableLine) -> [String; 7] {
    [
        clean(&table.name),
        table.rows.map_or_else(unknown, number),
        bytes(table.bytes),
        bytes(table.index_bytes),
        number(table.seq_scans),
        number(table.index_scans),
        table
            .dead
            .map_or_else(unknown, |dead| format!("{dead:.0} %")),
    ]
}

fn unknown() -> String {
    "?".to_owned()
}

fn statement((statement, text): (&StatementLine, String)) -> [String; 6] {
    [
        format::time(statement.total_ms),
        format::time(statement.mean_ms),
        number(statement.calls),
        number(statement.blocks_read),
        format!("{:.0} %", statement.share),
        text,
    ]
}

/// All columns but the named one end at the same place.
fn set<const COLUMNS: usize>(rows: &[[String; COLUMNS]], left: usize) -> String {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                if column == left {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                }
            });
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

fn one(proposal: &Proposal, out: &mut String) {
    let number = format!("{}. ", proposal.number);
    wrapped(
        &number,
        &format!("{} [{}]", clean(&proposal.what), proposal.id),
        out,
    );
    let indent = " ".repeat(number.len());
    for why in &proposal.why {
        wrapped(&format!("{indent}why   "), &clean(why), out);
    }
    wrapped(&format!("{indent}gain  "), &clean(&proposal.gain), out);
    wrapped(&format!("{indent}by    "), &proposal.proof.to_string(), out);
    wrapped(
        &format!("{indent}risk  "),
        &clean(&format!("{}; {}", proposal.risk, proposal.price)),
        out,
    );
    if let Some(role) = &proposal.role {
        let who = format!("{role}, who owns the table");
        wrapped(&format!("{indent}who   "), &clean(&who), out);
    }
    for statement in &proposal.sql {
        // To be copied: it is not broken.
        let _ = writeln!(out, "{indent}sql   {};", clean(statement));
    }
}

fn list(title: &str, lines: impl Iterator<Item = String>, out: &mut String) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        let _ = write!(out, "\n{title}\n");
    }
    for line in lines {
        wrapped("- ", &clean(&line), out);
    }
}

fn wrapped(begin: &str, text: &str, out: &mut String) {
    let indent = " ".repeat(begin.chars().count());
    let mut line = begin.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(out, "{}", line.trim_end());
            line.clone_from(&indent);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    let _ = writeln!(out, "{}", line.trim_end());
}
