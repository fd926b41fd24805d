//! For `psql -f`: what needs thought is written as a comment.

use std::fmt::Write as _;

use crate::plan::{OptimizerPlan, Proposal, Risk};
use agentos_perf_core::text::clean;

/// The plan as a script. Each statement is a transaction of its own, as `psql` makes them; proposals of high risk are
/// commented out.
pub fn sql(plan: &OptimizerPlan) -> String {
    let mut out = format!("-- {}\n", clean(&plan.subject()));
    out.push_str("SET lock_timeout = '5s';\n");
    for proposal in &plan.proposals {
        one(proposal, &mut out);
    }
    out
}

fn one(proposal: &Proposal, out: &mut String) {
    let Proposal {
        number, what, risk, ..
    } = proposal;
    let _ = write!(
        out,
        "\n-- {number}. {} [{}] (risk: {risk})\n",
        clean(what),
        proposal.id
    );
    for why in &proposal.why {
        let _ = writeln!(out, "--    {}", clean(why));
    }
    if let Some(role) = &proposal.role {
        let _ = writeln!(out, "--    for {}, who owns the table", clean(role));
    }
    let begin = if *risk == Risk::High { "-- " } else { "" };
    for statement in &proposal.sql {
        // A name may hold a line break, and what is behind it is to stay a comment.
        let statement = statement.replace('\n', &format!("\n{begin}"));
        let _ = writeln!(out, "{begin}{statement};");
    }
}
