//! When a thread was held up: pure.

use std::collections::VecDeque;

/// So many are remembered: those that what is still on its way may have met.
const REMEMBERED: usize = 256;

/// Stretches in which a thread did nothing although something was due, in nanoseconds, in their order.
#[derive(Debug, Default)]
pub(super) struct Stalls(VecDeque<(u64, u64)>);

impl Stalls {
    pub(super) fn add(&mut self, from: u64, to: u64) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((from, to));
    }

    /// How much of `from..to` lies in pauses.
    pub(super) fn within(&self, from: u64, to: u64) -> u64 {
        let late = self.0.iter().rev().take_while(|(_, end)| *end > from);
        late.map(|(start, end)| overlap((*start, *end), (from, to)))
            .sum()
    }
}

/// How much two stretches have in common.
pub(super) fn overlap(one: (u64, u64), other: (u64, u64)) -> u64 {
    one.1.min(other.1).saturating_sub(one.0.max(other.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_common_part_counts() {
        let mut pauses = Stalls::default();
        pauses.add(100, 200);
        pauses.add(300, 310);
        for (from, to, common) in [
            (0, 50, 0),
            (0, 100, 0),
            (0, 150, 50),
            (120, 130, 10),
            (150, 305, 55),
            (0, 1000, 110),
            (200, 300, 0),
            (310, 400, 0),
        ] {
            assert_eq!(pauses.within(from, to), common, "{from}..{to}");
        }
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut pauses = Stalls::default();
        for n in 0..1_000 {
            pauses.add(10 * n, 10 * n + 1);
        }
        assert_eq!(pauses.within(0, u64::MAX), REMEMBERED as u64);
    }
}
