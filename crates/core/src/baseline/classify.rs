//! When a change is called one.

use crate::requirement::{Change, Standing};
use crate::statistics::Measured;

/// A ratio of response times that does not matter, however sure: machines and builds differ by as much.
const NOISE_RATIO: f64 = 1.10;
/// The same for shares of failures, in percent.
const NOISE_SHARE: f64 = 0.5;
/// A comparison that can't even rule out that times doubled has settled nothing.
pub(super) const DOUBT_RATIO: f64 = 2.0;
/// The same for shares of failures, in percent.
const DOUBT_SHARE: f64 = 5.0;

/// What a change is held against.
pub(super) struct Threshold {
    /// No change.
    none: f64,
    /// A change between these does not matter.
    noise: (f64, f64),
    /// What must be ruled out before something is called the same.
    doubt: f64,
}

/// Of ratios of times.
pub(super) const TIMES: Threshold = Threshold {
    none: 1.0,
    noise: (1.0 / NOISE_RATIO, NOISE_RATIO),
    doubt: DOUBT_RATIO,
};

/// Of differences of shares, in percent.
pub(super) const SHARES: Threshold = Threshold {
    none: 0.0,
    noise: (-NOISE_SHARE, NOISE_SHARE),
    doubt: DOUBT_SHARE,
};

pub(super) fn standing(change: Measured, scale: &Threshold) -> Standing {
    let (least, most) = scale.noise;
    if change.low.is_some_and(|low| low > scale.none) && change.value > most {
        Standing::Worse
    } else if change.high.is_some_and(|high| high < scale.none) && change.value < least {
        Standing::Better
    } else if change.high.is_none_or(|high| high >= scale.doubt) {
        Standing::Open
    } else {
        Standing::Same
    }
}

/// The same where the generator's own lateness may have moved the figures: what it alone can have made is not settled.
pub(super) fn blameless(all: Standing, without_generator: Standing) -> Standing {
    match all {
        Standing::Worse | Standing::Better if without_generator != all => Standing::Late,
        all => all,
    }
}

/// As it is reported.
pub(super) fn reported_change(change: Measured) -> Change {
    let Measured { value, low, high } = change;
    Change { value, low, high }
}
