//! Carrying out what was chosen, told line by line.

use std::process::ExitCode;

use tokio::sync::watch;

use super::flags::{Chosen, Wanted};
use super::{FAILED, USAGE};
use crate::optimize::apply::{Event, apply};
use crate::optimize::plan::{Plan, Proposal, Risk};
use crate::report::cleaned;
use crate::requirement::human;

pub(super) async fn chosen(wanted: &Wanted, plan: &Plan, stop: watch::Receiver<bool>) -> ExitCode {
    let chosen = match proposals(wanted, plan) {
        Ok(chosen) => chosen,
        Err(told) => {
            eprintln!("error: {told}");
            return ExitCode::from(USAGE);
        }
    };
    if chosen.is_empty() {
        eprintln!("Nothing to carry out.");
        return ExitCode::SUCCESS;
    }
    match carried_out(wanted, &chosen, stop).await {
        Ok(()) => {
            left_alone(plan, &chosen);
            ExitCode::SUCCESS
        }
        Err(told) => {
            eprintln!("error: {told}");
            ExitCode::from(FAILED)
        }
    }
}

fn proposals<'a>(wanted: &Wanted, plan: &'a Plan) -> Result<Vec<&'a Proposal>, String> {
    let only = match &wanted.apply {
        Some(Chosen::Only(only)) => Some(only.as_slice()),
        _ => None,
    };
    plan.chosen(only).map_err(|unknown| {
        let unknown: Vec<String> = unknown.iter().map(ToString::to_string).collect();
        format!(
            "--only {}: there is no such proposal; there are {}",
            unknown.join(","),
            plan.proposals.len()
        )
    })
}

async fn carried_out(
    wanted: &Wanted,
    chosen: &[&Proposal],
    mut stop: watch::Receiver<bool>,
) -> Result<(), String> {
    eprintln!("The way back: {}", wanted.undo_file.display());
    let mut tell = tell;
    let done = apply(
        &wanted.database,
        wanted.insecure,
        chosen,
        &wanted.undo_file,
        wanted.limits,
        &mut stop,
        &mut tell,
    );
    done.await.map_err(|error| error.to_string())
}

fn tell(event: Event<'_>) {
    match event {
        Event::Begins(proposal) => eprintln!("{}. {} …", proposal.number, cleaned(&proposal.what)),
        Event::GoesOn(phase, Some(percent)) => eprintln!("   {phase}, {percent:.0} %"),
        Event::GoesOn(phase, None) => eprintln!("   {phase}"),
        Event::Done(_, took) => eprintln!("   done in {}", human::time(took.as_secs_f64() * 1e3)),
    }
}

fn left_alone(plan: &Plan, chosen: &[&Proposal]) {
    let left = plan
        .proposals
        .iter()
        .filter(|one| !chosen.iter().any(|other| other.number == one.number));
    let left: Vec<String> = left
        .filter(|one| one.risk == Risk::High)
        .map(|one| one.number.to_string())
        .collect();
    if !left.is_empty() {
        eprintln!(
            "Left alone, as somebody has to decide: --only {}",
            left.join(",")
        );
    }
}
