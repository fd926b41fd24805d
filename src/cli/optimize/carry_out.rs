//! Carrying out what was chosen, told line by line, and proving it.

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::flags::{Chosen, Wanted};
use super::{FAILED, USAGE};
use crate::baseline::{compare, compare_queries, table};
use crate::harness::BeforeAndAfter;
use crate::monitor::DatabaseUrl;
use crate::optimize::apply::{Event, apply, take_back};
use crate::optimize::plan::{Plan, Proposal, Risk};
use crate::report::cleaned;
use crate::requirement::human;

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
    plan.chosen(only).map_err(|unknown| {
        format!(
            "--only {}: there is no such proposal; there are {}",
            unknown.join(","),
            plan.proposals.len()
        )
    })
}

impl Carrying<'_> {
    fn carried_out(&self) -> Result<(), String> {
        let Wanted {
            insecure,
            undo_file,
            limits,
            ..
        } = self.wanted;
        eprintln!("The way back: {}", undo_file.display());
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

    /// The same load before and after; what got worse is taken back.
    fn proved(&self, proof: &BeforeAndAfter) -> Result<(), String> {
        let database = self.database;
        let before = proof.load(database, "before");
        let before =
            before.map_err(|told| format!("the load before: {told}; nothing was changed"))?;
        self.carried_out()?;
        self.analyzed();
        let after = match proof.load(database, "after") {
            Ok(after) => after,
            Err(told) => {
                self.taken_back()?;
                return Err(format!(
                    "the load after: {told}; everything was taken back, as nothing proves it"
                ));
            }
        };
        let mut comparison = compare(&[&before], &[&after], proof.confidence());
        comparison
            .compared
            .extend(compare_queries(&before, &after, proof.confidence()));
        print!("\n{}", table(&comparison));
        if comparison.worse().next().is_none() {
            return Ok(());
        }
        self.taken_back()?;
        Err("it got worse, and everything was taken back".to_owned())
    }

    /// So that the planner knows the rows as they are.
    fn analyzed(&self) {
        let Wanted { insecure, .. } = self.wanted;
        let analyzed = self.runtime.block_on(async {
            let database = self.database.connect(*insecure).await?;
            let done = database.client.batch_execute("ANALYZE").await;
            done.map_err(|error| crate::monitor::told(&error))
        });
        if let Err(told) = analyzed {
            eprintln!("warning: ANALYZE: {told}");
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
        Event::Begins(proposal) => eprintln!("{}. {} …", proposal.number, cleaned(&proposal.what)),
        Event::GoesOn(phase, Some(percent)) => eprintln!("   {phase}, {percent:.0} %"),
        Event::GoesOn(phase, None) => eprintln!("   {phase}"),
        Event::Done(_, took) => eprintln!("   done in {}", human::time(took.as_secs_f64() * 1e3)),
    }
}

fn left_alone(plan: &Plan, chosen: &[&Proposal]) {
    let is_chosen = |one: &&Proposal| chosen.iter().any(|other| other.number == one.number);
    let left = plan
        .proposals
        .iter()
        .filter(|one| one.risk == Risk::High && !is_chosen(one));
    let left: Vec<&str> = left.map(|one| one.id.as_str()).collect();
    if !left.is_empty() {
        eprintln!(
            "Left alone, as somebody has to decide: --only {}",
            left.join(",")
        );
    }
}

/// Becomes true with the first Ctrl-C or request to end; the second ends everything.
fn stopped(proof: Option<&BeforeAndAfter>) -> watch::Receiver<bool> {
    let (say, stop) = watch::channel(false);
    let load = proof.map(BeforeAndAfter::interrupter);
    let handler = move || {
        if say.send_replace(true) {
            std::process::exit(130);
        }
        if let Some(load) = &load {
            load.store(true, Ordering::SeqCst);
        }
        eprintln!("\nending what is under way; once more to end at once");
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("warning: Ctrl-C will end everything at once: {error}");
    }
    stop
}
