//! Quantiles of the beta and Student's t distributions.

use super::special::beta_tails;

/// Beyond these logits a proportion is 0 or 1 in floating point.
const LOGIT_LIMIT: f64 = 745.0;

/// The `p`-quantile of Beta(`a`, `b`), in `[0, 1]`; relative error about 1e-12 for parameters between
/// 1e-3 and 1e9.
///
/// # Panics
///
/// When `p` is outside `[0, 1]`, or `a` or `b` is not a positive finite number.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    expit(beta_quantile_logit(p, a, b))
}

/// The `p`-quantile of Student's t distribution with `df` degrees of freedom; `df` may be any real
/// number from 1 up.
///
/// `t² = df (1 - X) / X` where `X` is Beta(df/2, 1/2) (Abramowitz and Stegun 26.7.1).
///
/// # Panics
///
/// When `p` is outside `[0, 1]`, or `df` is not a positive finite number.
pub fn student_t_quantile(p: f64, df: f64) -> f64 {
    assert!((0.0..=1.0).contains(&p), "a probability lies in [0, 1], not {p}");
    let tail = p.min(1.0 - p);
    if tail >= 0.5 {
        return 0.0;
    }
    let size = if tail <= 0.0 {
        f64::INFINITY
    } else {
        (df * (-beta_quantile_logit(2.0 * tail, 0.5 * df, 0.5)).exp()).sqrt()
    };
    if p < 0.5 { -size } else { size }
}

fn expit(u: f64) -> f64 {
    if u < 0.0 { u.exp() / (1.0 + u.exp()) } else { 1.0 / (1.0 + (-u).exp()) }
}

/// Newton on the logarithm of the smaller tail as a function of the logit.
///
/// Both tails of `logit X` are log-concave, so that Newton's steps approach the root from one side and
/// need no bracket: the first may overshoot, never a later one.
fn beta_quantile_logit(p: f64, a: f64, b: f64) -> f64 {
    assert!((0.0..=1.0).contains(&p), "a probability lies in [0, 1], not {p}");
    assert!(a > 0.0 && a.is_finite() && b > 0.0 && b.is_finite(), "Beta({a}, {b}) is no distribution");
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let lower = p <= 0.5;
    let target = if lower { p.ln() } else { (-p).ln_1p() };
    let mut u = (a / b).ln();
    for _ in 0..200 {
        let at = beta_tails(a, b, expit(u), expit(-u));
        let tail = if lower { at.below } else { at.above };
        let step = (target - tail) * (tail - at.logit_density).exp();
        let step = if lower { step } else { -step };
        u += step;
        if u.abs() >= LOGIT_LIMIT {
            // Newton may jump over the edge once and come back; beyond it there is no number to tell.
            let edge = beta_tails(a, b, expit(LOGIT_LIMIT.copysign(u)), expit(-LOGIT_LIMIT.copysign(u)));
            let outside = if u < 0.0 { edge.below >= p.ln() } else { edge.above >= (-p).ln_1p() };
            if outside {
                return f64::INFINITY.copysign(u);
            }
            u = (LOGIT_LIMIT - 1.0).copysign(u);
        }
        if step.abs() <= 1e-15 * u.abs().max(1e-3) {
            break;
        }
    }
    u
}
