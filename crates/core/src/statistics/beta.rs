//! Quantiles of the beta and Student's t distributions.

use super::special::beta_tails;

/// Beyond these logits a proportion is taken for 0 (it is below 1e-304) or 1.
pub(super) const LOGIT_LIMIT: f64 = 700.0;

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
    assert!(
        (0.0..=1.0).contains(&p),
        "a probability lies in [0, 1], not {p}"
    );
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

/// The proportion of which `u` is the logit.
pub(super) fn expit(u: f64) -> f64 {
    if u < 0.0 {
        u.exp() / (1.0 + u.exp())
    } else {
        1.0 / (1.0 + (-u).exp())
    }
}

/// Newton on the logarithm of the smaller tail as a function of the logit.
///
/// Both tails of `logit X` are log-concave, so that Newton's steps approach the root from one side and
/// need no bracket: the first may overshoot, never a later one.
fn beta_quantile_logit(p: f64, a: f64, b: f64) -> f64 {
    assert!(
        (0.0..=1.0).contains(&p),
        "a probability lies in [0, 1], not {p}"
    );
    assert!(
        a > 0.0 && a.is_finite() && b > 0.0 && b.is_finite(),
        "Beta({a}, {b}) is not a distribution"
    );
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
            let edge = beta_tails(
                a,
                b,
                expit(LOGIT_LIMIT.copysign(u)),
                expit(-LOGIT_LIMIT.copysign(u)),
            );
            let outside = if u < 0.0 {
                edge.below >= p.ln()
            } else {
                edge.above >= (-p).ln_1p()
            };
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `(p, a, b, quantile)`, computed with mpmath or SciPy at 40 digits and more.
    #[rustfmt::skip]
    #[expect(clippy::unreadable_literal, reason = "as printed by the reference")]
    const BETA: &[(f64, f64, f64, f64)] = &[
        (1e-12, 0.001, 0.001, 0.0),
        (0.025, 0.001, 0.001, 0.0),
        (0.5, 0.001, 0.001, 0.5),
        (0.95, 0.001, 0.001, 1.0),
        (0.999999999, 0.001, 0.001, 1.0),
        (1e-12, 0.001, 1000000000.0, 0.0),
        (0.025, 0.001, 1000000000.0, 0.0),
        (0.5, 0.001, 1000000000.0, 0.0),
        (0.95, 0.001, 1000000000.0, 2.9735875511320175e-32),
        (0.999999999, 0.001, 1000000000.0, 1.1313671560403834e-08),
        (1e-12, 1000000000.0, 0.001, 0.9999999822042738),
        (0.025, 1000000000.0, 0.001, 1.0),
        (0.5, 1000000000.0, 0.001, 1.0),
        (0.95, 1000000000.0, 0.001, 1.0),
        (0.999999999, 1000000000.0, 0.001, 1.0),
        (1e-12, 0.5, 0.5, 2.4674011002723395e-24),
        (0.025, 0.5, 0.5, 0.001541333133436012),
        (0.5, 0.5, 0.5, 0.5),
        (0.95, 0.5, 0.5, 0.9938441702975689),
        (0.999999999, 0.5, 0.5, 1.0),
        (1e-12, 1.0, 1000000.0, 1.0000000000005e-18),
        (0.025, 1.0, 1000000.0, 2.5317807663794178e-08),
        (0.5, 1.0, 1000000.0, 6.931469403334938e-07),
        (0.95, 1.0, 1000000.0, 2.9957277863525433e-06),
        (0.999999999, 1.0, 1000000.0, 2.0723051139837554e-05),
        (1e-12, 3.7, 0.2, 0.0011508450029939184),
        (0.025, 3.7, 0.2, 0.6349489445040534),
        (0.5, 3.7, 0.2, 0.993755899622898),
        (0.95, 3.7, 0.2, 0.9999999384288107),
        (0.999999999, 3.7, 0.2, 1.0),
        (1e-12, 11.0, 990.0, 0.0004140841217025535),
        (0.025, 11.0, 990.0, 0.005503594192313587),
        (0.5, 11.0, 990.0, 0.010664957098385927),
        (0.95, 11.0, 990.0, 0.016903175120562504),
        (0.999999999, 11.0, 990.0, 0.042900802324760325),
        (1e-12, 10.5, 4990.25, 7.009021973332286e-05),
        (0.025, 10.5, 4990.25, 0.001028789801639696),
        (0.5, 10.5, 4990.25, 0.0020336884623427206),
        (0.95, 10.5, 4990.25, 0.003264987404354576),
        (0.999999999, 10.5, 4990.25, 0.008509888306868208),
        (1e-12, 200.0, 3801.0, 0.02931740985262109),
        (0.025, 200.0, 3801.0, 0.043451807680963524),
        (0.5, 200.0, 3801.0, 0.04991253128170262),
        (0.95, 200.0, 3801.0, 0.05577869982887038),
        (0.999999999, 200.0, 3801.0, 0.073288171077173),
        (1e-12, 500000.0, 500000.0, 0.49648280071939344),
        (0.025, 500000.0, 500000.0, 0.4990200187038746),
        (0.5, 500000.0, 500000.0, 0.5),
        (0.95, 500000.0, 500000.0, 0.5008224264628044),
        (0.999999999, 500000.0, 500000.0, 0.5029988772893008),
        (1e-12, 1000.0, 1000000000.0, 7.934385155219349e-07),
        (0.025, 1000.0, 1000000000.0, 9.389721085563963e-07),
        (0.5, 1000.0, 1000000000.0, 9.996656874277117e-07),
        (0.95, 1000.0, 1000000000.0, 1.0525760383618556e-06),
        (0.999999999, 1000.0, 1000000000.0, 1.2014715512088818e-06),
        (1e-12, 1000000000.0, 1000000000.0, 0.4999213520803767),
        (0.025, 1000000000.0, 1000000000.0, 0.49997808693649337),
        (0.5, 1000000000.0, 1000000000.0, 0.5),
        (0.95, 1000000000.0, 1000000000.0, 0.5000183900226106),
        (0.999999999, 1000000000.0, 1000000000.0, 0.5000670575207656),
        (1e-12, 999000000.0, 1000000.0, 0.9989929528971205),
        (0.025, 999000000.0, 1000000.0, 0.9989980400711568),
        (0.5, 999000000.0, 1000000.0, 0.9990000003326667),
        (0.95, 999000000.0, 1000000.0, 0.9990016434634208),
        (0.999999999, 999000000.0, 1000000.0, 0.9990059831775485),
    ];

    /// `(p, df, quantile)`, computed with scipy.
    #[rustfmt::skip]
    #[expect(clippy::unreadable_literal, reason = "as printed by the reference")]
    const STUDENT: &[(f64, f64, f64)] = &[
        (1e-12, 1.0, -318309886183.7907),
        (1e-12, 1.5, -52194694.27344636),
        (1e-12, 2.0, -707106.7811854869),
        (1e-12, 9.0, -51.41491602328223),
        (1e-12, 19.0, -15.884838733726818),
        (1e-12, 100.5, -8.020339422842309),
        (1e-12, 10000.0, -7.0433716020557755),
        (1e-12, 1000000000.0, -7.034483914083288),
        (0.025, 1.0, -12.706204736174705),
        (0.025, 1.5, -6.016663104427933),
        (0.025, 2.0, -4.302652729749464),
        (0.025, 9.0, -2.2621571627982053),
        (0.025, 19.0, -2.09302405440831),
        (0.025, 100.5, -1.9838506553357997),
        (0.025, 10000.0, -1.9602012398906263),
        (0.025, 1000000000.0, -1.9599639869123253),
        (0.3, 1.0, -0.7265425280053609),
        (0.3, 1.5, -0.651795482602357),
        (0.3, 2.0, -0.6172133998483678),
        (0.3, 9.0, -0.5434802414542969),
        (0.3, 19.0, -0.5333138816422048),
        (0.3, 100.5, -0.5260679125835613),
        (0.3, 10000.0, -0.524417228345467),
        (0.3, 1000000000.0, -0.5244005128751928),
        (0.5, 1.0, 0.0),
        (0.5, 1.5, 0.0),
        (0.5, 2.0, 0.0),
        (0.5, 9.0, 0.0),
        (0.5, 19.0, 0.0),
        (0.5, 100.5, 0.0),
        (0.5, 10000.0, 0.0),
        (0.5, 1000000000.0, 0.0),
        (0.95, 1.0, 6.313751514675037),
        (0.95, 1.5, 3.70518082009675),
        (0.95, 2.0, 2.9199855803537242),
        (0.95, 9.0, 1.833112932656237),
        (0.95, 19.0, 1.7291328115213682),
        (0.95, 100.5, 1.6601570923680056),
        (0.95, 10000.0, 1.645006018069243),
        (0.95, 1000000000.0, 1.6448536284752415),
        (0.975, 1.0, 12.706204736174694),
        (0.975, 1.5, 6.016663104427929),
        (0.975, 2.0, 4.302652729749462),
        (0.975, 9.0, 2.262157162798205),
        (0.975, 19.0, 2.0930240544083087),
        (0.975, 100.5, 1.9838506553357993),
        (0.975, 10000.0, 1.960201239890626),
        (0.975, 1000000000.0, 1.959963986912325),
        (0.999999999, 1.0, 318309895.1862093),
        (0.999999999, 1.5, 521946.9525745492),
        (0.999999999, 2.0, 22360.68005765849),
        (0.999999999, 9.0, 23.72991989503043),
        (0.999999999, 19.0, 10.613521330824417),
        (0.999999999, 100.5, 6.595703957071793),
        (0.999999999, 10000.0, 6.003355452553619),
        (0.999999999, 1000000000.0, 5.997807075041901),
    ];

    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() <= 1e-10 * expected.abs() + 1e-300
    }

    #[test]
    fn beta_quantiles_agree_with_the_reference() {
        for &(p, a, b, expected) in BETA {
            let found = beta_quantile(p, a, b);
            assert!(
                close(found, expected),
                "beta_quantile({p}, {a}, {b}) = {found}, not {expected}"
            );
        }
    }

    #[test]
    fn t_quantiles_agree_with_the_reference() {
        for &(p, df, expected) in STUDENT {
            let found = student_t_quantile(p, df);
            assert!(
                close(found, expected),
                "student_t_quantile({p}, {df}) = {found}, not {expected}"
            );
        }
    }

    #[test]
    fn the_ends_are_the_ends() {
        assert_eq!(
            (beta_quantile(0.0, 2.0, 3.0), beta_quantile(1.0, 2.0, 3.0)),
            (0.0, 1.0)
        );
        assert!(student_t_quantile(0.0, 3.0) <= f64::NEG_INFINITY);
        assert!(student_t_quantile(1.0, 3.0) >= f64::INFINITY);
    }

    proptest! {
        #[test]
        fn the_tail_at_the_quantile_is_the_probability(
            p in 1e-9..1.0 - 1e-9, a in -2.0..6.0_f64, b in -2.0..6.0_f64,
        ) {
            let (a, b) = (10_f64.powf(a), 10_f64.powf(b));
            let u = beta_quantile_logit(p, a, b);
            prop_assume!(u.abs() < 700.0);
            let tails = beta_tails(a, b, expit(u), expit(-u));
            prop_assert!((tails.below.exp() - p).abs() < 1e-10, "{}", tails.below.exp());
            prop_assert!((tails.above.exp() - (1.0 - p)).abs() < 1e-10, "{}", tails.above.exp());
        }
    }
}
