//! Requests second by second and user by user, and what they are worth as independent ones.

use super::evidence::{EndpointSelection, SliceCounts};
use crate::record::{CoarseHistogram, Histogram, RunResult, Second};
use crate::requirement::Interval;
use crate::statistics::{
    Block, DesignEffect, MixedBlock, cluster_effect, cluster_effect_within, design_effect,
    design_effect_within, quantile_ranks, worst_twice,
};

/// The percentiles that are shown.
pub(super) const SHOWN: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

/// Requests of a part of a run, second by second and user by user.
pub(super) struct ClusterSeries<'a> {
    stretches: Vec<Cluster<'a>>,
    /// The same requests user by user.
    users: Vec<Cluster<'a>>,
    /// Times of the part.
    own: &'a Histogram,
    /// The same of all parts.
    all: &'a Histogram,
}

/// The requests of a second, or of a group of users.
struct Cluster<'a> {
    /// Charged response times of all requests; `None` where nothing was due.
    times: Option<&'a CoarseHistogram>,
    /// Those among them that are not meant; they are the longest.
    left_out: u64,
    trials: u64,
    others: u64,
}

impl<'a> Cluster<'a> {
    /// All requests due.
    fn due(run: &RunResult, part: EndpointSelection, counted: SliceCounts<'a>) -> Cluster<'a> {
        let trials = part.number(run, counted, |counts| counts.due);
        if let EndpointSelection::Journey { place, .. } = part {
            return Cluster {
                times: counted.journeys.get(place).map(|one| &one.response),
                left_out: 0,
                trials,
                others: 0,
            };
        }
        let all: u64 = counted.endpoints.iter().map(|counts| counts.due).sum();
        Cluster {
            times: Some(counted.times),
            left_out: 0,
            trials,
            others: all.saturating_sub(trials),
        }
    }

    /// The successful ones. The others are charged at least their timeout, and so are the longest.
    fn answered(run: &RunResult, part: EndpointSelection, counted: SliceCounts<'a>) -> Cluster<'a> {
        let due = Cluster::due(run, part, counted);
        let failed = part.number(run, counted, |counts| counts.failed);
        if let EndpointSelection::Journey { .. } = part {
            return Cluster {
                left_out: failed,
                trials: due.trials.saturating_sub(failed),
                ..due
            };
        }
        let left_out: u64 = counted.endpoints.iter().map(|counts| counts.failed).sum();
        Cluster {
            left_out,
            trials: due.trials.saturating_sub(failed),
            others: due.others.saturating_sub(left_out.saturating_sub(failed)),
            ..due
        }
    }

    fn hits(&self, above: impl Fn(&CoarseHistogram) -> u64) -> f64 {
        let meant = self.times.map_or(0, above).saturating_sub(self.left_out);
        meant.min(self.trials + self.others) as f64
    }

    fn block(&self, above: impl Fn(&CoarseHistogram) -> u64) -> Block {
        Block {
            hits: self.hits(above),
            trials: self.trials as f64,
        }
    }

    fn mixed_block(&self, above: impl Fn(&CoarseHistogram) -> u64) -> MixedBlock {
        MixedBlock {
            hits: self.hits(above),
            trials: self.trials as f64,
            others: self.others as f64,
        }
    }
}

/// How a stretch follows from what was counted.
type ClusterCounter<'a> = fn(&RunResult, EndpointSelection, SliceCounts<'a>) -> Cluster<'a>;

impl<'a> ClusterSeries<'a> {
    /// All requests due; `own` and `all` are the charged response times of the part and of the run.
    pub(super) fn of_due(
        run: &'a RunResult,
        part: EndpointSelection,
        seconds: &[&'a Second],
        own: &'a Histogram,
        all: &'a Histogram,
    ) -> ClusterSeries<'a> {
        ClusterSeries::counted(Cluster::due, run, part, seconds, (own, all))
    }

    /// The successful ones.
    pub(super) fn of_answered(
        run: &'a RunResult,
        part: EndpointSelection,
        seconds: &[&'a Second],
        own: &'a Histogram,
        all: &'a Histogram,
    ) -> ClusterSeries<'a> {
        ClusterSeries::counted(Cluster::answered, run, part, seconds, (own, all))
    }

    fn counted(
        count: ClusterCounter<'a>,
        run: &'a RunResult,
        part: EndpointSelection,
        seconds: &[&'a Second],
        (own, all): (&'a Histogram, &'a Histogram),
    ) -> ClusterSeries<'a> {
        let stretch = |counted| count(run, part, counted);
        let seconds = seconds.iter().map(|second| SliceCounts::of_second(second));
        let users = run.users.iter().map(SliceCounts::of_users);
        ClusterSeries {
            stretches: seconds.map(stretch).collect(),
            users: users.map(stretch).collect(),
            own,
            all,
        }
    }

    /// The share that counts as independent at each of the shown percentiles.
    pub(super) fn shares(&self, alpha: f64) -> [f64; SHOWN.len()] {
        SHOWN.map(|quantile| self.share(quantile, alpha))
    }

    /// The interval of a quantile.
    pub(super) fn interval(&self, quantile: f64, alpha: f64) -> Interval {
        let share = self.share(quantile, alpha);
        between(self.own, quantile, share, alpha)
    }

    /// The share of the requests that counts as independent at a quantile. Whether one is over it is known by
    /// the bucket: the worse of the two cuts around the quantile's own counts.
    fn share(&self, quantile: f64, alpha: f64) -> f64 {
        if self.own.is_empty() {
            return 1.0;
        }
        let nanos = (self.own.quantile_ms(quantile) * 1e6) as u64;
        let bucket = CoarseHistogram::bucket_of(nanos);
        let cuts = [
            self.design(bucket.start, |times| times.at_or_above(nanos)),
            self.design(bucket.end, |times| times.above(nanos)),
        ];
        let trials = self.own.len() as f64;
        let shares = cuts
            .into_iter()
            .flatten()
            .map(|design| design.effective_share(trials, alpha));
        shares.reduce(f64::min).unwrap_or_else(|| {
            // All of them in one bucket: nothing is known of how they hang together.
            let stretches = self.stretches.iter().filter(|one| one.trials > 0);
            DesignEffect::of_stretches(trials, stretches.count()).effective_share(trials, alpha)
        })
    }

    /// The design effect of the share of requests at or above `edge`, in nanoseconds, where a bucket begins;
    /// `None` when they are none or all.
    fn design(&self, edge: u64, above: impl Fn(&CoarseHistogram) -> u64) -> Option<DesignEffect> {
        let (trials, all) = (self.own.len() as f64, self.all.len() as f64);
        if all > trials {
            let own = self.own.at_or_above(edge) as f64;
            let share = own / trials;
            let others_share = (self.all.at_or_above(edge) as f64 - own) / (all - trials);
            let mixed = |stretches: &[Cluster<'_>]| -> Vec<_> {
                let blocks = stretches.iter().map(|one| one.mixed_block(&above));
                blocks.collect()
            };
            return (share > 0.0 && share < 1.0).then(|| {
                let users = cluster_effect_within(&mixed(&self.users), share, others_share);
                design_effect_within(&mixed(&self.stretches), share, others_share).and(users)
            });
        }
        let counted = |stretches: &[Cluster<'_>]| -> Vec<_> {
            let blocks = stretches.iter().map(|one| one.block(&above));
            blocks.collect()
        };
        let blocks = counted(&self.stretches);
        let over: f64 = blocks.iter().map(|block| block.hits).sum();
        let due: f64 = blocks.iter().map(|block| block.trials).sum();
        (over > 0.0 && over < due).then(|| {
            let users = worst_twice(&counted(&self.users));
            design_effect(&blocks).and(cluster_effect(&users))
        })
    }
}

/// The interval of a quantile of times of which this share counts as independent.
pub(super) fn between(times: &Histogram, quantile: f64, share: f64, alpha: f64) -> Interval {
    let samples = times.len() as f64;
    let effective = (samples * share).min(samples);
    let ranks = quantile_ranks(quantile, effective, alpha);
    let value = times.quantile_ms(quantile);
    Interval {
        low: ranks
            .low
            .map(|rank| times.quantile_bounds_ms(rank).0.min(value)),
        high: ranks
            .high
            .map(|rank| times.quantile_bounds_ms(rank).1.max(value)),
    }
}
