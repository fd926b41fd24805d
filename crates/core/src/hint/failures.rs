//! Requests that failed, by cause.

use super::case::{Case, Cause};
use crate::record::{Excerpt, Outcome, Outcomes};
use crate::requirement::format;

/// Says something of the requests that ended in one of some ways, if there are any.
fn any(case: &Case<'_>, is_meant: fn(Outcome) -> bool, say: &str) -> Option<Cause> {
    let count = case.ended(is_meant);
    cause_of(case, count, || format!("{} {say}", case.of_due(count)))
}

/// What is said of so many failures.
fn cause_of(case: &Case<'_>, count: u64, say: impl Fn() -> String) -> Option<Cause> {
    (count > 0).then(|| Cause::of(say(), case.explained_by_failures(count)))
}

pub(super) fn no_connection(case: &Case<'_>) -> Option<Cause> {
    any(
        case,
        |outcome| outcome == Outcome::Connect,
        "got no connection: is the service running at that URL, and does a firewall or a full accept queue \
         stand in between?",
    )
}

pub(super) fn rate_limited(case: &Case<'_>) -> Option<Cause> {
    let count = case.ended(|outcome| outcome == Outcome::RateLimited);
    let excerpt = case.run.excerpts.get(Outcome::RateLimited);
    let wait = excerpt.and_then(|excerpt| excerpt.wait_s).map_or_else(
        || "429".to_owned(),
        |wait| format!("429, come back after {wait} s"),
    );
    cause_of(case, count, || {
        format!(
            "{} were refused by the target's rate limit ({wait}): raise or switch off the limit for this \
             machine's address while testing, give each user an address of its own where the target trusts a proxy \
             (`[identity] headers = {{ X-Forwarded-For = \"{{ip}}\" }}`), or ask for less with --users or --rate",
            case.of_due(count)
        )
    })
}

pub(super) fn not_allowed(case: &Case<'_>) -> Option<Cause> {
    let is_meant = |outcome| matches!(outcome, Outcome::Status(401 | 403));
    let count = case.ended(is_meant);
    let statuses = statuses(&case.summary.outcomes, is_meant);
    let is_about_user = most_said(case, is_meant)
        .is_some_and(|(outcome, excerpt)| outcome.is_about_user(&excerpt.text));
    let advice = if is_about_user {
        "the target takes their tokens and does not let these users in; create the users there, or name users that exist: \
         `user` and `claims` under [identity], or --users-file"
    } else {
        "give valid tokens with PERF_TOKEN, --token-file or --users-file, which do not expire during the run"
    };
    cause_of(case, count, || {
        format!(
            "{} were not allowed in ({statuses}){}: {advice}",
            case.of_due(count),
            said(case, is_meant)
        )
    })
}

pub(super) fn not_found(case: &Case<'_>) -> Option<Cause> {
    any(
        case,
        |outcome| outcome == Outcome::Status(404),
        "met 404: correct the endpoint's path in the profile, or leave it out where the target has none",
    )
}

pub(super) fn server_errors(case: &Case<'_>) -> Option<Cause> {
    let is_meant = |outcome| matches!(outcome, Outcome::Status(500..=599));
    let count = case.ended(is_meant);
    let statuses = statuses(&case.summary.outcomes, is_meant);
    cause_of(case, count, || {
        format!(
            "{} met an error of the server ({statuses}){}{}: look into the target's log of that time",
            case.of_due(count),
            mostly_at(case, is_meant),
            said(case, is_meant)
        )
    })
}

pub(super) fn other_statuses(case: &Case<'_>) -> Option<Cause> {
    let is_meant = |outcome| match outcome {
        Outcome::Status(status) => !matches!(status, 401 | 403 | 404 | 500..=599),
        _ => false,
    };
    let count = case.ended(is_meant);
    let statuses = statuses(&case.summary.outcomes, is_meant);
    cause_of(case, count, || {
        format!(
            "{} met a status that the profile does not expect ({statuses}){}{}: correct the request, or add \
             the status to the endpoint's `expect`",
            case.of_due(count),
            mostly_at(case, is_meant),
            said(case, is_meant)
        )
    })
}

pub(super) fn timeouts(case: &Case<'_>) -> Option<Cause> {
    let is_meant = |outcome| outcome == Outcome::Timeout;
    let count = case.ended(is_meant);
    cause_of(case, count, || {
        format!(
            "{} had no whole answer within their timeout{}: the target is stuck or overloaded; look for \
             locks, exhausted pools and slow queries, or load it with fewer --users",
            case.of_due(count),
            mostly_at(case, is_meant)
        )
    })
}

pub(super) fn resets(case: &Case<'_>) -> Option<Cause> {
    let is_meant = |outcome| outcome == Outcome::Reset;
    let count = case.ended(is_meant);
    cause_of(case, count, || {
        format!(
            "{} lost their connection before an answer{}: look for a crash or restart of the target's workers, or \
             a proxy that closes connections under load",
            case.of_due(count),
            said(case, is_meant)
        )
    })
}

pub(super) fn tls(case: &Case<'_>) -> Option<Cause> {
    any(
        case,
        |outcome| outcome == Outcome::Tls,
        "failed in the TLS handshake: check the certificate and the host's name; --insecure takes any \
         certificate",
    )
}

pub(super) fn bad_answers(case: &Case<'_>) -> Option<Cause> {
    any(
        case,
        |outcome| outcome == Outcome::Protocol,
        "were answered with something that is not HTTP, or not a frame of a WebSocket: look for a proxy in between, and \
         check the port and the scheme of the target's address",
    )
}

pub(super) fn bad_bodies(case: &Case<'_>) -> Option<Cause> {
    let is_meant = |outcome| outcome == Outcome::BadBody;
    let count = case.ended(is_meant);
    cause_of(case, count, || {
        format!(
            "{} had a body that was cut off or is longer than allowed{}: raise `body_limit` under [target], or \
             `frame_limit` of the WebSocket, if the target's answers are that long; otherwise look for workers that die \
             while answering",
            case.of_due(count),
            said(case, is_meant)
        )
    })
}

pub(super) fn wrong_answers(case: &Case<'_>) -> Option<Cause> {
    let is_meant = |outcome| outcome == Outcome::WrongAnswer;
    let count = case.ended(is_meant);
    cause_of(case, count, || {
        format!(
            "{} had an expected status and a wrong answer{}{}: look into the target's log of that time, or correct what \
             the profile asks of the answer",
            case.of_due(count),
            mostly_at(case, is_meant),
            said(case, is_meant)
        )
    })
}

pub(super) fn unfinished(case: &Case<'_>) -> Option<Cause> {
    // For want of connections that is the plan's doing.
    let search = case.run.search.as_ref();
    if search.is_some_and(|search| search.saturated().is_some_and(|(step, _)| step.capped)) {
        return None;
    }
    any(
        case,
        |outcome| matches!(outcome, Outcome::NotStarted | Outcome::CutOff),
        "were not sent or not answered before the run had to end: the target fell behind the load; ask \
         for less with --users or --rate, or give it more resources",
    )
}

/// `503 × 12, 500 × 3`
fn statuses(outcomes: &Outcomes, is_meant: impl Fn(Outcome) -> bool) -> String {
    let mut meant: Vec<(u16, u64)> = outcomes
        .iter()
        .filter(|(outcome, _)| is_meant(**outcome))
        .filter_map(|(outcome, count)| match outcome {
            Outcome::Status(status) => Some((*status, *count)),
            _ => None,
        })
        .collect();
    meant.sort_by_key(|(status, count)| (std::cmp::Reverse(*count), *status));
    meant
        .iter()
        .map(|(status, count)| format!("{status} × {}", format::count(*count)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// What the most frequent of them was answered: `, "out of memory"`.
fn said(case: &Case<'_>, is_meant: impl Fn(Outcome) -> bool) -> String {
    most_said(case, is_meant).map_or_else(String::new, |(_, excerpt)| {
        format!(", \"{}\"", excerpt.text)
    })
}

/// The most frequent of them, and how it was answered.
fn most_said<'a>(
    case: &Case<'a>,
    is_meant: impl Fn(Outcome) -> bool,
) -> Option<(Outcome, &'a Excerpt)> {
    let outcomes = case.summary.outcomes.iter();
    let (outcome, _) = outcomes
        .filter(|(outcome, _)| is_meant(**outcome))
        .max_by_key(|(_, count)| **count)?;
    let excerpt = case.run.excerpts.get(*outcome)?;
    (!excerpt.text.is_empty()).then_some((*outcome, excerpt))
}

/// The endpoint that stands for nearly all of them, when there is one among several.
fn mostly_at(case: &Case<'_>, is_meant: impl Fn(Outcome) -> bool + Copy) -> String {
    let all = case.ended(is_meant);
    let at = |outcomes: &Outcomes| -> u64 {
        let meant = outcomes.iter().filter(|(outcome, _)| is_meant(**outcome));
        meant.map(|(_, count)| count).sum()
    };
    let endpoints: Vec<_> = case.requests().collect();
    endpoints
        .iter()
        .find(|endpoint| endpoints.len() > 1 && at(&endpoint.outcomes) * 10 >= all * 9)
        .map_or_else(String::new, |endpoint| {
            format!(
                ", {} of them at {}",
                format::count(at(&endpoint.outcomes)),
                endpoint.name
            )
        })
}
