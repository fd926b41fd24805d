//! Applies the chosen changes, reports each line by line, and verifies them.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::flags::{OptimizeOptions, PlanFormat, Selection};
use super::{FAILED, USAGE};
use crate::baseline::{BaselineComparison, compare, compare_queries, table};
use crate::connection::DatabaseUrl;
use crate::connection::excerpt::excerpts;
use crate::harness::{BeforeAndAfter, note, note_text, print};
use crate::optimize::apply::{Applied, ApplyEvent, analyze, apply, revert};
use crate::optimize::plan::{OptimizerPlan, Proposal, Risk};
use crate::report::Report;
use crate::requirement::{Standing, format};
use crate::text::clean as cleaned;

/// As much of a statement is shown.
const LONGEST: usize = 40;

/// One run of `--apply`.
struct ApplyRun<'a> {
    wanted: &'a OptimizeOptions,
    database: &'a DatabaseUrl,
    runtime: &'a Runtime,
    chosen: Vec<&'a Proposal>,
    stop: watch::Receiver<bool>,
}

pub(super) fn run(
    wanted: &OptimizeOptions,
    database: &DatabaseUrl,
    plan: &OptimizerPlan,
    runtime: &Runtime,
) -> ExitCode {
    let chosen = match proposals(wanted, plan) {
        Ok(chosen) => chosen,
        Err(told) => {
            say(&format!("error: {told}"));
            return ExitCode::from(USAGE);
        }
    };
    if chosen.is_empty() {
        say("Nothing to apply.");
        report_skipped(plan, &chosen);
        return ExitCode::SUCCESS;
    }
    let apply_run = ApplyRun {
        wanted,
        database,
        runtime,
        chosen,
        stop: stop_on_interrupt(wanted.proof.as_ref()),
    };
    let ended = match &wanted.proof {
        Some(proof) => apply_run.verify(proof),
        None => apply_run
            .apply_changes()
            .and_then(|applied| match failures(&applied) {
                Some(failures) => Err(failures),
                None => Ok(()),
            }),
    };
    match ended {
        Ok(()) => {
            report_skipped(plan, &apply_run.chosen);
            ExitCode::SUCCESS
        }
        Err(told) => {
            say(&format!("error: {told}"));
            ExitCode::from(FAILED)
        }
    }
}

/// What was not applied, in one line; `None` if all was.
fn failures(applied: &Applied) -> Option<String> {
    let Applied {
        done,
        failed,
        untried,
    } = applied;
    let whys: Vec<String> = failed
        .iter()
        .map(|error| cleaned(&error.to_string()))
        .collect();
    let whys = whys.join("; ");
    let all = done + failed.len() + untried;
    if all == 1 {
        return failed.first().map(|_| whys);
    }
    let untried = match untried {
        0 => String::new(),
        more => format!(" ({more} not tried)"),
    };
    (!failed.is_empty()).then(|| {
        format!(
            "{} of {all} changes were not applied{untried}: {whys}",
            all - done
        )
    })
}

fn proposals<'a>(
    wanted: &OptimizeOptions,
    plan: &'a OptimizerPlan,
) -> Result<Vec<&'a Proposal>, String> {
    let only = match &wanted.apply {
        Some(Selection::Only(only)) => Some(only.as_slice()),
        _ => None,
    };
    plan.chosen(only)
        .map_err(|error| format!("--only: {error}"))
}

impl ApplyRun<'_> {
    fn apply_changes(&self) -> Result<Applied, String> {
        let OptimizeOptions {
            insecure,
            undo_file,
            limits,
            ..
        } = self.wanted;
        say(&format!("Undo script: {}", undo_file.display()));
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

    /// The same load before and after. Everything is reverted if it got worse or if the second load fails.
    fn verify(&self, proof: &BeforeAndAfter) -> Result<(), String> {
        let before = proof.load(self.database, "before");
        let before =
            before.map_err(|told| format!("the load before: {told}; nothing was changed"))?;
        let applied = self.apply_changes()?;
        let failures = failures(&applied);
        if let Some(failures) = failures
            .as_ref()
            .filter(|_| applied.done == 0 || applied.untried > 0)
        {
            return self.revert_unverified(failures);
        }
        self.analyze_all();
        let after = proof.load(self.database, "after");
        let after = match after {
            Ok(after) => after,
            Err(told) => return self.revert_unverified(&format!("the load after: {told}")),
        };
        let comparison = compare(&[&before], &[&after], proof.confidence());
        let is_worse = comparison.worse().next().is_some();
        if is_worse {
            self.revert_all()?;
        }
        self.show(&comparison, &before, &after, proof.confidence());
        let is_better = comparison
            .compared
            .iter()
            .any(|one| one.standing == Some(Standing::Better));
        let is_settled = !comparison.compared.is_empty() && comparison.unsettled.is_empty();
        let verdict = match (is_worse, is_better || is_settled) {
            (true, _) => Some("it got worse, and everything was reverted".to_owned()),
            (false, true) => None,
            (false, false) => Some(format!(
                "it is not settled whether it got better or worse, and all changes stay: run it longer (-- \
                 --duration), or revert it with psql -f {}",
                self.wanted.undo_file.display()
            )),
        };
        let wrong: Vec<String> = verdict.into_iter().chain(failures).collect();
        if wrong.is_empty() {
            return Ok(());
        }
        Err(wrong.join("; "))
    }

    fn revert_unverified(&self, told: &str) -> Result<(), String> {
        self.revert_all()?;
        Err(format!(
            "{told}; everything was reverted, as its effect was not measured"
        ))
    }

    /// The response times, which were judged, and beside them those of the statements. Their reader may be gone.
    fn show(
        &self,
        comparison: &BaselineComparison,
        before: &Report,
        after: &Report,
        confidence: f64,
    ) {
        let mut compared = compare_queries(before, after, confidence);
        let texts: Vec<&str> = compared.iter().map(|one| one.scenario.as_str()).collect();
        let texts = excerpts(&texts, LONGEST);
        for (one, text) in compared.iter_mut().zip(texts) {
            one.scenario = text;
        }
        let queries = BaselineComparison {
            compared,
            left_out: Vec::new(),
            unsettled: Vec::new(),
            assumed: None,
            ..comparison.clone()
        };
        let text = format!(
            "\n{}\nstatements (shown, not judged):\n{}",
            table(comparison),
            table(&queries)
        );
        match self.wanted.output {
            PlanFormat::Text => {
                let _ = print(&text);
            }
            // The plan is to be read by a program.
            _ => note_text(&text),
        }
    }

    /// So that the planner knows the rows as they are.
    fn analyze_all(&self) {
        let OptimizeOptions {
            insecure, limits, ..
        } = self.wanted;
        let mut stop = self.stop.clone();
        let done = analyze(self.database, *insecure, *limits, &mut stop);
        if let Err(told) = self.runtime.block_on(done) {
            say(&format!("warning: ANALYZE: {told}"));
        }
    }

    fn revert_all(&self) -> Result<(), String> {
        let OptimizeOptions {
            insecure,
            undo_file,
            limits,
            ..
        } = self.wanted;
        // Ctrl-C ended the load; what is taken back is taken back whole.
        let (_keep, mut stop) = watch::channel(false);
        let back = revert(self.database, *insecure, &self.chosen, *limits, &mut stop);
        self.runtime.block_on(back).map_err(|error| {
            format!(
                "it could not be reverted: {error}; run psql -f {}",
                undo_file.display()
            )
        })
    }
}

fn tell(event: ApplyEvent<'_>) {
    match event {
        ApplyEvent::Begins(proposal) => say(&format!(
            "{}. {} …",
            proposal.number,
            cleaned(&proposal.what)
        )),
        ApplyEvent::GoesOn(phase, Some(percent)) => say(&format!("   {phase}, {percent:.0} %")),
        ApplyEvent::GoesOn(phase, None) => say(&format!("   {phase}")),
        // The error itself is said at the end, with all others.
        ApplyEvent::Failed(_) => say("   not applied"),
        ApplyEvent::Stays(what) => say(&format!("   {}", cleaned(&what))),
        ApplyEvent::Done(_, took) => {
            say(&format!(
                "   done in {}",
                format::time(took.as_secs_f64() * 1e3)
            ));
        }
    }
}

/// A line on stderr, whose reader may be gone: that is not a reason to leave anything half done.
fn say(line: &str) {
    note(line);
}

fn report_skipped(plan: &OptimizerPlan, chosen: &[&Proposal]) {
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
            None => "they need a decision".to_owned(),
            Some(role) => format!("the tables belong to {}", cleaned(role)),
        };
        say(&format!("Skipped, as {why}: --only {}", ids.join(",")));
    }
}

/// Becomes true with the first Ctrl-C or request to end; the second ends everything.
fn stop_on_interrupt(proof: Option<&BeforeAndAfter>) -> watch::Receiver<bool> {
    let (stopping, stop) = watch::channel(false);
    let load = proof.map(BeforeAndAfter::interrupter);
    let handler = move || {
        if stopping.send_replace(true) {
            std::process::exit(130);
        }
        if let Some(load) = &load {
            load.store(true, Ordering::SeqCst);
        }
        say("\nstopping the current step; press Ctrl-C again to stop at once");
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        say(&format!(
            "warning: Ctrl-C will stop everything at once: {error}"
        ));
    }
    stop
}
