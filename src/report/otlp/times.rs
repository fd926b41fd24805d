//! Response times: percentiles over time, and all of a run in a histogram.

use std::collections::BTreeMap;

use super::message::{Attribute, Buckets, Data, Exponential, OtlpMetric};
use super::metric::GaugePoint;
use super::{MILLIS, Named, SECOND, at, started};
use crate::record::{CoarseHistogram, Histogram};

const QUANTILES: [(&str, f64); 3] = [("0.5", 0.5), ("0.95", 0.95), ("0.99", 0.99)];

/// The finest scale that is used, and the most buckets: those of Prometheus and of the SDKs. A bucket of scale 8 is 0.27 %
/// wide, and holds several of the histogram that it is made of.
const FINEST: i32 = 8;
const MOST_BUCKETS: i64 = 160;

pub(super) fn metrics(runs: &[Named<'_>], step: usize) -> [OtlpMetric; 3] {
    let (mut points, mut of_journeys) = (Vec::new(), Vec::new());
    for run in runs {
        for (_, endpoint, name) in run.requests() {
            points.extend(judged(run, ("endpoint", name), &endpoint.response));
        }
        for (_, journey, name) in run.journeys() {
            of_journeys.extend(judged(run, ("journey", name), &journey.response));
        }
    }
    let whole = OtlpMetric {
        name: "agentos_perf.response_time",
        description: "From when a request was due to its last byte, of all requests due in the judged part; a failed one \
                      counts with its timeout at least.",
        unit: "s",
        data: Data::histogram(points),
    };
    let journeys = OtlpMetric {
        name: "agentos_perf.journey.response_time",
        description: "The waits of a journey for its steps, without think times, of all journeys due in the judged part; a \
                      failed one counts with the timeouts of its steps at least.",
        unit: "s",
        data: Data::histogram(of_journeys),
    };
    [quantiles(runs, step), whole, journeys]
}

/// The judged part of a run, of an endpoint or a journey.
fn judged(
    run: &Named<'_>,
    (key, name): (&'static str, &str),
    response: &Histogram,
) -> Option<Exponential> {
    let record = &run.shown.run;
    let attributes = vec![
        Attribute::new("scenario", &run.scenario),
        Attribute::new(key, name),
    ];
    let from = |nanos: u64| started(record).saturating_add(nanos);
    let window = (from(record.window.from), from(record.window.to));
    exponential(response, attributes, window)
}

fn quantiles(runs: &[Named<'_>], step: usize) -> OtlpMetric {
    let mut gauge = GaugePoint::new(
        "agentos_perf.response_time.quantile",
        "s",
        "Percentiles of the response times of what was due since the point before, of all endpoints together.",
    );
    for run in runs {
        let record = &run.shown.run;
        for (number, seconds) in record.seconds.chunks(step).enumerate() {
            let mut times = CoarseHistogram::default();
            for second in seconds {
                times.merge(&second.response);
            }
            let time = at(record, number * step + seconds.len());
            for (name, quantile) in QUANTILES {
                let attributes = vec![
                    Attribute::new("scenario", &run.scenario),
                    Attribute::new("quantile", name),
                ];
                let ms = times.quantile_ms(quantile).unwrap_or(f64::NAN);
                gauge.add(attributes, time, ms / MILLIS);
            }
        }
    }
    gauge.metric()
}

/// A histogram as OTLP has it; `None` when nothing was counted.
fn exponential(
    histogram: &Histogram,
    attributes: Vec<Attribute>,
    (from, to): (u64, u64),
) -> Option<Exponential> {
    let (scale, zero_count, positive) = buckets(histogram)?;
    let times = histogram.hdr();
    let seconds = |nanos: u64| nanos as f64 / SECOND as f64;
    Some(Exponential {
        attributes,
        start_time_unix_nano: from,
        time_unix_nano: to,
        count: histogram.len(),
        sum: times.mean() * times.len() as f64 / SECOND as f64,
        scale,
        zero_count,
        positive,
        min: seconds(times.min()),
        max: seconds(times.max()),
    })
}

/// The scale, the times of zero, and the buckets of the others. A time is taken for the longest that can't be
/// distinguished from it, as in the percentiles of all reports.
fn buckets(histogram: &Histogram) -> Option<(i32, u64, Buckets)> {
    if histogram.is_empty() {
        return None;
    }
    let mut zeros = 0;
    let mut counts: BTreeMap<i32, u64> = BTreeMap::new();
    for one in histogram.hdr().iter_recorded() {
        let count = one.count_at_value();
        match one.value_iterated_to() {
            0 => zeros += count,
            nanos => *counts.entry(index(nanos)).or_default() += count,
        }
    }
    let mut scale = FINEST;
    while span(&counts) > MOST_BUCKETS {
        let mut halved: BTreeMap<i32, u64> = BTreeMap::new();
        for (index, count) in counts {
            *halved.entry(index >> 1).or_default() += count;
        }
        counts = halved;
        scale -= 1;
    }
    let offset = counts.keys().next().copied().unwrap_or_default();
    let mut bucket_counts = vec![0; span(&counts) as usize];
    for (index, count) in counts {
        bucket_counts[(index - offset) as usize] = count;
    }
    let positive = Buckets {
        offset,
        bucket_counts,
    };
    Some((scale, zeros, positive))
}

fn span(counts: &BTreeMap<i32, u64>) -> i64 {
    let ends = counts.keys().next().zip(counts.keys().next_back());
    ends.map_or(0, |(first, last)| i64::from(*last) - i64::from(*first) + 1)
}

/// The bucket of the finest scale: number `i` holds what is over 2^(i / 2^scale) seconds and up to that of `i + 1`.
fn index(nanos: u64) -> i32 {
    let seconds = nanos as f64 / SECOND as f64;
    (seconds.log2() * f64::from(1 << FINEST)).ceil() as i32 - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(times: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        for nanos in times {
            histogram.record(*nanos);
        }
        histogram
    }

    #[test]
    fn nothing_is_no_histogram_and_zeros_have_their_own_count() {
        assert!(buckets(&Histogram::new()).is_none());
        let (_, zeros, positive) = buckets(&of(&[0, 0, SECOND])).expect("some");
        assert_eq!((zeros, positive.bucket_counts), (2, vec![1]));
        let (_, _, none) = buckets(&of(&[0])).expect("some");
        assert!(none.bucket_counts.is_empty());
    }

    fn span_of(buckets: &Buckets) -> i64 {
        i64::try_from(buckets.bucket_counts.len()).expect("few")
    }

    proptest! {
        #[test]
        fn each_time_lies_in_its_bucket(times in prop::collection::vec(1..3_600_000_000_000_u64, 1..60)) {
            let histogram = of(&times);
            let (scale, zeros, positive) = buckets(&histogram).expect("some");
            prop_assert!(span_of(&positive) <= MOST_BUCKETS);
            prop_assert_eq!(zeros + positive.bucket_counts.iter().sum::<u64>(), histogram.len());
            // Up to each bound there are as many as the histogram has.
            let mut seen = zeros;
            for (index, count) in (positive.offset..).zip(&positive.bucket_counts) {
                seen += count;
                let upper = f64::from(index + 1) / f64::from(scale).exp2();
                let nanos = upper.exp2() * SECOND as f64;
                let below = |by: f64| -> u64 {
                    histogram
                        .hdr()
                        .iter_recorded()
                        .filter(|one| one.value_iterated_to() as f64 <= nanos * by)
                        .map(|one| one.count_at_value())
                        .sum()
                };
                // On a bound itself rounding may go either way.
                prop_assert!(below(1.0 - 1e-12) <= seen && seen <= below(1.0 + 1e-12));
            }
        }
    }
}
