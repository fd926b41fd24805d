//! How much one measured value differs from another, with an interval that comes from theirs.

use super::student_t_quantile;

/// A value with its interval; an end that is not known is `None`. Each end is missed with a probability of at
/// most the α that it was made with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// The value.
    pub value: f64,
    /// The lower end.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// What is known of the differences from run to run, of which a run's own interval knows nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunNoise {
    /// The probability, in (0, 0.5), with which they may make an end miss.
    pub alpha: f64,
    /// Their standard deviation while there are too few runs to tell it, in the unit of the values.
    pub assumed: f64,
}

/// Degrees of freedom from which on the spread of runs shows how much they differ.
const FREEDOM: usize = 2;

impl RunNoise {
    /// Whether so many runs before and after are too few to tell how much they differ: fewer than four in all.
    pub fn is_assumed(before: usize, after: usize) -> bool {
        freedom(before, after) < FREEDOM
    }
}

fn freedom(before: usize, after: usize) -> usize {
    before.saturating_sub(1) + after.saturating_sub(1)
}

/// The difference of what was measured after and before: the means of several runs where there are several.
/// `None` when one side has no value.
///
/// The method recovers each side's variance from its interval (MOVER: G. Y. Zou and A. Donner, "Construction of
/// confidence limits about effect measures", Statistics in Medicine 27, 2008), and each end is missed with a probability
/// of about the one at which these intervals were made, or of the noise's. From four runs on, the interval is at least
/// as wide as Student's t makes it from the spread of the runs; with fewer, what the noise is assumed to be, or the
/// spread that was seen if that is larger, is added.
pub fn difference(before: &[Measured], after: &[Measured], noise: RunNoise) -> Option<Measured> {
    let (a, b) = (mean(before)?, mean(after)?);
    let value = b.value - a.value;
    let down = distance(b.value, b.low).zip(distance(a.value, a.high));
    let up = distance(b.value, b.high).zip(distance(a.value, a.low));
    let between = between_runs(before, after, noise);
    let is_assumed = RunNoise::is_assumed(before.len(), after.len());
    let wide = |ends: Option<(f64, f64)>| {
        let own = ends.map(|(one, other)| one.hypot(other));
        own.map(|own| {
            if is_assumed {
                own.hypot(between)
            } else {
                // The spread of the runs has in it what each of them is unsure of.
                own.max(between)
            }
        })
    };
    Some(Measured {
        value,
        low: wide(down).map(|width| value - width),
        high: wide(up).map(|width| value + width),
    })
}

/// The ratio of what was measured after and before, of values above 0; otherwise as [`difference`], with noise of the
/// logarithms.
pub fn ratio(before: &[Measured], after: &[Measured], noise: RunNoise) -> Option<Measured> {
    let logs =
        |side: &[Measured]| -> Option<Vec<Measured>> { side.iter().map(logarithm).collect() };
    let told = difference(&logs(before)?, &logs(after)?, noise)?;
    Some(Measured {
        value: told.value.exp(),
        low: told.low.map(f64::exp),
        high: told.high.map(f64::exp),
    })
}

/// The mean of differences that were each measured by themselves, such as those of pairs, with Student's t interval;
/// `None` of fewer than two.
pub fn paired(differences: &[f64], alpha: f64) -> Option<Measured> {
    let count = differences.len() as f64;
    if differences.len() < 2 || differences.iter().any(|one| !one.is_finite()) {
        return None;
    }
    let value = differences.iter().sum::<f64>() / count;
    let squares: f64 = differences.iter().map(|one| (one - value).powi(2)).sum();
    let error = (squares / (count - 1.0) / count).sqrt();
    let width = student_t_quantile(1.0 - alpha, count - 1.0) * error;
    Some(Measured {
        value,
        low: Some(value - width),
        high: Some(value + width),
    })
}

fn logarithm(measured: &Measured) -> Option<Measured> {
    let positive = |value: f64| (value > 0.0).then(|| value.ln());
    Some(Measured {
        value: positive(measured.value)?,
        low: measured.low.and_then(positive),
        high: measured.high.and_then(positive),
    })
}

/// The mean of independent values, its ends as far from it as theirs allow together.
fn mean(side: &[Measured]) -> Option<Measured> {
    let count = side.len() as f64;
    let value = side.iter().map(|one| one.value).sum::<f64>() / count;
    if side.is_empty() || !value.is_finite() {
        return None;
    }
    let together = |end: fn(&Measured) -> Option<f64>| -> Option<f64> {
        let squares = side.iter().map(|one| Some((end(one)? - one.value).powi(2)));
        let sum: f64 = squares.collect::<Option<Vec<f64>>>()?.iter().sum();
        Some(sum.sqrt() / count)
    };
    Some(Measured {
        value,
        low: together(|one| one.low).map(|width| value - width),
        high: together(|one| one.high).map(|width| value + width),
    })
}

fn distance(value: f64, end: Option<f64>) -> Option<f64> {
    end.filter(|end| end.is_finite())
        .map(|end| (value - end).abs())
}

/// How far the difference of the means may be off by what differs from run to run alone.
fn between_runs(before: &[Measured], after: &[Measured], noise: RunNoise) -> f64 {
    const KNOWN: f64 = 1e9;
    let squares = |side: &[Measured]| -> f64 {
        let mean = side.iter().map(|one| one.value).sum::<f64>() / side.len() as f64;
        side.iter().map(|one| (one.value - mean).powi(2)).sum()
    };
    let freedom = freedom(before.len(), after.len());
    let seen = (squares(before) + squares(after)) / freedom.max(1) as f64;
    let (variance, freedom) = if freedom < FREEDOM {
        (seen.max(noise.assumed.powi(2)), KNOWN)
    } else {
        (seen, freedom as f64)
    };
    let means = 1.0 / before.len() as f64 + 1.0 / after.len() as f64;
    student_t_quantile(1.0 - noise.alpha, freedom) * (variance * means).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NONE: RunNoise = RunNoise {
        alpha: 0.05,
        assumed: 0.0,
    };

    fn around(value: f64, width: f64) -> Measured {
        Measured {
            value,
            low: Some(value - width),
            high: Some(value + width),
        }
    }

    fn rounded(measured: Option<Measured>) -> Option<[i64; 3]> {
        let thousandths = |value: f64| (1e3 * value).round() as i64;
        let told = measured?;
        Some([
            thousandths(told.value),
            thousandths(told.low?),
            thousandths(told.high?),
        ])
    }

    #[test]
    fn widths_add_up_as_variances_do() {
        let told = difference(&[around(10.0, 3.0)], &[around(12.0, 4.0)], NONE);
        assert_eq!(rounded(told), Some([2_000, -3_000, 7_000]));
        let halved = difference(&[around(10.0, 3.0); 2], &[around(12.0, 4.0); 2], NONE);
        assert_eq!(rounded(halved), Some([2_000, -1_536, 5_536]));
    }

    #[test]
    fn runs_that_differ_widen_what_each_of_them_is_sure_of() {
        let sure = |values: &[f64]| -> Vec<Measured> {
            values.iter().map(|value| around(*value, 0.01)).collect()
        };
        let told = difference(&sure(&[9.0, 10.0, 11.0]), &sure(&[10.5]), NONE);
        // t(0.95, 2) = 2.920, s = 1, √(1 + 1/3) = 1.155
        assert_eq!(rounded(told), Some([500, -2_872, 3_872]));
    }

    #[test]
    fn where_too_few_runs_tell_it_they_are_taken_to_differ() {
        let noise = RunNoise {
            alpha: 0.05,
            assumed: 2.0,
        };
        let of = |before: &[f64]| {
            let sure: Vec<_> = before.iter().map(|value| around(*value, 0.0)).collect();
            rounded(difference(&sure, &[around(10.0, 3.0)], noise))
        };
        // 1.645 · 2 · √2 = 4.653, and 3 of the run itself: 5.536
        assert_eq!(of(&[10.0]), Some([0, -5_536, 5_536]));
        // 1.645 · 2 · √1.5 = 4.029: 5.023
        assert_eq!(of(&[10.0, 10.0]), Some([0, -5_023, 5_023]));
        // They differ by more: s = 4.243, 1.645 · s · √1.5 = 8.547, 9.058
        assert_eq!(of(&[7.0, 13.0]), Some([0, -9_058, 9_058]));
        // Three tell by themselves.
        assert_eq!(of(&[10.0, 10.0, 10.0]), Some([0, -3_000, 3_000]));
    }

    #[test]
    fn pairs_tell_by_their_spread() {
        // t(0.95, 3) = 2.353, s = 1.291, s / √4 = 0.645
        let told = paired(&[1.0, 2.0, 3.0, 4.0], 0.05);
        assert_eq!(rounded(told), Some([2_500, 981, 4_019]));
        assert_eq!(paired(&[1.0], 0.05), None);
        assert_eq!(paired(&[1.0, f64::NAN], 0.05), None);
    }

    #[test]
    fn an_end_that_is_not_known_leaves_the_difference_open() {
        let open = Measured {
            high: None,
            ..around(10.0, 1.0)
        };
        let told = difference(&[open], &[around(12.0, 1.0)], NONE).unwrap();
        assert!(told.low.is_none() && told.high.is_some());
        assert_eq!(difference(&[], &[open], NONE), None);
        assert_eq!(ratio(&[around(0.0, 1.0)], &[open], NONE), None);
    }

    proptest! {
        #[test]
        fn turned_round_it_is_the_inverse(a in 1.0..1e3_f64, b in 1.0..1e3_f64, wa in 0.01..0.9_f64, wb in 0.01..0.9_f64) {
            let (a, b) = (around(a, a * wa), around(b, b * wb));
            let there = ratio(&[a], &[b], NONE).unwrap();
            let back = ratio(&[b], &[a], NONE).unwrap();
            prop_assert!((there.value * back.value - 1.0).abs() < 1e-9);
            prop_assert!((there.low.unwrap() * back.high.unwrap() - 1.0).abs() < 1e-9);
            prop_assert!(there.low.unwrap() <= there.value && there.value <= there.high.unwrap());
        }
    }
}
