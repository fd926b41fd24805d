//! What a finding looks at: a judgement that is not a pass, and one of the runs it rests on.

use crate::record::Outcome;
use crate::record::{Counts, EndpointSummary, RunResult, Second, Summary, Times};
pub(super) use crate::requirement::Topic;
use crate::requirement::{Judgement, Metric, Verdict, format};

/// What the checks that were not kept are about; all checks when none was judged.
pub(super) fn topics(judgement: &Judgement) -> Vec<Topic> {
    let open = judgement
        .checks
        .iter()
        .filter(|judged| judged.verdict != Verdict::Pass)
        .map(|judged| &judged.check);
    let mut topics: Vec<Topic> = open.map(|check| check.metric.topic()).collect();
    if topics.is_empty() {
        let checks = judgement.requirement.checks.iter();
        topics.extend(checks.map(|check| check.metric.topic()));
    }
    topics
}

/// Why a requirement was missed, in a line, and how much of that it explains.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cause {
    pub(super) text: String,
    /// A share in 0 to 1 of the requests that missed the limit, or of the time that they took.
    pub(super) explains: f64,
}

impl Cause {
    pub(super) fn of(text: String, explains: f64) -> Cause {
        let explains = if explains.is_finite() { explains } else { 0.0 };
        Cause {
            text,
            explains: explains.clamp(0.0, 1.0),
        }
    }
}

/// Requests at or over a limit, and those of them that are so because the generator was late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Over {
    pub(super) all: u64,
    pub(super) by_generator: u64,
}

/// One judgement, one run.
pub(super) struct Case<'a> {
    pub(super) judgement: &'a Judgement,
    pub(super) run: &'a RunResult,
    pub(super) summary: Summary,
}

impl<'a> Case<'a> {
    pub(super) fn new(judgement: &'a Judgement, run: &'a RunResult) -> Case<'a> {
        Case {
            judgement,
            run,
            summary: Summary::of(run),
        }
    }

    /// Requests of the judged part that ended in one of some ways.
    pub(super) fn ended(&self, is_meant: impl Fn(Outcome) -> bool) -> u64 {
        let outcomes = self.summary.outcomes.iter();
        outcomes
            .filter(|(outcome, _)| is_meant(**outcome))
            .map(|(_, count)| count)
            .sum()
    }

    /// The endpoints that stand for requests: a journey would only repeat what its steps say.
    pub(super) fn requests(&self) -> impl Iterator<Item = &EndpointSummary> {
        let endpoints = self.run.endpoints.iter().zip(&self.summary.endpoints);
        let requests = endpoints.filter(|(endpoint, _)| endpoint.kind.is_request());
        requests.map(|(_, summary)| summary)
    }

    /// Whether too few failed to move a percentile that is judged: of the requests, and of each kind of journey.
    pub(super) fn is_handful(&self) -> bool {
        let is_few = |failed: u64, due: u64| failed * 100 < due;
        let endpoints = self.run.endpoints.iter().zip(&self.summary.endpoints);
        let mut journeys = endpoints.filter(|(endpoint, _)| !endpoint.kind.is_request());
        is_few(self.summary.failed(), self.summary.due)
            && journeys.all(|(_, one)| one.due == 0 || is_few(one.failed(), one.due))
    }

    /// `12 of 6,000 requests`
    pub(super) fn of_due(&self, count: u64) -> String {
        format!(
            "{} of {} requests",
            format::count(count),
            format::count(self.summary.due)
        )
    }

    /// The seconds of the judged part.
    pub(super) fn seconds(&self) -> &'a [Second] {
        let window = self.run.window.seconds();
        let end = window.end.min(self.run.seconds.len());
        self.run.seconds.get(window.start..end).unwrap_or_default()
    }

    /// The threshold of the limit that was missed, else the run's lowest.
    pub(super) fn threshold(&self) -> Option<usize> {
        let run = self.run;
        let wanted = self.time_limit().map(|ms| (ms * 1e6).round() as u64);
        let of_limit = wanted.and_then(|nanos| {
            // A limit of at most 200 ms is counted from one nanosecond above it.
            run.thresholds
                .iter()
                .position(|have| (nanos..=nanos + 1).contains(have))
        });
        of_limit.or((!run.thresholds.is_empty()).then_some(0))
    }

    /// What missed the time limit in some seconds; nothing where no limit was counted.
    pub(super) fn over(&self, seconds: &[Second]) -> Over {
        let Some(threshold) = self.threshold() else {
            return Over::default();
        };
        let sum = |of: fn(&Counts) -> &Vec<u64>| {
            let counts = seconds.iter().flat_map(|second| &second.endpoints);
            counts.filter_map(|counts| of(counts).get(threshold)).sum()
        };
        Over {
            all: sum(|counts| &counts.over),
            by_generator: sum(|counts| &counts.over_by_generator),
        }
    }

    /// How much so many failures explain: each is charged its timeout, so that it misses every limit.
    pub(super) fn explained_by_failures(&self, count: u64) -> f64 {
        let missed = match self.time_limit() {
            Some(_) => self.over(self.seconds()).all,
            None => self.summary.failed(),
        };
        count as f64 / missed.max(count).max(1) as f64
    }

    /// How much so long a part of the wait explains, in milliseconds of the figure that is judged.
    pub(super) fn explained_by_time(&self, ms: f64) -> f64 {
        let (_, of) = self.quantile();
        let of_answered = Times::of(&self.summary.answered).map_or(0.0, |times| ms / of(&times));
        // What failed did not miss the limit by its time.
        of_answered.min(1.0) * (1.0 - self.explained_by_failures(self.summary.failed()))
    }

    /// The figure that the missed limit is about, or the nearest one that is kept.
    pub(super) fn quantile(&self) -> (&'static str, fn(&Times) -> f64) {
        let open = self.judgement.checks.iter();
        let metric = open
            .filter(|judged| judged.verdict != Verdict::Pass)
            .map(|judged| judged.check.metric)
            .next();
        if metric == Some(Metric::MeanResponseTime) {
            return ("mean", |times| times.mean);
        }
        match metric.and_then(Metric::response_quantile) {
            Some(quantile) if quantile < 0.75 => ("p50", |times| times.p50),
            Some(quantile) if quantile >= 0.98 => ("p99", |times| times.p99),
            Some(_) | None => ("p95", |times| times.p95),
        }
    }

    /// The upper time limit that was not kept, in milliseconds.
    pub(super) fn time_limit(&self) -> Option<f64> {
        let open = self.judgement.checks.iter();
        open.filter(|judged| judged.verdict != Verdict::Pass)
            .map(|judged| &judged.check)
            .find(|check| check.limit.threshold().is_some())
            .map(|check| check.limit.value)
    }
}
