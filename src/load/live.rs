//! The seconds of a run that is shown live, kept from one snapshot to the next.

use std::time::Duration;

use crate::record::{Second, Tally};

/// From one look to the next.
const EVERY: Duration = Duration::from_secs(1);

/// What was shown already. A second that no request can end in any more is not asked for again, so that a look
/// costs the workers as much after an hour as after a minute.
#[derive(Debug, Default)]
pub(super) struct LiveSeconds {
    seconds: Vec<Second>,
    next: Duration,
}

impl LiveSeconds {
    /// Whether it is time for a look.
    pub(super) fn is_due(&self, elapsed: Duration) -> bool {
        elapsed >= self.next
    }

    /// The first second that is not known or may still change, as no request takes longer than `longest`.
    pub(super) fn changes_from(&mut self, elapsed: Duration, longest: Duration) -> usize {
        self.next = elapsed + EVERY;
        let settled = elapsed.saturating_sub(longest).as_secs().saturating_sub(1);
        self.seconds.len().min(settled as usize)
    }

    /// Puts the seconds before `from` in front of a tally that was counted from there on.
    pub(super) fn complete(&mut self, from: usize, tally: &mut Tally) {
        self.seconds.truncate(from);
        self.seconds.append(&mut tally.seconds);
        tally.seconds.clone_from(&self.seconds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Rules;

    fn second(done_ok: u64) -> Second {
        Second {
            done_ok,
            ..Second::default()
        }
    }

    fn reported_counts(live: &mut LiveSeconds, from: usize, seconds: &[u64]) -> Vec<u64> {
        let rules = Rules {
            endpoints: Vec::new(),
            thresholds: Vec::new(),
        };
        let mut tally = Tally::new(rules);
        tally.seconds = seconds.iter().copied().map(second).collect();
        live.complete(from, &mut tally);
        tally.seconds.iter().map(|second| second.done_ok).collect()
    }

    #[test]
    fn only_what_may_still_change_is_asked_for_again() {
        let mut live = LiveSeconds::default();
        let at = Duration::from_secs;
        assert_eq!(live.changes_from(at(40), at(30)), 0);
        assert_eq!(reported_counts(&mut live, 0, &[5; 40]).len(), 40);
        assert!(!live.is_due(at(40)) && live.is_due(at(41)));
        assert_eq!(live.changes_from(at(41), at(30)), 10);
        let all = reported_counts(&mut live, 10, &[7; 31]);
        assert_eq!((all.len(), all[9], all[10]), (41, 5, 7));
    }
}
