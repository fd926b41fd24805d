//! The highest rate that holds: doubled until one breaks, then bisected on a logarithmic scale.

use super::step::Probe;
use crate::record::{Role, Step, StepVerdict};

/// No search needs more: from 1/s to 1,000,000/s it doubles twenty times, and bisects seven times to 1 %.
pub(super) const MOST: usize = 40;

/// The next rate to be tried.
///
/// What settled nothing stays inside the interval, which is then narrowed from both sides up to it. Above a
/// rate that broke, or that the generator was not up to, nothing is tried.
pub(super) fn next((from, to): (f64, f64), precision: f64, steps: &[Step]) -> Option<Probe> {
    let tried: Vec<&Step> = steps
        .iter()
        .filter(|step| step.role == Role::Load)
        .collect();
    if tried.len() >= MOST {
        return None;
    }
    let highest = tried.iter().map(|step| step.load).fold(0.0, f64::max);
    if tried.is_empty() {
        return Some(Probe::up(from));
    }
    let load = match ceiling(&tried) {
        None if highest >= to => return None,
        None => (2.0 * highest).min(to),
        Some(ceiling) => between(&tried, ceiling, precision)?,
    };
    Some(Probe::up(load))
}

/// The lowest rate that broke or that the generator was not up to.
fn ceiling(tried: &[&Step]) -> Option<f64> {
    let ends = |step: &&&Step| step.standing == StepVerdict::Broken || step.saturated.is_some();
    tried
        .iter()
        .filter(ends)
        .map(|step| step.load)
        .min_by(f64::total_cmp)
}

/// The middle of the widest gap that is still too wide.
fn between(tried: &[&Step], ceiling: f64, precision: f64) -> Option<f64> {
    let of = |standing: StepVerdict| {
        tried
            .iter()
            .filter(move |step| step.standing == standing && step.load < ceiling)
            .map(|step| step.load)
    };
    let held = of(StepVerdict::Held).max_by(f64::total_cmp);
    let mut open: Vec<f64> = of(StepVerdict::Undecided)
        .filter(|load| held.is_none_or(|held| *load > held))
        .collect();
    open.sort_by(f64::total_cmp);
    let below = held.map(|held| (held, open.first().copied().unwrap_or(ceiling)));
    let above = open.last().map(|last| (*last, ceiling));
    let gaps = below.into_iter().chain(above);
    let wide = gaps.filter(|(low, high)| *high > low * (1.0 + precision));
    let (low, high) = wide.max_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0)))?;
    let middle = rounded((low * high).sqrt());
    (middle > low && middle < high).then_some(middle)
}

/// To three digits: 512.3/s can't be distinguished from 512/s.
fn rounded(rate: f64) -> f64 {
    let digit = 10_f64.powi(rate.log10().floor() as i32 - 2);
    // Dividing by a whole number leaves no dust of binary fractions.
    if digit >= 1.0 {
        (rate / digit).round() * digit
    } else {
        (rate / digit).round() / (1.0 / digit).round()
    }
}
