//! What a finding looks at: a judgement that is no pass, and one of the runs it rests on.

use crate::client::Outcome;
use crate::record::{RunResult, Summary};
use crate::requirement::{Judgement, Metric, Verdict, human};

/// What a requirement is about, and so which findings concern it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    Times,
    Errors,
    Throughput,
    Health,
    Outages,
    Sockets,
    Generator,
    Cache,
    Queries,
    Processor,
    Memory,
    OwnTimes,
}

impl Topic {
    fn of(metric: Metric) -> Topic {
        match metric {
            Metric::ResponseTime { .. } | Metric::MeanResponseTime => Topic::Times,
            Metric::ErrorRate | Metric::SuccessRate => Topic::Errors,
            Metric::Throughput => Topic::Throughput,
            Metric::HealthTime => Topic::Health,
            Metric::Outages => Topic::Outages,
            Metric::UnexpectedCloses | Metric::Reconnects => Topic::Sockets,
            Metric::GeneratorLateness { .. } | Metric::GeneratorCpu | Metric::GeneratorRefusals => {
                Topic::Generator
            }
            Metric::CacheHitRate => Topic::Cache,
            Metric::QueryTimeMean | Metric::QueryTimeP95 | Metric::QueryErrorRate => Topic::Queries,
            Metric::Cpu => Topic::Processor,
            Metric::Memory => Topic::Memory,
            Metric::EndpointTimeMean | Metric::EndpointTimeP95 => Topic::OwnTimes,
        }
    }
}

/// What the checks that were not kept are about; all checks when none was judged.
pub(super) fn topics(judgement: &Judgement) -> Vec<Topic> {
    let open = judgement
        .checks
        .iter()
        .filter(|judged| judged.verdict != Verdict::Pass)
        .map(|judged| &judged.check);
    let mut topics: Vec<Topic> = open.map(|check| Topic::of(check.metric)).collect();
    if topics.is_empty() {
        let checks = judgement.requirement.checks.iter();
        topics.extend(checks.map(|check| Topic::of(check.metric)));
    }
    topics
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

    /// `12 of 6,000 requests`
    pub(super) fn of_due(&self, count: u64) -> String {
        format!(
            "{} of {} requests",
            human::count(count),
            human::count(self.summary.due)
        )
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
