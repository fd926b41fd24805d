//! From a run's tally to its record.

use std::time::SystemTime;

use super::schedule::nanos;
use crate::client::AddressFound;
use crate::plan::{Endpoint, EndpointKind, Journey, Plan};
use crate::record::{
    AddressResult, EndpointResult, EndpointTally, Excerpts, Generator, Observed, RunProblem,
    RunResult, Slowest, Sockets, Status, Tally, UptimeRecord, Window,
};

/// What is known of a run besides its tally.
pub(super) struct Run<'a> {
    pub(super) plan: &'a Plan,
    pub(super) started: u64,
    pub(super) status: Status,
    pub(super) end: u64,
    pub(super) extensions: u32,
    pub(super) extended_from: Option<u64>,
    pub(super) cpu: &'a [f64],
    pub(super) found: &'a [AddressFound],
}

impl Run<'_> {
    pub(super) fn result(&self, tally: &Tally) -> RunResult {
        let endpoints = self.plan.endpoints.iter().zip(&tally.endpoints);
        let from = nanos(self.plan.phases.judged_from());
        let planned = nanos(self.plan.phases.planned_end());
        RunResult {
            scenario: self.plan.scenario.clone(),
            plan: self.plan.fingerprint(),
            load: self.plan.offered(),
            started: self.started,
            status: self.status,
            problem: None,
            thresholds: self
                .plan
                .thresholds
                .iter()
                .map(|limit| nanos(*limit))
                .collect(),
            window: Window {
                from,
                to: self.end.max(from),
                extendable: !self.plan.phases.extend.is_zero(),
                extensions: self.extensions,
                planned: self.plan.phases.settles_from().map(|_| planned),
                extended_from: self.extended_from,
            },
            endpoints: endpoints
                .map(|(endpoint, tally)| self.endpoint(endpoint, tally))
                .collect(),
            addresses: self.addresses(tally),
            seconds: tally.seconds.clone(),
            users: tally.users.clone(),
            generator: self.generator(tally),
            sockets: tally.sockets.clone(),
            watch: UptimeRecord::default(),
            observed: Observed::default(),
            search: None,
            slowest: tally.slowest.clone(),
            excerpts: tally.excerpts.clone(),
            notes: Vec::new(),
        }
    }

    fn endpoint(&self, endpoint: &Endpoint, tally: &EndpointTally) -> EndpointResult {
        let result = EndpointResult {
            poll_every: poll_every(endpoint),
            ..endpoint_result(endpoint, tally)
        };
        if endpoint.kind != EndpointKind::Journey {
            return result;
        }
        let is_meant =
            |journey: &&Journey| self.plan.endpoints[journey.endpoint].name == endpoint.name;
        let Some(journey) = self.plan.journeys.iter().find(is_meant) else {
            return result;
        };
        let steps = self.plan.steps(journey).iter();
        EndpointResult {
            request: String::new(),
            poll_every: steps.filter_map(poll_every).max(),
            steps: Some(journey.steps.clone()),
            ended_by: tally.ended_by(),
            ..result
        }
    }

    /// One for each address, if there are several.
    fn addresses(&self, tally: &Tally) -> Vec<AddressResult> {
        if self.found.len() < 2 {
            return Vec::new();
        }
        let none = EndpointTally::default();
        let result = |(index, found): (usize, &AddressFound)| {
            let tally = tally.addresses.get(index).unwrap_or(&none);
            AddressResult {
                address: found.address.to_string(),
                left_out: found.left_out.clone(),
                outcomes: tally.outcomes(),
                response: tally.response(),
            }
        };
        self.found.iter().enumerate().map(result).collect()
    }

    fn generator(&self, tally: &Tally) -> Generator {
        let failed = tally.seconds.iter().flat_map(|second| &second.endpoints);
        Generator {
            workers: 0,
            lag: tally.lag(),
            waits: tally.waits(),
            cpu: self.cpu.to_vec(),
            refusals: failed.map(|counts| counts.failed_by_generator).sum(),
            waited_for_connection: tally.waited_for_connection,
            connection_limit: self.plan.arrivals.connection_limit(),
            connections: tally.connections,
            resent: tally.resent,
        }
    }
}

/// From one answer to the next request of a step that polls, in nanoseconds.
fn poll_every(endpoint: &Endpoint) -> Option<u64> {
    let poll = endpoint.step.as_ref()?.poll?;
    Some(nanos(poll.every))
}

fn endpoint_result(endpoint: &Endpoint, tally: &EndpointTally) -> EndpointResult {
    EndpointResult {
        name: endpoint.name.clone(),
        kind: endpoint.kind,
        request: format!("{} {}", endpoint.method, endpoint.path),
        outcomes: tally.outcomes(),
        response: tally.response(),
        answered: tally.answered(),
        service: tally.service(),
        bytes: tally.bytes,
        reached: tally.reached,
        unreached: tally.unreached,
        ..EndpointResult::default()
    }
}

/// The record of a run that could not be made.
pub fn failed_run(plan: &Plan, started: SystemTime, problem: RunProblem) -> RunResult {
    RunResult {
        scenario: plan.scenario.clone(),
        plan: plan.fingerprint(),
        load: plan.offered(),
        started: millis(started),
        status: Status::Failed,
        problem: Some(problem),
        thresholds: Vec::new(),
        window: Window::default(),
        endpoints: Vec::new(),
        addresses: Vec::new(),
        seconds: Vec::new(),
        users: Vec::new(),
        generator: Generator::default(),
        sockets: Sockets::default(),
        watch: UptimeRecord::default(),
        observed: Observed::default(),
        search: None,
        slowest: Slowest::default(),
        excerpts: Excerpts::default(),
        notes: Vec::new(),
    }
}

/// Milliseconds since 1970; 0 before.
pub fn millis(time: SystemTime) -> u64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
