//! Response times: summaries with quantiles, and the ends of their intervals.

use super::writer::{FamilyKind, Labels, MetricFamily};
use super::{MILLIS, Named};
use crate::record::{EndpointResult, Histogram, Summary, Times};
use crate::requirement::{Interval, Intervals, PartIntervals};

/// A summary's name, that of its quantiles' intervals, and what the two are about.
struct Subject {
    summary: &'static str,
    bounds: &'static str,
    help: &'static str,
}

const RESPONSE: Subject = Subject {
    summary: "agentos_perf_response_time_seconds",
    bounds: "agentos_perf_response_time_bound_seconds",
    help: "From when a request was due to its last byte, of all requests due; a failed one counts with its timeout at least",
};
const ANSWERED: Subject = Subject {
    summary: "agentos_perf_answered_time_seconds",
    bounds: "agentos_perf_answered_time_bound_seconds",
    help: "The same of the successful requests",
};
const SERVICE: Subject = Subject {
    summary: "agentos_perf_service_time_seconds",
    bounds: "agentos_perf_service_time_bound_seconds",
    help: "From when a request was sent to its last byte",
};
const JOURNEYS: Subject = Subject {
    summary: "agentos_perf_journey_response_time_seconds",
    bounds: "agentos_perf_journey_response_time_bound_seconds",
    help: "The waits of a journey for its steps, without think times, of all journeys due; a failed one counts with the timeouts of its steps at least",
};
const COMPLETED: Subject = Subject {
    summary: "agentos_perf_journey_answered_time_seconds",
    bounds: "agentos_perf_journey_answered_time_bound_seconds",
    help: "The same of the journeys whose steps all succeeded",
};
const SCENARIO: Subject = Subject {
    summary: "agentos_perf_scenario_response_time_seconds",
    bounds: "agentos_perf_scenario_response_time_bound_seconds",
    help: "Response times of all endpoints of a scenario together",
};
const LATENESS: Subject = Subject {
    summary: "agentos_perf_generator_lateness_seconds",
    bounds: "agentos_perf_generator_lateness_bound_seconds",
    help: "How late the load generator sent by its own fault",
};

pub(super) fn write(runs: &[Named<'_>], out: &mut String) {
    let response: Part = (|one| &one.response, |sure| sure.response);
    let answered: Part = (|one| &one.answered, |sure| sure.answered);
    let service: Part = (|one| &one.service, |sure| sure.service);
    endpoints(runs, &RESPONSE, response, out);
    endpoints(runs, &ANSWERED, answered, out);
    endpoints(runs, &SERVICE, service, out);
    journeys(runs, &JOURNEYS, response, out);
    journeys(runs, &COMPLETED, answered, out);
    let mut all = QuantileFamily::of(&SCENARIO);
    for run in runs {
        let labels = vec![("scenario", run.scenario.as_str())];
        let sure = &run.shown.intervals.times.response;
        all.add(&labels, &Summary::of(&run.shown.run).response, sure);
    }
    all.write(out);
    let mut late = QuantileFamily::of(&LATENESS);
    for run in runs {
        let labels = vec![("scenario", run.scenario.as_str())];
        let lag = &run.shown.run.generator.lag;
        late.add(&labels, lag, &run.shown.intervals.lateness);
    }
    late.write(out);
}

/// Which of an endpoint's histograms, and its intervals.
type Part = (
    fn(&EndpointResult) -> &Histogram,
    fn(&PartIntervals) -> Intervals,
);

fn endpoints(runs: &[Named<'_>], subject: &Subject, part: Part, out: &mut String) {
    let mut pair = QuantileFamily::of(subject);
    for run in runs {
        for (index, endpoint, name) in run.requests() {
            pair.add_part(run, ("endpoint", name), (index, endpoint), part);
        }
    }
    pair.write(out);
}

/// Apart from the endpoints, whose sum is that of the requests.
fn journeys(runs: &[Named<'_>], subject: &Subject, part: Part, out: &mut String) {
    let mut pair = QuantileFamily::of(subject);
    for run in runs {
        for (index, journey, name) in run.journeys() {
            pair.add_part(run, ("journey", name), (index, journey), part);
        }
    }
    pair.write(out);
}

/// A summary and the intervals of its quantiles, which a summary has no place for.
struct QuantileFamily {
    summary: MetricFamily,
    bounds: MetricFamily,
}

impl QuantileFamily {
    fn of(subject: &Subject) -> QuantileFamily {
        let help = format!("{}.", subject.help);
        let bounds = format!("{}: the ends of the quantiles' intervals.", subject.help);
        QuantileFamily {
            summary: MetricFamily::new(FamilyKind::Summary, subject.summary, "seconds", &help),
            bounds: MetricFamily::new(FamilyKind::Gauge, subject.bounds, "seconds", &bounds),
        }
    }

    fn add_part(
        &mut self,
        run: &Named<'_>,
        label: (&'static str, &str),
        (index, endpoint): (usize, &EndpointResult),
        (histogram, sure): Part,
    ) {
        let labels = vec![("scenario", run.scenario.as_str()), label];
        let known = run.shown.intervals.endpoints.get(index);
        let intervals = known.map(sure).unwrap_or_default();
        self.add(&labels, histogram(endpoint), &intervals);
    }

    fn add(&mut self, labels: &Labels<'_>, histogram: &Histogram, sure: &Intervals) {
        let Some(times) = Times::of(histogram) else {
            return;
        };
        for (quantile, ms, interval) in quantiles(&times, sure) {
            let mut labels = labels.clone();
            labels.push(("quantile", quantile));
            self.summary.add("", &labels, ms / MILLIS);
            for (bound, end) in [("low", interval.low), ("high", interval.high)] {
                let mut labels = labels.clone();
                labels.push(("bound", bound));
                self.bounds.add_some(&labels, end.map(|end| end / MILLIS));
            }
        }
        self.summary.add("_count", labels, times.count as f64);
        let sum = times.mean * times.count as f64;
        self.summary.add("_sum", labels, sum / MILLIS);
    }

    fn write(self, out: &mut String) {
        self.summary.write(out);
        self.bounds.write(out);
    }
}

fn quantiles(times: &Times, sure: &Intervals) -> [(&'static str, f64, Interval); 5] {
    [
        ("0.5", times.p50, sure.p50),
        ("0.9", times.p90, sure.p90),
        ("0.95", times.p95, sure.p95),
        ("0.99", times.p99, sure.p99),
        ("0.999", times.p999, sure.p999),
    ]
}
