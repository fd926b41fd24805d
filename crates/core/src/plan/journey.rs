//! Journeys: steps that follow one another, each due one think time after the answer that it needs.

use std::ops::Range;
use std::time::Duration;

use serde::Serialize;

use super::scenario::{Endpoint, Plan};

/// One way through a service. What begins is due by schedule; what follows from an answer is due from that answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Journey {
    /// What tables call it.
    pub name: String,
    /// How often it is chosen, against the sum of the weights of all journeys of the scenario; above 0.
    pub weight: u32,
    /// Which of the plan's endpoints stands for it as a whole: its response time is the sum of its steps' waits, and its
    /// outcome that of the step that ended it.
    pub endpoint: usize,
    /// Which of the plan's endpoints are its steps, in order; never empty.
    pub steps: Range<usize>,
}

/// What makes an endpoint a step of a journey.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Step {
    /// The shortest time from the answer before to this step's due time; 0 for the first step.
    pub think_min: Duration,
    /// The longest time from the answer before to this step's due time.
    pub think_max: Duration,
    /// Whether the request is repeated until its answer has what is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll: Option<Poll>,
    /// Whether it is sent also when an earlier step has failed, as clean-up is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub always: bool,
}

/// How a step waits for something that the target does on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Poll {
    /// From one answer to the next request; above 0.
    pub every: Duration,
    /// How long after the step's due time the answer must have what is expected; else the step has timed out.
    pub within: Duration,
}

impl Plan {
    /// The endpoints of a journey's steps, in order.
    pub fn steps(&self, journey: &Journey) -> &[Endpoint] {
        &self.endpoints[journey.steps.clone()]
    }

    /// The sum of the timeouts of a journey's steps.
    pub(super) fn timeout_of_journey(&self, endpoint: &Endpoint) -> Duration {
        let mut journeys = self.journeys.iter();
        let is_meant = |journey: &&Journey| self.endpoints[journey.endpoint].name == endpoint.name;
        let steps = journeys.find(is_meant).map(|journey| self.steps(journey));
        let steps = steps.unwrap_or_default().iter();
        steps.map(|step| self.timeout(step)).sum()
    }

    /// The longest from a journey's begin to its last answer, think times included.
    pub(super) fn longest_of(&self, journey: &Journey) -> Duration {
        let longest = |endpoint: &Endpoint| {
            let request = self.request_timeout(endpoint);
            let Some(step) = &endpoint.step else {
                return request;
            };
            // The last request of a poll may be sent just before its time is up.
            let polling = step.poll.map_or(Duration::ZERO, |poll| poll.within);
            step.think_max + polling + request
        };
        self.steps(journey).iter().map(longest).sum()
    }
}
