//! For a pull request or the summary of a job.

use std::fmt::Write as _;

use crate::plan::{OptimizerPlan, Proposal};
use agentos_perf_core::text::clean;
use agentos_perf_core::text::markdown::text as escaped;

/// The plan as Markdown.
pub fn markdown(plan: &OptimizerPlan) -> String {
    let mut out = format!("## {}\n\n", escaped(&plan.subject()));
    if plan.proposals.is_empty() {
        out.push_str("Nothing is proposed.\n");
    } else {
        out.push_str("| | what | gain | risk |\n| --: | --- | --- | --- |\n");
    }
    for proposal in &plan.proposals {
        let Proposal {
            number,
            what,
            gain,
            risk,
            ..
        } = proposal;
        let _ = writeln!(
            out,
            "| {number} | {} | {} | {risk} |",
            escaped(what),
            escaped(gain)
        );
    }
    for proposal in &plan.proposals {
        details(proposal, &mut out);
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

fn details(proposal: &Proposal, out: &mut String) {
    let Proposal {
        number,
        what,
        price,
        proof,
        ..
    } = proposal;
    let _ = write!(out, "\n### {number}. {}\n\n", escaped(what));
    for why in &proposal.why {
        let _ = writeln!(out, "- {}", escaped(why));
    }
    let _ = write!(out, "- {}\n- {proof}\n", escaped(price));
    if let Some(role) = &proposal.role {
        let _ = writeln!(out, "- for {}, who owns the table", escaped(role));
    }
    out.push('\n');
    // A fence that is longer than any run of backticks within.
    let statements: Vec<String> = proposal.sql.iter().map(|one| clean(one) + ";").collect();
    let text = statements.join("\n");
    let longest = text
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = write!(out, "{fence}sql\n{text}\n{fence}\n");
}

fn list(title: &str, lines: impl Iterator<Item = String>, out: &mut String) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        let _ = write!(out, "\n### {title}\n\n");
    }
    for line in lines {
        let _ = writeln!(out, "- {}", escaped(&line));
    }
}
