//! Why a step broke, in the order in which it helps: requests that were refused or failed before slow ones.
//!
//! A failed request counts as its timeout in the response times, so that failures alone look like slowness.

use crate::judge::{is_missed_by_failures, is_rate_of_failures, without_reach};
use crate::record::Outcome;
use crate::record::{Outcomes, RunResult, Second, Summary, Times, failures_of};
use crate::requirement::{CheckJudgement, Family, Judgement, Metric, Verdict, format};

/// Kinds of failures that are named.
const NAMED: usize = 3;

/// The reason of a failed judgement on a run.
pub(super) fn told(judgement: &Judgement, run: &RunResult) -> String {
    let failed: Vec<&CheckJudgement> = judgement
        .checks
        .iter()
        .filter(|judged| judged.verdict == Verdict::Fail)
        .collect();
    let (outcomes, due) = ended(run);
    let explained = |judged: &&CheckJudgement| explains(&outcomes, due, judged);
    if !failed.iter().any(explained) {
        return without_reach(&judgement.reason);
    }
    let mut parts = vec![named(&outcomes, due)];
    let (rates, times): (Vec<&CheckJudgement>, Vec<&CheckJudgement>) = failed
        .into_iter()
        .partition(|judged| is_rate(judged.check.metric));
    parts.extend(rates.iter().map(|judged| without_reach(&judged.reason)));
    let answered = Times::of(&Summary::of(run).answered);
    for judged in times {
        let quick = answered.filter(|_| explains(&outcomes, due, judged));
        parts.push(match quick {
            Some(answered) => format!(
                "{}: each failure counts as its timeout there, and successful requests took {} at p95",
                without_reach(&judged.reason),
                format::time(answered.p95)
            ),
            None => without_reach(&judged.reason),
        });
    }
    parts.join("; ")
}

/// Refusals, failures and what is neither, of the requests of a run's judged part that failed by themselves.
fn ended(run: &RunResult) -> (Outcomes, u64) {
    let window = run.window.seconds();
    let end = window.end.min(run.seconds.len());
    let seconds = run.seconds.get(window.start..end).unwrap_or_default();
    let mut outcomes = Outcomes::new();
    for counts in seconds.iter().flat_map(|second| &second.endpoints) {
        for (outcome, count) in &counts.outcomes {
            *outcomes.entry(*outcome).or_default() += count;
        }
    }
    (outcomes, seconds.iter().map(Second::due).sum())
}

/// Whether failures are enough to miss a check.
fn explains(outcomes: &Outcomes, due: u64, judged: &CheckJudgement) -> bool {
    // What had no answer in time is slow, whatever else it is.
    let slow: u64 = outcomes
        .iter()
        .filter(|(outcome, _)| is_slow(**outcome))
        .map(|(_, count)| count)
        .sum();
    let failed = failures_of(outcomes);
    let quick = failed.saturating_sub(slow);
    match judged.check.metric.family() {
        Family::Load(metric) => is_missed_by_failures(metric, failed, quick, due),
        Family::Sockets(_)
        | Family::Session(_)
        | Family::Generator(_)
        | Family::Observed(_)
        | Family::Search(_) => quick * 20 > due,
    }
}

fn is_rate(metric: Metric) -> bool {
    matches!(metric.family(), Family::Load(metric) if is_rate_of_failures(metric))
}

fn is_slow(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Timeout | Outcome::NotStarted | Outcome::CutOff
    )
}

/// `1,200 of 1,600 requests were refused with 429 (rate limit), 12 got no connection`: refusals first, then the most
/// frequent.
fn named(outcomes: &Outcomes, due: u64) -> String {
    let mut kinds: Vec<(Outcome, u64)> = outcomes
        .iter()
        .filter(|(outcome, count)| !outcome.is_ok() && !outcome.is_generators() && **count > 0)
        .map(|(outcome, count)| (*outcome, *count))
        .collect();
    let is_refusal =
        |outcome: Outcome| matches!(outcome, Outcome::RateLimited | Outcome::Status(503));
    kinds.sort_by_key(|(outcome, count)| (!is_refusal(*outcome), std::cmp::Reverse(*count)));
    let rest = kinds.len().saturating_sub(NAMED);
    let mut parts: Vec<String> = Vec::new();
    for (outcome, count) in kinds.into_iter().take(NAMED) {
        let count = format::count(count);
        let of = if parts.is_empty() {
            format!(" of {} requests", format::count(due))
        } else {
            String::new()
        };
        parts.push(format!("{count}{of} {}", how(outcome)));
    }
    if rest > 0 {
        parts.push("the rest in other ways".to_owned());
    }
    parts.join(", ")
}

fn how(outcome: Outcome) -> String {
    match outcome {
        Outcome::RateLimited => "were refused with 429 (rate limit)".to_owned(),
        Outcome::Status(503) => "were refused with 503".to_owned(),
        Outcome::Status(status) => format!("met status {status}"),
        Outcome::Closed(code) => format!("lost their WebSocket, closed with {code}"),
        Outcome::Connect => "got no connection".to_owned(),
        Outcome::Tls => "failed in the TLS handshake".to_owned(),
        Outcome::Reset => "lost their connection before an answer".to_owned(),
        Outcome::Protocol | Outcome::BadBody => "got no whole HTTP answer".to_owned(),
        Outcome::WrongAnswer => "had a wrong answer".to_owned(),
        Outcome::Timeout => "had no answer within their timeout".to_owned(),
        Outcome::NotStarted | Outcome::CutOff => {
            "were not answered before the step had to end".to_owned()
        }
        Outcome::Ok | Outcome::NoSocket => outcome.to_string(),
    }
}
