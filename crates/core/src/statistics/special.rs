//! The regularized incomplete beta function in log space.
//!
//! `statrs` has one too, but its continued fraction stops after 140 steps and its prefactor subtracts
//! `ln_gamma`s of nearly equal size: with counts in the millions neither holds.

use statrs::function::gamma::ln_gamma;

const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

/// Steps of the continued fraction; it needs about the square root of the larger parameter.
const MAX_STEPS: u32 = 2_000_000;

/// Both tails of a beta distribution at one point, as natural logarithms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tails {
    /// `ln P(X <= x)`, at most 0.
    pub(super) below: f64,
    /// `ln P(X > x)`, at most 0.
    pub(super) above: f64,
    /// `ln (x^a (1-x)^b / B(a, b))`: the density of `logit X`.
    pub(super) logit_density: f64,
}

/// Tails of Beta(`a`, `b`) at `x`; `y` is `1 - x`, passed so that neither end loses digits.
/// `a`, `b` > 0, `x`, `y` in `[0, 1]`.
pub(super) fn beta_tails(a: f64, b: f64, x: f64, y: f64) -> Tails {
    if x <= 0.0 || y <= 0.0 {
        let (below, above) = if x <= 0.0 {
            (f64::NEG_INFINITY, 0.0)
        } else {
            (0.0, f64::NEG_INFINITY)
        };
        return Tails {
            below,
            above,
            logit_density: f64::NEG_INFINITY,
        };
    }
    let logit_density = ln_logit_density(a, b, x, y);
    if a <= 1.0 && x <= y && b * x <= 0.7 {
        let below = (logit_density - b * ln_complement(x, y) + series(a, b, x).ln()).min(0.0);
        return Tails {
            below,
            above: ln_one_minus_exp(below),
            logit_density,
        };
    }
    if b <= 1.0 && y <= x && a * y <= 0.7 {
        let above = (logit_density - a * ln_complement(y, x) + series(b, a, y).ln()).min(0.0);
        return Tails {
            below: ln_one_minus_exp(above),
            above,
            logit_density,
        };
    }
    // The fraction converges fast on the side of the mean where its tail is the smaller one.
    if a * y >= b * x {
        let below = (logit_density - fraction(a, b, x, y).ln()).min(0.0);
        Tails {
            below,
            above: ln_one_minus_exp(below),
            logit_density,
        }
    } else {
        let above = (logit_density - fraction(b, a, y, x).ln()).min(0.0);
        Tails {
            below: ln_one_minus_exp(above),
            above,
            logit_density,
        }
    }
}

/// `ln (1 - x)`, where `y` is `1 - x`.
fn ln_complement(x: f64, y: f64) -> f64 {
    if x < 0.25 { (-x).ln_1p() } else { y.ln() }
}

/// `I_x(a, b) B(a, b) / x^a` as a power series (Abramowitz and Stegun 26.5.4 in the form of `DiDonato` and
/// Morris 1992, 5.1), for small `b x`. The fraction crawls where `a` is small and `x` near 0.
fn series(a: f64, b: f64, x: f64) -> f64 {
    let (mut sum, mut term) = (1.0 / a, 1.0);
    for step in 1..1000 {
        let n = f64::from(step);
        term *= (n - b) / n * x;
        let next = sum + term / (a + n);
        if next.to_bits() == sum.to_bits() {
            break;
        }
        sum = next;
    }
    sum
}

/// `ln B(a, b)`, without cancellation for large parameters.
pub(super) fn ln_beta(a: f64, b: f64) -> f64 {
    let n = a + b;
    // At x = a/n both deviances vanish, and what is left is the maximum of the density.
    a * (a / n).ln() + b * (b / n).ln() - ln_logit_density(a, b, a / n, b / n)
}

/// `ln (1 - e^v)` for `v <= 0` (Mächler 2012, "Accurately computing log(1 − exp(−|a|))").
pub(super) fn ln_one_minus_exp(v: f64) -> f64 {
    if v > -std::f64::consts::LN_2 {
        (-v.exp_m1()).ln()
    } else {
        (-v.exp()).ln_1p()
    }
}

/// `ln (x^a y^b / B(a, b))` as a binomial density in saddle-point form
/// (Loader 2000, "Fast and accurate computation of binomial probabilities").
#[expect(clippy::many_single_char_names, reason = "the names of the source")]
fn ln_logit_density(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    stirling_error(n)
        - stirling_error(a)
        - stirling_error(b)
        - deviance(a, n * x)
        - deviance(b, n * y)
        + 0.5 * (a.ln() + b.ln() - n.ln())
        - LN_SQRT_2PI
}

/// `ln Γ(z + 1) - (z + 1/2) ln z + z - ln √2π`.
fn stirling_error(z: f64) -> f64 {
    if z < 16.0 {
        return ln_gamma(z + 1.0) - (z + 0.5) * z.ln() + z - LN_SQRT_2PI;
    }
    let w = 1.0 / (z * z);
    (1.0 / 12.0 - w * (1.0 / 360.0 - w * (1.0 / 1260.0 - w * (1.0 / 1680.0 - w * (1.0 / 1188.0)))))
        / z
}

/// `k ln(k / m) + m - k`: how far the count `k` is from its expectation `m`.
fn deviance(k: f64, m: f64) -> f64 {
    if (k - m).abs() >= 0.1 * (k + m) {
        return k * (k / m).ln() + m - k;
    }
    let v = (k - m) / (k + m);
    let mut sum = (k - m) * v;
    let mut term = 2.0 * k * v;
    for odd in (3..1000).step_by(2) {
        term *= v * v;
        let next = sum + term / f64::from(odd);
        if next.to_bits() == sum.to_bits() {
            break;
        }
        sum = next;
    }
    sum
}

/// `x^a y^b / (B(a, b) I_x(a, b))` for `x` up to the mean: the continued fraction of `DiDonato` and
/// Morris 1992 (ACM TOMS 708, equation 10), evaluated by Lentz's method.
#[expect(clippy::many_single_char_names, reason = "the names of the source")]
fn fraction(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let gap = a * y - b * x + 1.0;
    let mut value = tiny_if_zero(a * gap / (a + 1.0));
    let (mut c, mut d) = (value, 0.0);
    for step in 1..MAX_STEPS {
        let m = f64::from(step);
        let odd = a + 2.0 * m - 1.0;
        let up = (a + m - 1.0) / odd * ((a + b + m - 1.0) / odd) * m * (b - m) * x * x;
        let down = m + m * (b - m) * x / odd + (a + m) / (odd + 2.0) * (gap + m * (1.0 + y));
        d = 1.0 / tiny_if_zero(down + up * d);
        c = tiny_if_zero(down + up / c);
        let change = c * d;
        value *= change;
        if (change - 1.0).abs() <= 4.0 * f64::EPSILON {
            break;
        }
    }
    value
}

fn tiny_if_zero(v: f64) -> f64 {
    if v.abs() < 1e-300 { 1e-300 } else { v }
}
