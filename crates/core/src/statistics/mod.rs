//! What counts and sums allow one to say, and with how much certainty.
//!
//! Pure: no clock, no I/O, no other room. The method, its sources and its measured error rates are in
//! `docs/STATISTICS.md`; `perf-tests/pure/statistics.rs` measures them.
//!
//! Every `alpha` is one-sided: the probability, in `(0, 1)`, that this one bound misses the truth.

mod anytime;
mod batches;
mod beta;
mod clusters;
mod dependence;
mod design_effect;
mod difference;
mod mean;
mod proportion;
mod quantile;
mod sequential;
mod special;
mod trend;
mod units;
mod usl;

pub use anytime::{
    ln_e_value_at_least, ln_e_value_at_most, lower_bound_anytime, upper_bound_anytime,
};
pub use beta::{beta_quantile, student_t_quantile};
pub use clusters::{cluster_effect, cluster_effect_within, worst_twice};
pub use dependence::{RankBlock, dependence};
pub use design_effect::{Block, DesignEffect, MixedBlock, design_effect, design_effect_within};
pub use difference::{Measured, RunNoise, difference, paired, ratio};
pub use mean::{MeanBlock, MeanInterval, mean_interval, mean_interval_of_users};
pub use proportion::{lower_bound, upper_bound};
pub use quantile::{QuantileRanks, quantile_ranks};
pub use sequential::{
    Decision, Look, ProportionEvidence, WorstAgain, bounds, decide, level, shown_level,
};
pub use trend::trend;
pub use usl::{Usl, fit_usl};
