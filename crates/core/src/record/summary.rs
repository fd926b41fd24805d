//! A run in few figures: what tables, exports and hints all start from.

use std::collections::BTreeMap;

use super::histogram::Histogram;
use super::result::{EndpointResult, Generator, RunResult, Second, Window};
use crate::record::Outcome;

/// How many requests ended how.
pub type Outcomes = BTreeMap<Outcome, u64>;

/// Nanoseconds to a second.
const SECOND: u64 = 1_000_000_000;

/// The figures of some times, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Times {
    /// How many times there are.
    pub count: u64,
    /// The median.
    pub p50: f64,
    /// The 90th percentile.
    pub p90: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The 99.9th percentile.
    pub p999: f64,
    /// The longest.
    pub max: f64,
    /// The mean.
    pub mean: f64,
}

impl Times {
    /// The figures of a histogram; `None` when nothing was counted.
    pub fn of(histogram: &Histogram) -> Option<Times> {
        (!histogram.is_empty()).then(|| Times {
            count: histogram.len(),
            p50: histogram.quantile_ms(0.5),
            p90: histogram.quantile_ms(0.9),
            p95: histogram.quantile_ms(0.95),
            p99: histogram.quantile_ms(0.99),
            p999: histogram.quantile_ms(0.999),
            max: histogram.max_ms(),
            mean: histogram.mean_ms(),
        })
    }
}

/// A run in few figures, of its judged part unless said otherwise. Journeys are among its endpoints, and in none of the
/// sums: they are no requests.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// Requests due.
    pub due: u64,
    /// How they ended.
    pub outcomes: Outcomes,
    /// Requests due outside the judged part: ramp-up and warm-up.
    pub unjudged_due: u64,
    /// How those ended.
    pub unjudged_outcomes: Outcomes,
    /// Successful requests per second; `None` when no whole second was judged.
    pub rps: Option<f64>,
    /// Charged response times of all requests due.
    pub response: Histogram,
    /// Response times of the successful requests.
    pub answered: Histogram,
    /// Service times of the requests answered at all.
    pub service: Histogram,
    /// The same for each endpoint, in the plan's order.
    pub endpoints: Vec<EndpointSummary>,
}

/// One endpoint's judged part in few figures.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EndpointSummary {
    /// Its name in the plan.
    pub name: String,
    /// Method and the path that was really asked.
    pub request: String,
    /// Requests due.
    pub due: u64,
    /// How they ended.
    pub outcomes: Outcomes,
    /// Requests due in the judged part and successful, per second of it.
    pub rps: Option<f64>,
    /// Charged response times of all requests due.
    pub response: Option<Times>,
    /// Response times of the successful requests.
    pub answered: Option<Times>,
    /// Service times of the requests answered at all.
    pub service: Option<Times>,
}

impl Summary {
    /// Sums a run up.
    pub fn of(run: &RunResult) -> Summary {
        let merged = |of: fn(&EndpointResult) -> &Histogram| {
            let mut sum = Histogram::new();
            requests(run).for_each(|part| sum.merge(of(part)));
            sum
        };
        let mut outcomes = Outcomes::new();
        for endpoint in requests(run) {
            add(&mut outcomes, &endpoint.outcomes);
        }
        let unjudged = unjudged(&run.seconds, &outcomes);
        Summary {
            due: outcomes.values().sum(),
            unjudged_due: unjudged.values().sum(),
            unjudged_outcomes: unjudged,
            rps: rps(run),
            response: merged(|endpoint| &endpoint.response),
            answered: merged(|endpoint| &endpoint.answered),
            service: merged(|endpoint| &endpoint.service),
            endpoints: run
                .endpoints
                .iter()
                .map(|endpoint| endpoint_summary(endpoint, run.window))
                .collect(),
            outcomes,
        }
    }

    /// Requests of the judged part that did not end well.
    pub fn failed(&self) -> u64 {
        failed(&self.outcomes)
    }
}

impl EndpointSummary {
    /// Requests that did not end well.
    pub fn failed(&self) -> u64 {
        failed(&self.outcomes)
    }
}

impl Second {
    /// Requests due in this second, of all endpoints.
    pub fn due(&self) -> u64 {
        self.endpoints.iter().map(|counts| counts.due).sum()
    }

    /// Those that did not end well.
    pub fn failed(&self) -> u64 {
        self.endpoints.iter().map(|counts| counts.failed).sum()
    }

    /// Those at or over the run's threshold of that index.
    pub fn over(&self, threshold: usize) -> u64 {
        self.endpoints
            .iter()
            .filter_map(|counts| counts.over.get(threshold))
            .sum()
    }

    /// How they ended, `ok` included.
    pub fn outcomes(&self) -> Outcomes {
        let mut sum = Outcomes::new();
        for counts in &self.endpoints {
            add(&mut sum, &counts.outcomes);
        }
        let ok = self.due().saturating_sub(self.failed());
        if ok > 0 {
            sum.insert(Outcome::Ok, ok);
        }
        sum
    }
}

impl Generator {
    /// The mean share of processor time over the run's seconds, in percent.
    pub fn cpu_mean(&self) -> Option<f64> {
        (!self.cpu.is_empty()).then(|| self.cpu.iter().sum::<f64>() / self.cpu.len() as f64)
    }

    /// The highest share of processor time in a second, in percent.
    pub fn cpu_max(&self) -> Option<f64> {
        self.cpu.iter().copied().reduce(f64::max)
    }
}

impl Window {
    /// How long the judged part lasted, in seconds.
    pub fn length(&self) -> f64 {
        self.to.saturating_sub(self.from) as f64 / SECOND as f64
    }

    /// The whole seconds of the run that lie in the judged part, by index.
    pub fn seconds(&self) -> std::ops::Range<usize> {
        let first = self.from.div_ceil(SECOND) as usize;
        let end = (self.to / SECOND) as usize;
        first..end.max(first)
    }
}

/// The endpoints whose requests are the run's: journeys only sum up those of their steps.
fn requests(run: &RunResult) -> impl Iterator<Item = &EndpointResult> {
    let endpoints = run.endpoints.iter();
    endpoints.filter(|endpoint| endpoint.kind.is_request())
}

/// What was due in all seconds less what was judged: exact even where the judged part cuts a second.
fn unjudged(seconds: &[Second], judged: &Outcomes) -> Outcomes {
    let mut all = Outcomes::new();
    for second in seconds {
        add(&mut all, &second.outcomes());
    }
    for (outcome, judged) in judged {
        if let Some(count) = all.get_mut(outcome) {
            *count = count.saturating_sub(*judged);
        }
    }
    all.retain(|_, count| *count > 0);
    all
}

fn rps(run: &RunResult) -> Option<f64> {
    let range = run.window.seconds();
    let end = range.end.min(run.seconds.len());
    let seconds = run.seconds.get(range.start..end)?;
    let done: u64 = seconds.iter().map(|second| second.done_ok).sum();
    (!seconds.is_empty()).then(|| done as f64 / seconds.len() as f64)
}

fn endpoint_summary(endpoint: &EndpointResult, window: Window) -> EndpointSummary {
    let ok = endpoint.outcomes.get(&Outcome::Ok).copied().unwrap_or(0);
    EndpointSummary {
        name: endpoint.name.clone(),
        request: endpoint.request.clone(),
        due: endpoint.outcomes.values().sum(),
        outcomes: endpoint.outcomes.clone(),
        rps: (window.length() > 0.0).then(|| ok as f64 / window.length()),
        response: Times::of(&endpoint.response),
        answered: Times::of(&endpoint.answered),
        service: Times::of(&endpoint.service),
    }
}

fn failed(outcomes: &Outcomes) -> u64 {
    outcomes
        .iter()
        .filter(|(outcome, _)| !outcome.is_ok())
        .map(|(_, count)| count)
        .sum()
}

fn add(sum: &mut Outcomes, more: &Outcomes) {
    for (outcome, count) in more {
        *sum.entry(*outcome).or_default() += count;
    }
}
