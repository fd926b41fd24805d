//! The table: which finding concerns what, in the order in which they are reported.

use super::case::{Case, Cause, Topic, topics};
use super::{failures, generator, journeys, observed, search, session, slowness, sockets};
use crate::record::{RunResult, Status};
use crate::requirement::{Judgement, Verdict};

/// A look at the evidence; what it says is tied to numbers of that evidence.
type Find = fn(&Case<'_>) -> Option<String>;
/// One that also says how much of what was missed it explains.
type Explain = fn(&Case<'_>) -> Option<Cause>;

const LOAD: &[Topic] = &[Topic::Times, Topic::Errors, Topic::Throughput];
const FAILING: &[Topic] = &[
    Topic::Times,
    Topic::Errors,
    Topic::Throughput,
    Topic::Search,
];
const SEARCH: &[Topic] = &[Topic::Search];
const SPEED: &[Topic] = &[Topic::Times, Topic::Throughput];
const OWN: &[Topic] = &[Topic::Times, Topic::Throughput, Topic::Generator];
const SENDING: &[Topic] = &[Topic::Errors, Topic::Throughput, Topic::Generator];
const UP: &[Topic] = &[
    Topic::Times,
    Topic::Errors,
    Topic::Throughput,
    Topic::Health,
    Topic::Outages,
    Topic::Sockets,
];
const TALK: &[Topic] = &[Topic::Times, Topic::Errors, Topic::Sockets];

/// What happened to the target from outside.
const EVENTS: &[(&[Topic], Find)] = &[(UP, session::outages), (UP, session::restarts)];

/// How WebSockets fared.
const TALKED: &[(&[Topic], Find)] = &[
    (TALK, sockets::refused),
    (TALK, sockets::not_there),
    (TALK, sockets::lost_replies),
    (TALK, sockets::closed),
];

/// How requests failed.
const FAILURES: &[(&[Topic], Explain)] = &[
    (FAILING, failures::no_connection),
    (FAILING, failures::rate_limited),
    (FAILING, failures::not_allowed),
    (FAILING, failures::not_found),
    (FAILING, failures::server_errors),
    (FAILING, failures::other_statuses),
    (FAILING, failures::timeouts),
    (FAILING, failures::resets),
    (FAILING, failures::tls),
    (FAILING, failures::bad_answers),
    (FAILING, failures::bad_bodies),
    (FAILING, failures::wrong_answers),
    (FAILING, failures::unfinished),
    (FAILING, journeys::ended),
];

/// Where the time went, and whether it was the generator's.
const DELAYS: &[(&[Topic], Explain)] = &[
    (SENDING, generator::no_sockets),
    (SPEED, slowness::stall),
    (OWN, generator::late),
    (OWN, generator::busy),
    (SPEED, generator::waited),
    (SPEED, slowness::recurring),
    (SPEED, slowness::queueing),
    (SPEED, slowness::slow_endpoints),
    (SPEED, slowness::heavy_bodies),
];

/// What the evidence lacks.
const LACKS: &[(&[Topic], Find)] = &[
    (LOAD, session::too_few),
    (SEARCH, search::saturated),
    (SEARCH, search::gap),
];

const STORED: &[Topic] = &[Topic::Cache];
const ASKED: &[Topic] = &[Topic::Queries];
const WAITED: &[Topic] = &[Topic::Queries, Topic::Times, Topic::OwnTimes];
const WORKED: &[Topic] = &[Topic::Processor, Topic::Times, Topic::OwnTimes];
const KEPT: &[Topic] = &[Topic::Memory, Topic::Times, Topic::Errors];

/// What was seen from beside the load.
const INSIDE: &[(&[Topic], Find)] = &[
    (STORED, observed::cache),
    (WAITED, observed::slow_queries),
    (ASKED, observed::unknown_queries),
    (WAITED, observed::locks),
    (WAITED, observed::idle_and_slow),
    (WORKED, observed::busy),
    (WORKED, observed::full_machine),
    (KEPT, observed::leak),
    (&[Topic::Memory], observed::short_of_memory),
    (STORED, session::too_few),
    (ASKED, session::too_few),
    (LOAD, observed::band),
];

/// What to do about a judgement that is not a pass, a line each; nothing when it is one.
///
/// `runs` may hold more than the runs the judgement rests on.
pub fn advise(judgement: &Judgement, runs: &[RunResult]) -> Vec<String> {
    if judgement.verdict == Verdict::Pass {
        return Vec::new();
    }
    let scenario = judgement.requirement.scenario.as_ref();
    let runs: Vec<&RunResult> = runs
        .iter()
        .filter(|run| scenario.is_none_or(|name| run.scenario == *name))
        .collect();
    let mut told: Vec<String> = Vec::new();
    for run in &runs {
        for line in of_run(judgement, run) {
            let line = if runs.len() > 1 {
                format!("{}: {line}", run.scenario)
            } else {
                line
            };
            if !told.contains(&line) {
                told.push(line);
            }
        }
    }
    if told.is_empty() {
        told.extend(session::without_findings(judgement));
    }
    told
}

/// A run that could not be made says itself what to do; of any other the table is gone through.
fn of_run(judgement: &Judgement, run: &RunResult) -> Vec<String> {
    let topics = topics(judgement);
    let needs_load = topics
        .iter()
        .any(|topic| !matches!(topic, Topic::Health | Topic::Outages));
    if run.status == Status::Failed && needs_load {
        return run
            .problem
            .iter()
            .map(|problem| problem.advice.clone())
            .collect();
    }
    let case = Case::new(judgement, run);
    // A handful of failures moves no percentile that is judged.
    let matter = !case.is_handful() || topics.iter().any(|topic| *topic != Topic::Times);
    let (talked, failures) = if matter {
        (TALKED, FAILURES)
    } else {
        (&[][..], &[][..])
    };
    let plain = |finds: &[(&[Topic], Find)]| -> Vec<String> {
        let mine = finds
            .iter()
            .filter(|(concerned, _)| concern(concerned, &topics));
        mine.filter_map(|(_, find)| find(&case)).collect()
    };
    let causes = failures.iter().chain(DELAYS);
    let mut causes: Vec<Cause> = causes
        .filter(|(concerned, _)| concern(concerned, &topics))
        .filter_map(|(_, find)| find(&case))
        .collect();
    // What explains most comes first; of two that explain as much, failures come before delays.
    causes.sort_by_key(|cause| std::cmp::Reverse(rank(cause)));
    let mut lines = [plain(EVENTS), plain(talked)].concat();
    lines.extend(causes.into_iter().map(|cause| cause.text));
    lines.extend(plain(LACKS));
    lines.extend(plain(INSIDE));
    lines
}

fn concern(concerned: &[Topic], topics: &[Topic]) -> bool {
    concerned.iter().any(|topic| topics.contains(topic))
}

/// In twentieths: shares that differ by less are the same.
fn rank(cause: &Cause) -> u32 {
    (cause.explains * 20.0).round() as u32
}
