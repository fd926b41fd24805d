//! The record of a search: the same scenario at one load after another.

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use super::journeys::merge_endings;
use super::result::{Counts, EndpointResult, Generator, Second, Window};
use super::summary::Outcomes;
use crate::record::Outcome;

/// What a search by steps went through, and what it found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchResult {
    /// What the loads of the steps count.
    pub unit: LoadUnit,
    /// Every step, in the order in which they were run.
    pub steps: Vec<Step>,
    /// Why there was no further step.
    pub ending: SearchEnding,
    /// How the target came back from the highest load; `None` when that was not looked at.
    pub recovery: Option<Recovery>,
    /// Throughput over concurrency; `None` when the steps don't tell.
    pub scaling: Option<Scaling>,
}

/// What a step's load counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoadUnit {
    /// Virtual users.
    Users,
    /// Requests offered per second.
    Rate,
}

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SearchEnding {
    /// The target broke.
    Broken,
    /// All loads were gone through, and the target did not break.
    Unbroken,
    /// The interval between the highest load that held and the lowest that broke is narrow enough.
    Settled,
    /// As many steps were run as a search may have, and the interval is still wide.
    Exhausted,
    /// The load generator could not keep up, so that nothing more is known about the target.
    Saturated,
    /// The connections that the plan allows were all busy, so that nothing more is known about the target.
    Capped,
    /// The search was interrupted.
    Interrupted,
}

/// One load, and how the target stood it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Whether the load went up, or back to where it began.
    pub role: Role,
    /// Users or requests per second, as [`SearchResult::unit`] says.
    pub load: f64,
    /// When it began, in nanoseconds from the start of the run; a whole second.
    pub from: u64,
    /// Its judged part, in nanoseconds from the start of the run.
    pub window: Window,
    /// How the target stood it.
    pub standing: StepVerdict,
    /// What that rests on, in one sentence.
    pub reason: String,
    /// Why this load could not be put on the target, if it could not: the generator was not up to it, or the plan
    /// allows too few connections for it.
    pub saturated: Option<String>,
    /// Whether it was the plan that stood in the way.
    #[serde(default)]
    pub capped: bool,
    /// How the requests of the judged part ended.
    pub outcomes: Outcomes,
    /// Successful requests per second of the judged part.
    pub rps: Option<f64>,
    /// Charged response times of the judged part.
    pub response: Histogram,
    /// Response times of what was successful in the judged part.
    pub answered: Histogram,
    /// How late requests of the judged part were sent by the generator's own fault.
    pub lag: Histogram,
    /// The mean share of processor time that the generator used, in percent.
    pub cpu: Option<f64>,
}

/// What a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// One of the loads that are tried.
    Load,
    /// The first load once more, after the highest.
    Recovery,
}

/// How a target stood a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepVerdict {
    /// It kept the limits, at the stated confidence.
    Held,
    /// The evidence does not settle it.
    Undecided,
    /// It missed them, at the stated confidence.
    Broken,
}

/// How a target came back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// The first step's p95, in milliseconds.
    pub before_ms: f64,
    /// The p95 that counts as recovered, in milliseconds.
    pub bound_ms: f64,
    /// From the end of the highest load until p95 was at the bound, in milliseconds; `None` when it
    /// never was while it was looked at.
    pub after_ms: Option<f64>,
    /// How long was looked, from the end of the highest load, in milliseconds.
    pub watched_ms: f64,
}

/// The Universal Scalability Law, fitted: X(N) = λN / (1 + σ(N − 1) + κN(N − 1)).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// λ: requests per second of one user alone, above 0.
    pub lambda: f64,
    /// σ: contention, the share of work that waits in line, from 0.
    pub sigma: f64,
    /// κ: coherency, the cost of every pair of users, from 0.
    pub kappa: f64,
    /// The concurrency at which throughput is highest; `None` when it rises for ever.
    pub peak: Option<f64>,
    /// How many loads it was fitted to.
    pub points: u32,
}

impl Step {
    /// Requests due in the judged part.
    pub fn due(&self) -> u64 {
        self.outcomes.values().sum()
    }

    /// Whether its p95 is a response time: with one failure in twenty it may be a timeout that failures are charged.
    pub fn has_p95(&self) -> bool {
        self.failed() * 20 < self.due()
    }

    /// Those of them that did not end well.
    pub fn failed(&self) -> u64 {
        let failed = self.outcomes.iter().filter(|(outcome, _)| !outcome.is_ok());
        failed.map(|(_, count)| count).sum()
    }
}

/// Failures of the target's own, whatever their kind.
pub fn failures_of(outcomes: &Outcomes) -> u64 {
    let own = outcomes
        .iter()
        .filter(|(outcome, _)| !outcome.is_ok() && !outcome.is_generators());
    own.map(|(_, count)| count).sum()
}

/// Those of them that are not refusals: only 429 and 503 tell a client to come back later.
pub fn ungraceful_of(outcomes: &Outcomes) -> impl Iterator<Item = (Outcome, u64)> {
    let is_meant = |outcome: &Outcome| {
        let graceful = matches!(outcome, Outcome::RateLimited | Outcome::Status(503));
        !outcome.is_ok() && !outcome.is_generators() && !graceful
    };
    let meant = outcomes
        .iter()
        .filter(move |(outcome, _)| is_meant(outcome));
    meant.map(|(outcome, count)| (*outcome, *count))
}

impl SearchResult {
    /// The steps that tried a load.
    pub fn loads(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.role == Role::Load)
    }

    /// The lowest load at which the target broke.
    pub fn broken(&self) -> Option<&Step> {
        let broken = self
            .loads()
            .filter(|step| step.standing == StepVerdict::Broken);
        broken.min_by(|a, b| a.load.total_cmp(&b.load))
    }

    /// The highest load that held, below the lowest that broke.
    pub fn held(&self) -> Option<&Step> {
        let broken = self.broken().map_or(f64::INFINITY, |step| step.load);
        let held = self
            .loads()
            .filter(|step| step.standing == StepVerdict::Held && step.load < broken);
        held.max_by(|a, b| a.load.total_cmp(&b.load))
    }

    /// The first load that could not be put on the target, and why, unless the target broke below it.
    pub fn saturated(&self) -> Option<(&Step, &str)> {
        let broken = self.broken().map_or(f64::INFINITY, |step| step.load);
        self.loads()
            .filter(|step| step.load < broken)
            .find_map(|step| Some((step, step.saturated.as_deref()?)))
    }
}

impl Second {
    /// A second in which nothing was due.
    pub fn empty(endpoints: usize, thresholds: usize) -> Second {
        Second {
            endpoints: vec![Counts::empty(thresholds); endpoints],
            ..Second::default()
        }
    }
}

impl EndpointResult {
    /// Adds what was asked of the same endpoint in another run.
    pub fn merge(&mut self, other: &EndpointResult) {
        for (outcome, count) in &other.outcomes {
            *self.outcomes.entry(*outcome).or_default() += count;
        }
        self.response.merge(&other.response);
        self.answered.merge(&other.answered);
        self.service.merge(&other.service);
        self.bytes += other.bytes;
        self.reached += other.reached;
        self.unreached += other.unreached;
        merge_endings(&mut self.ended_by, &other.ended_by);
    }
}

impl Generator {
    /// Adds how it fared in a later run.
    pub fn merge(&mut self, later: &Generator) {
        self.workers = self.workers.max(later.workers);
        self.lag.merge(&later.lag);
        self.waits.merge(&later.waits);
        self.cpu.extend(&later.cpu);
        self.refusals += later.refusals;
        self.waited_for_connection += later.waited_for_connection;
        self.connection_limit = self.connection_limit.or(later.connection_limit);
        self.connections += later.connections;
        self.resent += later.resent;
    }
}
