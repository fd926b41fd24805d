//! Requests by how they ended, counted over time, and how many were successful.

use super::message::{Attribute, Data, Number, OtlpMetric, PointValue};
use super::metric::GaugePoint;
use super::{Named, at, started};
use crate::record::Outcome;
use crate::record::{Counts, Outcomes};

pub(super) fn metrics(runs: &[Named<'_>], step: usize) -> [OtlpMetric; 3] {
    let (mut points, mut of_journeys) = (Vec::new(), Vec::new());
    for run in runs {
        for judged in [false, true] {
            for (index, _, name) in run.requests() {
                let counted = Counted::Endpoint(index);
                slice(run, counted, name, judged).add(step, &mut points);
            }
            for (index, (_, _, name)) in run.journeys().enumerate() {
                let counted = Counted::Journey(index);
                slice(run, counted, name, judged).add(step, &mut of_journeys);
            }
        }
    }
    let requests = OtlpMetric {
        name: "agentos_perf.requests",
        description: "Requests due in each run, by how they ended and by whether their second is judged.",
        unit: "{request}",
        data: Data::sum(points),
    };
    let journeys = OtlpMetric {
        name: "agentos_perf.journeys",
        description: "Journeys due in each run, by how they ended and by whether their second is judged; in no count of \
                      requests.",
        unit: "{journey}",
        data: Data::sum(of_journeys),
    };
    [requests, throughput(runs, step), journeys]
}

/// Whose counters of a second are meant.
#[derive(Clone, Copy)]
enum Counted {
    /// Those of the endpoint at this place.
    Endpoint(usize),
    /// Those of the journey at this place among the journeys.
    Journey(usize),
}

impl Counted {
    fn attribute(self) -> &'static str {
        match self {
            Counted::Endpoint(_) => "endpoint",
            Counted::Journey(_) => "journey",
        }
    }
}

/// One endpoint's requests, or one kind of journey, in the seconds of a run that are judged, or in those that are not.
struct RequestSlice<'a> {
    run: &'a Named<'a>,
    counted: Counted,
    name: &'a str,
    judged: bool,
}

fn slice<'a>(
    run: &'a Named<'a>,
    counted: Counted,
    name: &'a str,
    judged: bool,
) -> RequestSlice<'a> {
    RequestSlice {
        run,
        counted,
        name,
        judged,
    }
}

impl RequestSlice<'_> {
    fn counts(&self, second: usize) -> Option<&Counts> {
        let record = &self.run.shown.run;
        let is_of_it = record.window.seconds().contains(&second) == self.judged;
        let counted = record.seconds.get(second).filter(|_| is_of_it)?;
        match self.counted {
            Counted::Endpoint(index) => counted.endpoints.get(index),
            Counted::Journey(index) => counted.journeys.get(index).map(|one| &one.counts),
        }
    }

    /// Every outcome that there is has a point at each time, beginning with a zero where the part begins: without it
    /// the first requests would be no rise of the count.
    fn add(&self, step: usize, points: &mut Vec<Number>) {
        let record = &self.run.shown.run;
        let seconds = record.seconds.len();
        let mut total = Outcomes::new();
        for second in 0..seconds {
            let counts = self.counts(second).into_iter();
            total.extend(counts.flat_map(ended).map(|(outcome, _)| (outcome, 0)));
        }
        let mut is_begun = false;
        for first in (0..seconds).step_by(step) {
            let end = (first + step).min(seconds);
            let mut counted = (first..end)
                .filter_map(|second| Some((second, self.counts(second)?)))
                .peekable();
            let Some((begin, _)) = counted.peek() else {
                continue;
            };
            if !is_begun {
                is_begun = true;
                self.tell(&total, at(record, *begin), points);
            }
            for (outcome, count) in counted.flat_map(|(_, counts)| ended(counts)) {
                *total.entry(outcome).or_default() += count;
            }
            self.tell(&total, at(record, end), points);
        }
    }

    fn tell(&self, total: &Outcomes, time: u64, points: &mut Vec<Number>) {
        for (outcome, count) in total {
            points.push(Number {
                attributes: vec![
                    Attribute::new("scenario", &self.run.scenario),
                    Attribute::new(self.counted.attribute(), self.name),
                    Attribute::new("outcome", outcome.to_string()),
                    Attribute::new("judged", self.judged.to_string()),
                ],
                start_time_unix_nano: started(&self.run.shown.run),
                time_unix_nano: time,
                value: PointValue::AsInt(*count),
            });
        }
    }
}

/// How requests ended, `ok` included.
fn ended(counts: &Counts) -> impl Iterator<Item = (Outcome, u64)> {
    let ok = counts.due.saturating_sub(counts.failed);
    let failed = counts.outcomes.iter();
    failed
        .map(|(outcome, count)| (*outcome, *count))
        .chain((ok > 0).then_some((Outcome::Ok, ok)))
}

fn throughput(runs: &[Named<'_>], step: usize) -> OtlpMetric {
    let mut gauge = GaugePoint::new(
        "agentos_perf.throughput",
        "{request}/s",
        "Successful requests per second, whenever they were due.",
    );
    for run in runs {
        let record = &run.shown.run;
        for (number, seconds) in record.seconds.chunks(step).enumerate() {
            let done: u64 = seconds.iter().map(|second| second.done_ok).sum();
            let time = at(record, number * step + seconds.len());
            let attributes = vec![Attribute::new("scenario", &run.scenario)];
            gauge.add(attributes, time, done as f64 / seconds.len() as f64);
        }
    }
    gauge.metric()
}
