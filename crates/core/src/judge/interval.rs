//! Intervals of percentiles by order statistics, with the design effect that the seconds of a run show.

use super::cluster_series::{ClusterSeries, SHOWN, between};
use super::evidence::{EndpointSelection, Slice, within};
use crate::record::{EndpointResult, Histogram, RunResult, Second, Step};
use crate::requirement::{Intervals, PartIntervals, RunIntervals, StepIntervals};
use crate::statistics::shown_level;

/// So many of the shown percentiles, from the first, speak for times that were not counted by second: of the last one few
/// requests could tell.
const USUAL: usize = 4;

/// The intervals of all percentiles that are shown of a run, at the given confidence in (0.5, 1).
///
/// Each end is missed with a probability of at most 1 − `confidence`. `docs/STATISTICS.md` has the method and
/// its measured coverage.
pub fn intervals(run: &RunResult, confidence: f64) -> RunIntervals {
    let slice = Slice {
        run,
        part: EndpointSelection::All,
        unsettled: 0,
        window: run.window,
    };
    let alpha = shown_level(slice.look(), 1.0 - confidence);
    let all = LatencyQuantiles::of_all(run);
    let (times, share) = part_intervals(run, EndpointSelection::All, &all, &all, alpha);
    let endpoints = run.endpoints.iter().enumerate().map(|(index, endpoint)| {
        let own = LatencyQuantiles::of(endpoint);
        let part = EndpointSelection::of_endpoint(run, index);
        let all = if endpoint.kind.is_request() {
            &all
        } else {
            &own
        };
        part_intervals(run, part, &own, all, alpha).0
    });
    let steps = run.search.iter().flat_map(|search| &search.steps);
    RunIntervals {
        times,
        lateness: with_share(&run.generator.lag, share, alpha),
        endpoints: endpoints.collect(),
        steps: steps.map(|step| step_intervals(run, step, alpha)).collect(),
    }
}

/// The times of some requests.
#[derive(Default)]
struct LatencyQuantiles {
    response: Histogram,
    answered: Histogram,
    service: Histogram,
}

impl LatencyQuantiles {
    fn of(endpoint: &EndpointResult) -> LatencyQuantiles {
        let mut times = LatencyQuantiles::default();
        times.add(endpoint);
        times
    }

    fn of_all(run: &RunResult) -> LatencyQuantiles {
        let mut times = LatencyQuantiles::default();
        let requests = run.endpoints.iter().filter(|one| one.kind.is_request());
        requests.for_each(|endpoint| times.add(endpoint));
        times
    }

    fn add(&mut self, endpoint: &EndpointResult) {
        self.response.merge(&endpoint.response);
        self.answered.merge(&endpoint.answered);
        self.service.merge(&endpoint.service);
    }
}

/// The intervals of a part of a run, and what share of its requests counts as independent where they were not
/// counted by second.
fn part_intervals(
    run: &RunResult,
    part: EndpointSelection,
    own: &LatencyQuantiles,
    all: &LatencyQuantiles,
    alpha: f64,
) -> (PartIntervals, f64) {
    let seconds = judged(run, part);
    let response = ClusterSeries::of_due(run, part, &seconds, &own.response, &all.response);
    let answered = ClusterSeries::of_answered(run, part, &seconds, &own.answered, &all.answered);
    let shares = response.shares(alpha);
    let share = least(shares);
    let intervals = PartIntervals {
        response: with_shares(&own.response, shares, alpha),
        answered: with_shares(&own.answered, answered.shares(alpha), alpha),
        service: with_share(&own.service, share, alpha),
    };
    (intervals, share)
}

fn step_intervals(run: &RunResult, step: &Step, alpha: f64) -> StepIntervals {
    let seconds: Vec<&Second> = within(&run.seconds, step.window).iter().collect();
    let (response, answered) = (&step.response, &step.answered);
    let due = ClusterSeries::of_due(run, EndpointSelection::All, &seconds, response, response);
    let well =
        ClusterSeries::of_answered(run, EndpointSelection::All, &seconds, answered, answered);
    let shares = due.shares(alpha);
    StepIntervals {
        response: with_shares(response, shares, alpha),
        answered: with_shares(answered, well.shares(alpha), alpha),
        lateness: with_share(&step.lag, least(shares), alpha),
    }
}

/// The seconds in which judged requests were due; of a search those of its steps.
fn judged(run: &RunResult, part: EndpointSelection) -> Vec<&Second> {
    let steps = run.search.iter().flat_map(|search| &search.steps);
    if run.search.is_some() {
        return steps
            .flat_map(|step| within(&run.seconds, step.window))
            .collect();
    }
    let slice = Slice {
        run,
        part,
        unsettled: 0,
        window: run.window,
    };
    slice.seconds().iter().collect()
}

/// The intervals of times of which this share counts as independent.
fn with_share(times: &Histogram, share: f64, alpha: f64) -> Intervals {
    with_shares(times, [share; SHOWN.len()], alpha)
}

/// The same with a share for each of the shown percentiles.
fn with_shares(times: &Histogram, shares: [f64; SHOWN.len()], alpha: f64) -> Intervals {
    let [p50, p90, p95, p99, p999] =
        std::array::from_fn(|place| between(times, SHOWN[place], shares[place], alpha));
    Intervals {
        p50,
        p90,
        p95,
        p99,
        p999,
    }
}

/// The least of the shares at the usual percentiles.
fn least(shares: [f64; SHOWN.len()]) -> f64 {
    shares[..USUAL].iter().copied().fold(1.0, f64::min)
}

#[cfg(test)]
mod tests;
