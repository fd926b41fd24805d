//! A period among events of which some are strays.
//!
//! Any three events have some distances, so what looks even must be weighed against chance: a chain of events at
//! nearly equal distances counts when as many that are as even as it would seldom be found among as many events at
//! random times.

/// One event: when, how sure that is, and how strong it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PauseEvent {
    /// The middle of the time within which it began, in seconds.
    pub(super) at: f64,
    /// Half the width of that time.
    pub(super) unsure: f64,
    /// What distinguishes kinds of events: how long a pause lasted.
    pub(super) strength: f64,
}

/// Events at equal distances.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chain {
    /// The mean distance, in seconds.
    pub(super) period: f64,
    /// Which of the events, in the order of time.
    pub(super) members: Vec<usize>,
    /// The natural logarithm of how probable such a chain is among events at random times, at most.
    chance: f64,
}

/// Fewer than these are not a rhythm.
const FEWEST: usize = 3;
/// Shorter periods can't be distinguished from a few seconds that follow one another.
const SHORTEST: f64 = 3.0;
/// A distance may differ from the mean by this part of it, ...
const PART_APART: f64 = 0.15;
/// ... or by so many seconds.
const SECONDS_APART: f64 = 1.0;
/// This part of the times at which something was due to come, something must come.
const FEWEST_HITS: f64 = 0.75;
/// How probable a chain may be, as estimated below. The estimate is an upper bound, and a loose one, as the chains of
/// overlapping pairs are nearly the same: `false_alarms_are_rare` measures what this makes.
const ALPHA: f64 = 0.2;
/// More events are too many to go through all of their pairs; the strongest stay.
const MOST: usize = 150;

/// The least probable chain among events in the order of time, within `span` seconds; `None` when every chain that
/// there is may be chance.
pub(super) fn strongest(events: &[PauseEvent], span: f64) -> Option<Chain> {
    let mut ranked: Vec<usize> = (0..events.len()).collect();
    ranked.sort_by(|a, b| events[*b].strength.total_cmp(&events[*a].strength));
    let sizes = sizes(events.len());
    let levels = sizes.len() as f64;
    let chains = sizes.into_iter().filter_map(|size| {
        let mut among = ranked[..size].to_vec();
        among.sort_unstable();
        of(events, &among, span)
    });
    let best = chains.min_by(|a, b| a.chance.total_cmp(&b.chance))?;
    (best.chance + levels.ln() <= ALPHA.ln()).then_some(best)
}

/// How many of the strongest events are looked at by themselves: pauses of one kind last about as long.
fn sizes(events: usize) -> Vec<usize> {
    let all = events.min(MOST);
    let mut sizes = Vec::new();
    let mut size = FEWEST;
    while size < all {
        sizes.push(size);
        size = (size + 1).max(size * 5 / 4);
    }
    if all >= FEWEST {
        sizes.push(all);
    }
    sizes
}

/// The least probable chain among some of the events.
fn of(events: &[PauseEvent], among: &[usize], span: f64) -> Option<Chain> {
    let mut best: Option<Chain> = None;
    for (place, first) in among.iter().enumerate() {
        for second in &among[place + 1..] {
            let period = events[*second].at - events[*first].at;
            if period < SHORTEST {
                continue;
            }
            if 2.0 * period > span {
                break;
            }
            let Some(chain) = weighed(events, among, grown(events, among, [*first, *second]), span)
            else {
                continue;
            };
            if best.as_ref().is_none_or(|best| chain.chance < best.chance) {
                best = Some(chain);
            }
        }
    }
    best
}

/// The chain that continues from two events at their distance, at most one left out at a time. Only the one that begins
/// with its first two is wanted: nothing is looked for before them.
fn grown(events: &[PauseEvent], among: &[usize], [first, second]: [usize; 2]) -> Vec<usize> {
    let mut members = vec![first, second];
    let begin = events[first].at;
    let mut slots = 1.0;
    loop {
        let last = members[members.len() - 1];
        let period = (events[last].at - begin) / slots;
        let next = [1.0, 2.0].into_iter().find_map(|skip| {
            let wanted = events[last].at + skip * period;
            let nearest = nearest(events, among, wanted)?;
            let off = (events[nearest].at - wanted).abs();
            (nearest > last && off <= apart(period)).then_some((nearest, skip))
        });
        let Some((next, skip)) = next else {
            return members;
        };
        slots += skip;
        members.push(next);
    }
}

fn apart(period: f64) -> f64 {
    SECONDS_APART.max(PART_APART * period).min(period / 3.0)
}

/// The event of some that is nearest to a time.
fn nearest(events: &[PauseEvent], among: &[usize], at: f64) -> Option<usize> {
    let after = among.partition_point(|index| events[*index].at < at);
    let around = [after.checked_sub(1), Some(after)].into_iter().flatten();
    let around = around.filter_map(|place| among.get(place).copied());
    around.min_by(|a, b| {
        (events[*a].at - at)
            .abs()
            .total_cmp(&(events[*b].at - at).abs())
    })
}

/// How probable a chain is; `None` for one that is none.
fn weighed(
    events: &[PauseEvent],
    among: &[usize],
    members: Vec<usize>,
    span: f64,
) -> Option<Chain> {
    if members.len() < FEWEST {
        return None;
    }
    let at = |place: usize| events[members[place]].at;
    let (first, last) = (at(0), at(members.len() - 1));
    // A slot that was left out is in the distance of those around it.
    let rough = at(1) - first;
    let mut slots = 0.0;
    for place in 1..members.len() {
        let so_far = if slots > 0.0 {
            (at(place - 1) - first) / slots
        } else {
            rough
        };
        slots += ((at(place) - at(place - 1)) / so_far).round().max(1.0);
    }
    let period = (last - first) / slots;
    let mut off: f64 = 0.0;
    let mut unsure: f64 = 0.0;
    for place in 1..members.len() {
        let distance = at(place) - at(place - 1);
        let skipped = (distance / period).round().max(1.0);
        off = off.max((distance - skipped * period).abs());
        unsure = unsure.max(events[members[place]].unsure + events[members[place - 1]].unsure);
    }
    // Where it would have come before the first and after the last as well.
    let outside = (first / period).floor() + ((span - last) / period - 0.05).floor().max(0.0);
    let expected = slots + 1.0 + outside;
    let hits = members.len() as f64;
    if period < SHORTEST || off > apart(period) || hits < FEWEST_HITS * expected {
        return None;
    }
    let count = among.len() as f64;
    let one = -(-count * (2.0 * off + unsure) / span).exp_m1();
    let pairs = count * (count - 1.0) / 2.0;
    let chance = pairs.ln() + ln_choose(expected, expected - hits) + (hits - 2.0) * one.ln();
    Some(Chain {
        period,
        members,
        chance,
    })
}

/// The natural logarithm of how many ways there are to leave `k` of `n` out.
fn ln_choose(n: f64, k: f64) -> f64 {
    (0..k.max(0.0) as u32)
        .map(|i| ((n - f64::from(i)) / f64::from(i + 1)).ln())
        .sum()
}
