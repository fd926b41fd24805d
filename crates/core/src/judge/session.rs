//! Checks on the session as a whole: health and uptime.

use super::evidence::{Evidence, HealthSample};
use super::over_time::reach_of_answers;
use super::text::{count, percent, time};
use super::{CheckLevels, CheckResult};
use crate::requirement::Check;
use crate::requirement::{Comparison, SessionMetric};
use crate::requirement::{Estimate, Verdict};
use crate::statistics::{Decision, decide, lower_bound, upper_bound};

/// What is measured on the session as a whole.
pub(super) fn find(
    check: &Check,
    metric: SessionMetric,
    evidence: &Evidence<'_>,
    levels: CheckLevels,
) -> CheckResult {
    match metric {
        SessionMetric::Health => health(check, evidence, levels),
        SessionMetric::Outages => outages(check, evidence),
    }
}

/// Every answer says healthy, and the median of their times keeps the limit.
fn health(check: &Check, evidence: &Evidence<'_>, levels: CheckLevels) -> CheckResult {
    let samples = evidence.health;
    if samples.is_empty() {
        return CheckResult::open("the health endpoint was not asked");
    }
    let mut times: Vec<f64> = samples
        .iter()
        .map(|sample| sample.took.as_secs_f64() * 1e3)
        .collect();
    times.sort_by(f64::total_cmp);
    let n = times.len();
    let estimate = Estimate {
        value: times[(n - 1) / 2],
        low: times.first().copied(),
        high: times.last().copied(),
        samples: n as u64,
        effective_samples: n as f64,
    };
    if let Some(found) = unhealthy(samples, estimate) {
        return found;
    }
    let over = times.iter().filter(|ms| !check.limit.holds(**ms)).count() as f64;
    let (low, high) = (
        lower_bound(over, n as f64, levels.fail),
        upper_bound(over, n as f64, levels.pass),
    );
    let verdict = match decide(low, high, 0.5, false) {
        Decision::Below => Verdict::Pass,
        Decision::Above => Verdict::Fail,
        Decision::Undecided => Verdict::Inconclusive,
    };
    let side = if check.limit.comparison == Comparison::Less {
        "or more"
    } else {
        "and more"
    };
    let reason = format!(
        "{n} healthy answers, the median after {}; {} took {} {side} ({} to {} of all, with {} confidence); {}",
        time(estimate.value),
        count(over),
        time(check.limit.value),
        percent(low),
        percent(high),
        percent(1.0 - levels.pass),
        reach_of_answers(n, verdict),
    );
    CheckResult {
        estimate: Some(estimate),
        verdict,
        reason,
    }
}

/// A failure when an answer was not healthy.
fn unhealthy(samples: &[HealthSample], estimate: Estimate) -> Option<CheckResult> {
    let complaints = samples.iter();
    let complaints: Vec<&str> = complaints
        .filter_map(|sample| sample.complaint.as_deref())
        .collect();
    let first = complaints.first()?;
    let reason = format!(
        "{} of {} answers were not healthy: {first}; {}",
        complaints.len(),
        count(samples.len() as f64),
        reach_of_answers(samples.len(), Verdict::Fail)
    );
    Some(CheckResult {
        // Where no request succeeded there is no time worth reporting.
        estimate: (complaints.len() < samples.len()).then_some(estimate),
        verdict: Verdict::Fail,
        reason,
    })
}

/// Outages and restarts that the watch saw.
fn outages(check: &Check, evidence: &Evidence<'_>) -> CheckResult {
    let Some(watch) = evidence.watch.filter(|watch| watch.probes > 0) else {
        return CheckResult::open("the target was not watched");
    };
    let (outages, restarts) = (watch.outages.len(), watch.restarts.len());
    let value = (outages + restarts) as f64;
    let shorter = watch.every_ms.map_or_else(
        || "between two probes".to_owned(),
        |every| format!("shorter than the {} between two probes", time(every as f64)),
    );
    let mut reason = format!(
        "{outages} outages and {restarts} restarts in {} probes; an outage {shorter} can't be ruled out",
        count(watch.probes as f64)
    );
    if let Some(first) = watch.outages.first() {
        let length = match first.to {
            Some(to) => format!("{} long", time(to.saturating_sub(first.from) as f64)),
            None => "not over".to_owned(),
        };
        reason += &format!("; the first, {length}, began with: {}", first.cause);
    }
    CheckResult::bare(check, value, watch.probes, reason)
}
