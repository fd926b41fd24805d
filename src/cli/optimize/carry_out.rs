//! Carrying out what was chosen, told line by line, and proving it.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::flags::{Chosen, Output, Wanted};
use super::{FAILED, USAGE};
use crate::baseline::{Comparison, compare, compare_queries, table};
use crate::harness::BeforeAndAfter;
use crate::monitor::DatabaseUrl;
use crate::optimize::apply::{Event, analyze, apply, take_back};
use crate::optimize::plan::{Plan, Proposal, Risk};
use crate::report::{Report, cleaned};
use crate::requirement::{Standing, human};

/// What one change after another goes through.
struct Carrying<'a> {
    wanted: &'a Wanted,
    database: &'a DatabaseUrl,
    runtime: &'a Runtime,
    chosen: Vec<&'a Proposal>,
    stop: watch::Receiver<bool>,
}

pub(super) fn chosen(
    wanted: &Wanted,
    database: &DatabaseUrl,
    plan: &Plan,
    runtime: &Runtime,
) -> ExitCode {
    let chosen = match proposals(wanted, plan) {
        Ok(chosen) => chosen,
        Err(told) => {
            eprintln!("error: {told}");
            return ExitCode::from(USAGE);
        }
    };
    if chosen.is_empty() {
        eprintln!("Nothing to carry out.");
        left_alone(plan, &chosen);
        return ExitCode::SUCCESS;
    }
    let carrying = Carrying {
        wanted,
        database,
        runtime,
        chosen,
        stop: stopped(wanted.proof.as_ref()),
    };
    let ended = match &wanted.proof {
        Some(proof) => carrying.proved(proof),
        None => carrying.carried_out(),
    };
    match ended {
        Ok(()) => {
            left_alone(plan, &carrying.chosen);
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
    plan.chosen(only)
        .map_err(|error| format!("--only: {error}"))
}

impl Carrying<'_> {
    fn carried_out(&self) -> Result<(), String> {
        let Wanted {
            insecure,
            undo_file,
            limits,
            ..
        } = self.wanted;
        say(&format!("The way back: {}", undo_file.display()));
        let (mut stop, mut tell) = (self.stop.clone(), tell);
        let done = apply(
            self.database,
            *insecure,
            &self.chosen,
            undo_file,
            *limits,
            &mut stop,
            &mut tell,
        );
        self.runtime
            .block_on(done)
            .map_err(|error| error.to_string())
    }

    /// The same load before and after; what got worse is taken back, and so is what nothing proves.
    fn proved(&self, proof: &BeforeAndAfter) -> Result<(), String> {
        let before = proof.load(self.database, "before");
        let before =
            before.map_err(|told| format!("the load before: {told}; nothing was changed"))?;
        self.carried_out().or_else(|told| self.unproved(&told))?;
        self.analyzed();
        let after = proof.load(self.database, "after");
        let after = match after {
            Ok(after) => after,
            Err(told) => return self.unproved(&format!("the load after: {told}")),
        };
        let comparison = compare(&[&before], &[&after], proof.confidence());
        let is_worse = comparison.worse().next().is_some();
        if is_worse {
            self.taken_back()?;
        }
        self.show(&comparison, &before, &after, proof.confidence());
        let is_better = comparison
            .compared
            .iter()
            .any(|one| one.standing == Some(Standing::Better));
        let is_settled = !comparison.compared.is_empty() && comparison.unsettled.is_empty();
        match (is_worse, is_better || is_settled) {
            (true, _) => Err("it got worse, and everything was taken back".to_owned()),
            (false, true) => Ok(()),
            (false, false) => Err(format!(
                "it is not settled whether it got better or worse, and all of it stays: run it longer (-- --duration), \
                 or take it back with psql -f {}",
                self.wanted.undo_file.display()
            )),
        }
    }

    fn unproved(&self, told: &str) -> Result<(), String> {
        self.taken_back()?;
        Err(format!(
            "{told}; everything was taken back, as nothing proves it"
        ))
    }

    /// The response times, which were judged, and beside them those of the statements. Whoever reads along may be gone.
    fn show(&self, comparison: &Comparison, before: &Report, after: &Report, confidence: f64) {
        let queries = Comparison {
            compared: compare_queries(before, after, confidence),
            left_out: Vec::new(),
            unsettled: Vec::new(),
            assumed: None,
            ..comparison.clone()
        };
        let text = format!(
            "\n{}\nstatements, told and not judged:\n{}",
            table(comparison),
            table(&queries)
        );
        let _ = match self.wanted.output {
            Output::Text => io::stdout().write_all(text.as_bytes()),
            // The plan is to be read by a program.
            _ => io::stderr().write_all(text.as_bytes()),
        };
    }

    /// So that the planner knows the rows as they are.
    fn analyzed(&self) {
        let Wanted {
            insecure, limits, ..
        } = self.wanted;
        let mut stop = self.stop.clone();
        let done = analyze(self.database, *insecure, *limits, &mut stop);
        if let Err(told) = self.runtime.block_on(done) {
            say(&format!("warning: ANALYZE: {told}"));
        }
    }

    fn taken_back(&self) -> Result<(), String> {
        let Wanted {
            insecure,
            undo_file,
            limits,
            ..
        } = self.wanted;
        // Ctrl-C ended the load; what is taken back is taken back whole.
        let (_keep, mut stop) = watch::channel(false);
        let back = take_back(self.database, *insecure, &self.chosen, *limits, &mut stop);
        self.runtime.block_on(back).map_err(|error| {
            format!(
                "it was to be taken back: {error}; psql -f {} does it",
                undo_file.display()
            )
        })
    }
}

fn tell(event: Event<'_>) {
    match event {
        Event::Begins(proposal) => say(&format!(
            "{}. {} …",
            proposal.number,
            cleaned(&proposal.what)
        )),
        Event::GoesOn(phase, Some(percent)) => say(&format!("   {phase}, {percent:.0} %")),
        Event::GoesOn(phase, None) => say(&format!("   {phase}")),
        Event::Stays(what) => say(&format!("   {}", cleaned(&what))),
        Event::Done(_, took) => {
            say(&format!(
                "   done in {}",
                human::time(took.as_secs_f64() * 1e3)
            ));
        }
    }
}

/// A line on stderr, whose reader may be gone: that is no reason to leave anything half done.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn left_alone(plan: &Plan, chosen: &[&Proposal]) {
    let is_chosen = |one: &&Proposal| chosen.iter().any(|other| other.number == one.number);
    let mut left: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
    for one in plan.proposals.iter().filter(|one| !is_chosen(one)) {
        if one.role.is_some() || one.risk == Risk::High {
            let of_role = left.entry(one.role.as_deref()).or_default();
            of_role.push(&one.id);
        }
    }
    for (role, ids) in left {
        let why = match role {
            None => "somebody has to decide".to_owned(),
            Some(role) => format!("it is for {}, who owns the tables", cleaned(role)),
        };
        say(&format!("Left alone, as {why}: --only {}", ids.join(",")));
    }
}

/// Becomes true with the first Ctrl-C or request to end; the second ends everything.
fn stopped(proof: Option<&BeforeAndAfter>) -> watch::Receiver<bool> {
    let (stopping, stop) = watch::channel(false);
    let load = proof.map(BeforeAndAfter::interrupter);
    let handler = move || {
        if stopping.send_replace(true) {
            std::process::exit(130);
        }
        if let Some(load) = &load {
            load.store(true, Ordering::SeqCst);
        }
        say("\nending what is under way; once more to end at once");
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("warning: Ctrl-C will end everything at once: {error}");
    }
    stop
}
