//! The record of one run: the only thing that is stored, merged or judged.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::address::AddressResult;
use super::excerpts::Excerpts;
use super::histogram::Histogram;
use super::journeys::{JourneyCounts, JourneyEnding, is_zero};
use super::observed::Observed;
use super::search::SearchResult;
use super::slowest::Slowest;
use super::sockets::Sockets;
use super::users::UserGroup;
use crate::plan::EndpointKind;
use crate::record::Outcome;

/// One execution of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// The scenario.
    pub scenario: String,
    /// Fingerprint of the plan.
    pub plan: String,
    /// What was offered, as people say it: `100 users, each asking every 1 s to 2 s`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub load: String,
    /// When the run began, in milliseconds since 1970.
    pub started: u64,
    /// How the run itself ended.
    pub status: Status,
    /// Why there is no complete run, and what to do; empty when there is.
    pub problem: Option<RunProblem>,
    /// Response times counted exactly in [`Counts::over`], in nanoseconds, ascending.
    pub thresholds: Vec<u64>,
    /// The judged part of the run.
    pub window: Window,
    /// One for each endpoint of the plan, in its order.
    pub endpoints: Vec<EndpointResult>,
    /// One for each address of the target, if its name has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<AddressResult>,
    /// One for each second of the run, from its start, ramp-up and drain included.
    pub seconds: Vec<Second>,
    /// One for each user, or for each group of users where there are many; judged part alone. Of requests over shared
    /// connections without identities, a connection counts as a user.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserGroup>,
    /// How the generator itself fared.
    pub generator: Generator,
    /// What WebSockets met beside their due messages.
    #[serde(default)]
    pub sockets: Sockets,
    /// What the watch on the target saw meanwhile.
    pub watch: UptimeRecord,
    /// What other sources reported about the target meanwhile.
    #[serde(default)]
    pub observed: Observed,
    /// The steps of a search; `None` for a run at one load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchResult>,
    /// The slowest requests of the judged part.
    #[serde(default)]
    pub slowest: Slowest,
    /// What failed requests were answered, ramp-up and warm-up included.
    #[serde(default)]
    pub excerpts: Excerpts,
    /// What is worth telling about the run: redirects followed, retries of the preflight.
    pub notes: Vec<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All of it was run.
    Complete,
    /// It was interrupted; what was due until then is recorded.
    Partial,
    /// There was no load: the target could not be loaded at all.
    Failed,
}

/// Why a run could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunProblem {
    /// What failed, on what.
    pub what: String,
    /// What to do about it.
    pub advice: String,
}

/// The judged part of a run, and how it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Window {
    /// Its first nanosecond, from the start of the run.
    pub from: u64,
    /// The nanosecond after its last.
    pub to: u64,
    /// Whether the plan allowed the run to be extended.
    pub extendable: bool,
    /// How often the run was extended for an open verdict.
    pub extensions: u32,
    /// The nanosecond after its last, as it was planned, when the run was allowed to end before, as soon as
    /// every verdict on it was settled; `None` when it was not.
    #[serde(default)]
    pub planned: Option<u64>,
    /// The nanosecond after its last, as it was planned, of a run that was extended; `None` while some of what was
    /// due before has not ended. What is decided there stays decided.
    #[serde(default)]
    pub extended_from: Option<u64>,
}

/// What was asked of one endpoint in the judged part.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EndpointResult {
    /// Its name in the plan.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub kind: EndpointKind,
    /// Method and the path that was really asked.
    pub request: String,
    /// How its due requests ended, judged part alone.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Charged response times of all due requests: a failed one is charged at least its timeout.
    pub response: Histogram,
    /// Response times of the successful requests.
    pub answered: Histogram,
    /// Service times (done − sent) of the requests that were answered at all.
    pub service: Histogram,
    /// Bytes of bodies.
    pub bytes: u64,
    /// Of a step: how many of the judged journeys came as far as this. Together with `unreached`, these are all journeys that
    /// were due in the judged part.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reached: u64,
    /// Of a step: how many of the judged journeys ended before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unreached: u64,
    /// Of a step that polls: from one answer to the next request, in nanoseconds; of a journey the longest of its steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll_every: Option<u64>,
    /// Of a journey: which of the run's endpoints are its steps, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Range<usize>>,
    /// Of a journey: which steps ended it before its last one had succeeded, and how; the most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended_by: Vec<JourneyEnding>,
}

/// One second of a run: what was due in it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Second {
    /// One for each endpoint of the plan.
    pub endpoints: Vec<Counts>,
    /// One for each address of the target that was asked so far, in the run's order; empty when there is only one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<Counts>,
    /// One for each journey of the plan, in the order of their endpoints: the journeys that were due in this second. They are
    /// no requests, and counted nowhere else. Empty where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub journeys: Vec<JourneyCounts>,
    /// Successful requests whose last byte arrived in this second, whenever they were due.
    pub done_ok: u64,
    /// Charged response times of what was due in this second, coarse.
    pub response: super::coarse::CoarseHistogram,
}

/// Exact counters of what was due in one second at one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Requests due and ended.
    pub due: u64,
    /// Those that did not end well.
    pub failed: u64,
    /// Those that failed for want of the generator's own sockets.
    pub failed_by_generator: u64,
    /// Charged response times, summed, in nanoseconds.
    pub time: u64,
    /// Those at or over each of the run's thresholds.
    pub over: Vec<u64>,
    /// Those of `over` that would not be, had the generator sent in time.
    pub over_by_generator: Vec<u64>,
    /// Outcomes other than `ok`.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Journeys due then that ended before this step: they are not in `due`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unreached: u64,
    /// Those of `over` that may have been in time, as the step or journey only asked again after the interval of its poll;
    /// empty where nothing was polled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over_by_poll: Vec<u64>,
}

/// How the generator fared.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Generator {
    /// Worker threads.
    pub workers: u32,
    /// How late requests were sent by the generator's own fault.
    pub lag: Histogram,
    /// How long requests of the judged part waited because all connections that the plan allows were busy.
    #[serde(default, skip_serializing_if = "Histogram::is_empty")]
    pub waits: Histogram,
    /// Share of the workers' processor time used in each second of the run, in percent.
    pub cpu: Vec<f64>,
    /// Requests that could not be sent for want of sockets.
    pub refusals: u64,
    /// Requests that waited because all allowed connections were busy.
    pub waited_for_connection: u64,
    /// How many connections the plan allows at once; `None` where each user has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_limit: Option<u32>,
    /// Connections made.
    pub connections: u64,
    /// Requests sent again on a new connection because the kept one had been closed.
    pub resent: u64,
}

/// What a watch on the target saw.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct UptimeRecord {
    /// Probes made.
    pub probes: u64,
    /// From one probe to the next, in milliseconds; `None` where this is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_ms: Option<u64>,
    /// Unbroken stretches of failed probes.
    pub outages: Vec<Outage>,
    /// Instants at which the target's uptime had gone backwards, in milliseconds since 1970.
    pub restarts: Vec<u64>,
}

/// One unbroken stretch of failed probes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// The first failed probe, in milliseconds since 1970.
    pub from: u64,
    /// The first good probe after it, in milliseconds since 1970; `None` when there was none.
    pub to: Option<u64>,
    /// Failed probes.
    pub probes: u64,
    /// What the first failed probe met.
    pub cause: String,
}

/// Steps in which a run is extended while a verdict is open.
pub const USUAL_EXTENSIONS: u32 = 3;

impl Window {
    /// The planned part of a window that was extended, as it was looked at before it was extended.
    pub fn planned_part(&self) -> Option<Window> {
        let to = self.extended_from.filter(|_| self.extensions > 0)?;
        (to > self.from).then_some(Window {
            to,
            extensions: 0,
            extended_from: None,
            ..*self
        })
    }

    /// Whether it went on beyond its usual extension, of [`USUAL_EXTENSIONS`] steps: for verdicts that only the correlation of
    /// requests keeps open.
    pub fn is_extended_for_correlation(&self) -> bool {
        self.extensions > USUAL_EXTENSIONS
    }

    /// Whether the run ended before it was planned to.
    pub fn is_cut_short(&self) -> bool {
        self.planned.is_some_and(|planned| self.to < planned)
    }
}

impl RunResult {
    /// Whether it ended before its time because every verdict on it was settled.
    pub fn is_settled(&self) -> bool {
        self.status == Status::Complete && self.window.is_cut_short()
    }

    /// Whether some of its users were on a WebSocket.
    pub fn has_sockets(&self) -> bool {
        self.endpoints
            .iter()
            .any(|endpoint| endpoint.kind.is_socket())
    }
}

impl RunResult {
    /// When a search was on, in milliseconds since 1970; `None` for a run at one load.
    pub fn searched(&self) -> Option<Range<u64>> {
        let lasted = self.seconds.len() as u64 * 1_000;
        self.search
            .as_ref()
            .map(|_| self.started..self.started + lasted)
    }
}

impl UptimeRecord {
    /// The same without what happened within one of these times, in milliseconds since 1970. An outage that
    /// outlasts the time it began in stays.
    pub fn without(mut self, times: &[Range<u64>]) -> UptimeRecord {
        let is_within = |outage: &Outage, time: &Range<u64>| {
            time.contains(&outage.from) && outage.to.is_some_and(|to| to <= time.end)
        };
        self.outages
            .retain(|outage| !times.iter().any(|time| is_within(outage, time)));
        self.restarts
            .retain(|restart| !times.iter().any(|time| time.contains(restart)));
        self
    }

    /// What was seen after `before`, an earlier state of the same log.
    pub fn since(&self, before: &UptimeRecord) -> UptimeRecord {
        // An outage that was open before is still seen afterwards.
        let closed = before
            .outages
            .iter()
            .filter(|outage| outage.to.is_some())
            .count();
        UptimeRecord {
            probes: self.probes.saturating_sub(before.probes),
            every_ms: self.every_ms,
            outages: self.outages.iter().skip(closed).cloned().collect(),
            restarts: self
                .restarts
                .iter()
                .skip(before.restarts.len())
                .copied()
                .collect(),
        }
    }

    /// Adds what another watch saw at another time.
    pub fn merge(&mut self, other: &UptimeRecord) {
        self.probes += other.probes;
        self.every_ms = self.every_ms.max(other.every_ms);
        for outage in &other.outages {
            if !self.outages.iter().any(|mine| mine.from == outage.from) {
                self.outages.push(outage.clone());
            }
        }
        for restart in &other.restarts {
            if !self.restarts.contains(restart) {
                self.restarts.push(*restart);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outage(from: u64, to: Option<u64>) -> Outage {
        Outage {
            from,
            to,
            probes: 1,
            cause: "gone".to_owned(),
        }
    }

    #[test]
    fn only_what_is_over_within_a_time_is_left_out() {
        let watch = UptimeRecord {
            every_ms: None,
            probes: 9,
            outages: vec![
                outage(50, Some(60)),
                outage(110, Some(120)),
                outage(190, Some(210)),
                outage(195, None),
            ],
            restarts: vec![40, 150],
        };
        let left = watch.without(&[0..10, 100..200]);
        let begins: Vec<u64> = left.outages.iter().map(|outage| outage.from).collect();
        assert_eq!((begins, left.restarts), (vec![50, 190, 195], vec![40]));
    }
}
