//! What has to be alike for two sessions to be compared.

use crate::record::Machine;
use crate::report::Report;

/// In what any session of a baseline differs from another so that their figures are incomparable, a line each.
pub fn unlike(baseline: &[Report], session: &Report) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for earlier in baseline {
        for line in differences(earlier, session) {
            if !found.contains(&line) {
                found.push(line);
            }
        }
    }
    found
}

/// In what two sessions differ that makes their figures incomparable, a line each; empty when nothing does.
fn differences(before: &Report, after: &Report) -> Vec<String> {
    let mut found = Vec::new();
    if let (Some(a), Some(b)) = (&before.machine, &after.machine) {
        found.extend(of_machines(a, b));
    } else {
        found.push("one of them does not tell on what machine it was made".to_owned());
    }
    for shown in &after.runs {
        let run = &shown.run;
        let same = before
            .runs
            .iter()
            .map(|shown| &shown.run)
            .find(|other| other.scenario == run.scenario);
        if let Some(other) = same.filter(|other| other.plan != run.plan) {
            found.push(format!(
                "the plan of {} is another ({} and {}): profile, flags and variables have to be the same",
                run.scenario, other.plan, run.plan
            ));
        }
    }
    found
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
        .map(|(what, a, b)| format!("the {what} is another ({a} and {b})"))
        .collect()
}
