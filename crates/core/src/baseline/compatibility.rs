//! What must be alike for two sessions to be compared.

use crate::model::Report;
use crate::record::Machine;
use crate::text::clean as cleaned;

/// In what any session of a baseline differs from another so that their figures are incomparable, a line each.
pub fn unlike(baseline: &[Report], session: &Report) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for earlier in baseline {
        for line in differences(earlier, session) {
            let line = cleaned(&line);
            if !found.contains(&line) {
                found.push(line);
            }
        }
    }
    found
}

/// The same before a session has had its load: it will be made on this machine, with these scenarios and the
/// fingerprints of their plans.
pub fn unlike_before(
    baseline: &[Report],
    machine: &Machine,
    plans: &[(String, String)],
) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for earlier in baseline {
        let mut lines = against_machine(earlier, Some(machine));
        for (scenario, plan) in plans {
            lines.extend(against_plan(earlier, scenario, plan));
        }
        for line in lines {
            let line = cleaned(&line);
            if !found.contains(&line) {
                found.push(line);
            }
        }
    }
    found
}

/// In what two sessions differ that makes their figures incomparable, a line each; empty when nothing does.
fn differences(before: &Report, after: &Report) -> Vec<String> {
    let mut found = against_machine(before, after.machine.as_ref());
    for shown in &after.runs {
        found.extend(against_plan(before, &shown.run.scenario, &shown.run.plan));
    }
    found
}

fn against_machine(before: &Report, after: Option<&Machine>) -> Vec<String> {
    match (&before.machine, after) {
        (Some(a), Some(b)) => of_machines(a, b),
        _ => vec!["one of them does not tell on what machine it was made".to_owned()],
    }
}

fn against_plan(before: &Report, scenario: &str, plan: &str) -> Option<String> {
    let mut runs = before.runs.iter().map(|shown| &shown.run);
    let other = runs.find(|run| run.scenario == scenario && run.plan != plan)?;
    Some(format!(
        "the plan of {scenario} differs ({}, {plan}): profile, flags and variables must be the same",
        other.plan
    ))
}

fn of_machines(a: &Machine, b: &Machine) -> Vec<String> {
    let told = [
        ("operating system", a.os.clone(), b.os.clone()),
        ("architecture", a.arch.clone(), b.arch.clone()),
        ("processor", a.processor.clone(), b.processor.clone()),
        (
            "number of processors",
            a.processors.to_string(),
            b.processors.to_string(),
        ),
        (
            "load generator's version",
            a.version.clone(),
            b.version.clone(),
        ),
    ];
    let other = told.into_iter().filter(|(_, a, b)| a != b);
    other
        .map(|(what, a, b)| format!("the {what} differs ({a}, {b})"))
        .collect()
}
