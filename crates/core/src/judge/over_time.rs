//! What all response times of a run tell: how its requests hang together, and whether they rise or fall.

use std::collections::BTreeMap;

use super::evidence::{SECOND, Slice};
use super::text::{count, time};
use crate::record::{CoarseHistogram, Second, Window};
use crate::requirement::Verdict;
use crate::statistics::{RankBlock, dependence, trend};

/// Disturbances that a run right at the limit must expect for its verdict to be within reach.
const ENOUGH: f64 = 10.0;
/// A disturbance of which a run expects so many is missed by fewer than 5 %.
const SEEN: f64 = 3.0;

/// How the sentence on what a failure speaks for begins and ends.
const HOLDS: &str = "this holds for the ";
const CAUSE: &str = "may be the cause";

/// The response times of a slice, second by second. Those of all endpoints: what disturbs one disturbs the target.
pub(super) struct OverTime<'a> {
    seconds: &'a [Second],
    /// Requests hang together for so many seconds, if they do.
    dependence: Option<f64>,
    /// By how much the mean rank changes throughout the run, if it does.
    trend: Option<f64>,
    /// Whether response times rise, or would if all that is still to come were slower than anything so far.
    may_rise: bool,
}

impl<'a> OverTime<'a> {
    pub(super) fn of(slice: &Slice<'a>) -> OverTime<'a> {
        let seconds = slice.seconds();
        // While users arrive, seconds differ by what is asked in them.
        let (ranks, worst) = if slice.is_judged_from_start() {
            Default::default()
        } else {
            (
                Ranks::of(seconds, 0),
                Ranks::of(seconds, slice.still_to_come()),
            )
        };
        let seen = [&ranks, &worst].map(|ranks| dependence(&ranks.blocks, ranks.variance));
        let trends = [&ranks, &worst].map(|ranks| trend(&ranks.blocks));
        OverTime {
            seconds,
            dependence: seen.into_iter().flatten().reduce(f64::max),
            trend: trends[0],
            may_rise: trends.into_iter().flatten().any(|change| change > 0.0),
        }
    }

    /// Whether a run at the limit would miss disturbances like its own more often than in 5 % of all cases.
    pub(super) fn may_miss_all(&self, allowed: f64) -> bool {
        let seconds = self.seconds.len() as f64;
        self.dependence
            .is_some_and(|length| seconds * allowed < SEEN * length)
    }

    /// Why a run of this length is too short to pass on its own, when it is.
    pub(super) fn too_short(&self, allowed: f64) -> Option<String> {
        let length = self.dependence?;
        let needed = ENOUGH * length / allowed;
        let seconds = self.seconds.len() as f64;
        (seconds < needed).then(|| {
            format!(
                "requests hang together for about {}, so a pass without a margin takes a run of {} seconds instead of {}",
                time(1e3 * length),
                count(needed.ceil()),
                count(seconds)
            )
        })
    }

    /// For which disturbances a verdict on these seconds speaks.
    pub(super) fn reach(&self, verdict: Verdict, allowed: f64) -> String {
        reach(self.seconds.len(), verdict, allowed)
    }

    /// The later half of the slice, when response times rise or fall.
    pub(super) fn later_half(&self, window: Window) -> Option<Window> {
        self.trend?;
        let half = self.seconds.len() as u64 / 2;
        Some(Window {
            from: (window.from / SECOND + half) * SECOND,
            ..window
        })
    }

    /// Whether response times rise throughout the run, or may do so when all has ended that is still to come.
    pub(super) fn may_rise(&self) -> bool {
        self.may_rise
    }

    /// Whether response times fall throughout the run.
    pub(super) fn falls(&self) -> bool {
        self.trend.is_some_and(|change| change < 0.0)
    }

    /// That response times rise or fall, if they do.
    pub(super) fn trend(&self) -> Option<String> {
        let change = self.trend?;
        let (first, second) = self.seconds.split_at(self.seconds.len() / 2);
        let median = |half: &[Second]| merged(half).quantile_ms(0.5).unwrap_or(0.0);
        Some(format!(
            "response times {} during the run (median {} in its first half, {} in its second)",
            if change < 0.0 { "fell" } else { "rose" },
            time(median(first)),
            time(median(second))
        ))
    }
}

/// For which disturbances a verdict on so many seconds speaks, where such a share of the requests may be disturbed.
pub(super) fn reach(seconds: usize, verdict: Verdict, allowed: f64) -> String {
    let seconds = seconds as f64;
    let longest = time(1e3 * seconds * allowed / ENOUGH);
    let rarest = time(1e3 * seconds / SEEN);
    match verdict {
        Verdict::Pass => format!(
            "a disturbance longer than {longest} or rarer than one in {rarest} can't be ruled out by this run"
        ),
        Verdict::Fail => format!(
            "{HOLDS}{} observed: a disturbance longer than {longest} or rarer than one in {rarest} {CAUSE}",
            time(1e3 * seconds)
        ),
        Verdict::Inconclusive => format!(
            "a run of {} can only decide about disturbances shorter than {longest} and more frequent than one in {rarest}",
            time(1e3 * seconds)
        ),
    }
}

/// The reason of a failure without the disturbances that it speaks for: where several are listed, or a step of a search is
/// judged and not the target as such.
pub fn without_reach(reason: &str) -> String {
    let mut text = reason.to_owned();
    let begin = format!("; {HOLDS}");
    while let Some(from) = text.find(&begin) {
        let Some(length) = text[from..].find(CAUSE) else {
            break;
        };
        text.replace_range(from..from + length + CAUSE.len(), "");
    }
    text
}

/// For which disturbances a verdict on a mean over so many seconds speaks.
pub(super) fn reach_of_mean(seconds: usize, verdict: Verdict) -> String {
    /// A mean hangs on the tenth of the values that is furthest out, and must see twice as many disturbances as a proportion
    /// with a counter of its own.
    const SHARE: f64 = 0.1 / 2.0;
    reach(seconds, verdict, SHARE)
}

/// For which disturbances a verdict on so many answers, one after the other, speaks.
pub(super) fn reach_of_answers(answers: usize, verdict: Verdict) -> String {
    match verdict {
        Verdict::Pass => {
            "a disturbance at any other time can't be ruled out by these answers".to_owned()
        }
        Verdict::Fail => {
            format!("{HOLDS}{answers} answers: a disturbance at the time of them {CAUSE}")
        }
        Verdict::Inconclusive => {
            format!("{answers} answers can only decide about disturbances at the time of them")
        }
    }
}

/// For which disturbances a verdict on what a source reported speaks.
pub(super) enum ReachOfSource {
    /// On what it counted between readings at such a distance, in milliseconds, over so long.
    Counted { every: f64, over: f64 },
    /// On readings of single moments.
    Read { every: f64, over: f64 },
    /// On a figure that the source made itself, over a time that only it knows.
    Own,
}

impl ReachOfSource {
    pub(super) fn text(&self, verdict: Verdict) -> String {
        let (every, over, is_counted) = match *self {
            ReachOfSource::Counted { every, over } => (every, over, true),
            ReachOfSource::Read { every, over } => (every, over, false),
            ReachOfSource::Own => {
                return "which disturbances the source's own figure includes is not known"
                    .to_owned();
            }
        };
        let (every, rarest, over) = (time(every), time(over / SEEN), time(over));
        match (verdict, is_counted) {
            (Verdict::Pass, true) => format!(
                "a disturbance rarer than one in {rarest} can't be ruled out by this run, and one shorter than the {every} \
                 between two readings is averaged with the rest"
            ),
            (Verdict::Pass, false) => format!(
                "a disturbance shorter than the {every} between two readings or rarer than one in {rarest} can't be ruled \
                 out by this run"
            ),
            (Verdict::Fail, true) => {
                format!("{HOLDS}{over} observed: a disturbance rarer than one in {rarest} {CAUSE}")
            }
            (Verdict::Fail, false) => format!(
                "{HOLDS}{over} observed: a disturbance shorter than the {every} between two readings or rarer than one in \
                 {rarest} {CAUSE}"
            ),
            (Verdict::Inconclusive, _) => format!(
                "readings every {every} for {over} can only decide about disturbances longer than that distance and more \
                 frequent than one in {rarest}"
            ),
        }
    }
}

fn merged(seconds: &[Second]) -> CoarseHistogram {
    let mut all = CoarseHistogram::default();
    for second in seconds {
        all.merge(&second.response);
    }
    all
}

/// The ranks of each second's response times among all of them, and the variance of a single one. Times of a bucket share
/// its middle rank.
#[derive(Default)]
struct Ranks {
    blocks: Vec<RankBlock>,
    variance: f64,
}

impl Ranks {
    /// With so many more in the last second that are slower than all others.
    fn of(seconds: &[Second], slower: u64) -> Ranks {
        let (all, slower) = (merged(seconds), slower as f64);
        let requests = all.len() as f64 + slower;
        let (mut below, mut variance) = (0.0, 0.0);
        let mut rank_of = BTreeMap::new();
        let mut rank = |count: f64| {
            let rank = (below + 0.5 * count) / requests;
            variance += count / requests * (rank - 0.5).powi(2);
            below += count;
            rank
        };
        for (bucket, count) in all.counts() {
            rank_of.insert(bucket, rank(f64::from(count)));
        }
        let slowest = if slower > 0.0 { rank(slower) } else { 0.0 };
        let block = |second: &Second| {
            let counts = second.response.counts();
            counts.fold(RankBlock::default(), |sum, (bucket, count)| RankBlock {
                ranks: sum.ranks + f64::from(count) * rank_of[&bucket],
                requests: sum.requests + f64::from(count),
            })
        };
        let mut blocks: Vec<RankBlock> = seconds.iter().map(block).collect();
        if let Some(last) = blocks.last_mut() {
            last.ranks += slower * slowest;
            last.requests += slower;
        }
        Ranks { blocks, variance }
    }
}
