//! Which endpoint a request asks, or which journey is begun, by weight.

use super::schedule::{DueTimes, mix};
use crate::plan::{Endpoint, EndpointKind, Plan};

/// The weighted choice of a plan.
#[derive(Debug, Clone)]
pub(super) struct Mix {
    seed: u64,
    /// Sums of the weights up to and with each endpoint.
    sums: Vec<u64>,
    /// The connection and the message of users on a WebSocket.
    socket: (usize, usize),
}

impl Mix {
    pub(super) fn new(plan: &Plan) -> Mix {
        let weights = plan.endpoints.iter().enumerate();
        let sums = weights.scan(0, |sum, (index, endpoint)| {
            *sum += u64::from(weight(plan, index, endpoint));
            Some(*sum)
        });
        let place = |kind| {
            let found = plan.endpoints.iter().position(|one| one.kind == kind);
            found.unwrap_or_default()
        };
        // Apart from the seed of the due times, or the two choices would go together.
        Mix {
            seed: mix(plan.seed, 0x6d69_785f_656e_6470),
            sums: sums.collect(),
            socket: (place(EndpointKind::Connect), place(EndpointKind::Message)),
        }
    }

    /// The endpoint of a stream's request `k`.
    pub(super) fn of(&self, stream: &DueTimes, k: u64) -> usize {
        match (stream.is_socket(), k) {
            (false, _) => self.pick(stream.number(k)),
            (true, 0) => self.connect(),
            (true, _) => self.socket.1,
        }
    }

    /// The endpoint that stands for connecting a WebSocket.
    pub(super) fn connect(&self) -> usize {
        self.socket.0
    }

    /// The endpoint of the plan's request `number`.
    pub(super) fn pick(&self, number: u64) -> usize {
        let all = self.sums.last().copied().unwrap_or(1).max(1);
        let place = mix(self.seed, number) % all;
        self.sums.partition_point(|sum| *sum <= place)
    }
}

/// How often an endpoint is chosen. Of a plan with journeys these are chosen, and their steps follow.
fn weight(plan: &Plan, index: usize, endpoint: &Endpoint) -> u32 {
    if plan.journeys.is_empty() || endpoint.kind.is_socket() {
        return endpoint.weight;
    }
    let mut journeys = plan.journeys.iter();
    let journey = journeys.find(|journey| journey.endpoint == index);
    journey.map_or(0, |journey| journey.weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_chosen_by_weight_and_again_alike() {
        let mix = Mix {
            seed: 8,
            sums: vec![30, 50, 70, 85, 100],
            socket: (0, 0),
        };
        let mut counts = [0u32; 5];
        for number in 0..100_000 {
            counts[mix.pick(number)] += 1;
            assert_eq!(mix.pick(number), mix.pick(number));
        }
        for (count, share) in counts.iter().zip([0.30, 0.20, 0.20, 0.15, 0.15]) {
            assert!(
                (f64::from(*count) / 1e5 - share).abs() < 0.006,
                "{counts:?}"
            );
        }
    }
}
