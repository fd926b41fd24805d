//! Values as people read them: `0.84 ms`, `43 ms`, `1.04 s`, `12,345`, `98.7/s`.

use std::fmt::Write as _;
use std::time::Duration;

use super::interval::Interval;
use super::judgement::Estimate;
use super::limit::Limit;
use super::unit::Unit;

/// The most decimals that are added to tell a value from its limit.
const EXTRA_DECIMALS: usize = 3;

/// A time given in milliseconds.
pub fn time(ms: f64) -> String {
    show(Unit::Time, ms)
}

/// A time as exactly as a profile writes it: `1h30m`, `250ms`, `0s`.
pub fn duration(time: Duration) -> String {
    const UNITS: [(&str, u128); 7] = [
        ("d", 86_400_000_000_000),
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
        ("ns", 1),
    ];
    let mut left = time.as_nanos();
    let mut shown = String::new();
    for (name, unit) in UNITS {
        if left >= unit {
            let _ = write!(shown, "{}{name}", left / unit);
            left %= unit;
        }
    }
    if shown.is_empty() {
        "0s".to_owned()
    } else {
        shown
    }
}

/// A number of things, its thousands set apart.
pub fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// A value in its unit.
pub fn show(unit: Unit, value: f64) -> String {
    let scale = UnitScale::of(unit, value);
    format!("{}{}", scale.number(value, 0), scale.sign)
}

/// A confidence in (0, 1) as percent: `95 %`.
pub fn confidence(share: f64) -> String {
    let percent = (share * 1e6).round() / 1e4;
    format!("{percent} %")
}

/// A limit with its comparison, exactly as it is judged: `< 200 ms`.
pub fn limit(limit: &Limit) -> String {
    let scale = UnitScale::of(limit.unit, limit.value);
    let number = limit.value / scale.divisor;
    format!(
        "{} {}{}",
        limit.comparison,
        grouped(&number.to_string()),
        scale.sign
    )
}

/// An estimate with its interval, precise enough not to look like the limit it is held against.
pub fn measured(estimate: &Estimate, limit: &Limit) -> String {
    let value = measured_value(estimate, limit);
    let interval = interval(estimate, limit);
    if interval.is_empty() {
        value
    } else {
        format!("{value} ({interval})")
    }
}

/// The value of an estimate alone, distinguishable from its limit.
pub fn measured_value(estimate: &Estimate, limit: &Limit) -> String {
    if !estimate.value.is_finite() {
        return "no figure".to_owned();
    }
    let scale = UnitScale::of(limit.unit, estimate.value);
    let number = scale.number(estimate.value, scale.extra(estimate, limit.value));
    format!("{number}{}", scale.sign)
}

/// An estimate's interval in the measure of its value; empty for a whole count that needs none.
pub fn interval(estimate: &Estimate, limit: &Limit) -> String {
    let scale = UnitScale::of(limit.unit, estimate.value);
    let extra = scale.extra(estimate, limit.value);
    scale
        .ends(estimate.low, estimate.high, extra)
        .unwrap_or_else(|| match limit.unit {
            Unit::Count => String::new(),
            _ => "no interval".to_owned(),
        })
}

/// The interval of a time in the measure of the time itself, all in milliseconds; `None` without ends.
pub fn time_interval(value: f64, interval: Interval) -> Option<String> {
    UnitScale::of(Unit::Time, value).ends(interval.low, interval.high, 0)
}

fn finite(ends: &[Option<f64>]) -> Vec<f64> {
    let given = ends.iter().flatten().copied();
    given.filter(|end| end.is_finite()).collect()
}

/// How the numbers of one line are divided and called.
struct UnitScale {
    unit: Unit,
    divisor: f64,
    sign: &'static str,
}

impl UnitScale {
    fn of(unit: Unit, value: f64) -> UnitScale {
        let (divisor, sign) = match unit {
            Unit::Time if value.abs() >= 999.5 => (1e3, " s"),
            Unit::Time => (1.0, " ms"),
            Unit::Share => (1.0, " %"),
            Unit::Rate => (1.0, "/s"),
            Unit::Count => (1.0, ""),
        };
        UnitScale {
            unit,
            divisor,
            sign,
        }
    }

    /// How many more decimals it takes until neither end nor value looks like a limit that it does not
    /// equal, and the ends do not look like each other.
    fn extra(&self, estimate: &Estimate, limit: f64) -> usize {
        let ends = finite(&[estimate.low, estimate.high]);
        let settles = |extra: &usize| {
            let numbers = ends.iter().copied().chain([estimate.value]);
            let from_limit = numbers
                .into_iter()
                .all(|number| self.tell_apart(&[number, limit], *extra));
            from_limit && self.tell_apart(&ends, *extra)
        };
        (0..EXTRA_DECIMALS).find(settles).unwrap_or(EXTRA_DECIMALS)
    }

    /// Whether neighbours that are not the same don't look the same.
    fn tell_apart(&self, numbers: &[f64], extra: usize) -> bool {
        numbers.windows(2).all(|pair| {
            (pair[0] - pair[1]).abs() < 1e-9
                || self.number(pair[0], extra) != self.rounded_to(pair[1], pair[0], extra)
        })
    }

    fn ends(&self, low: Option<f64>, high: Option<f64>, extra: usize) -> Option<String> {
        let end = |end: Option<f64>| {
            end.filter(|end| end.is_finite())
                .map(|end| self.number(end, extra))
        };
        match (end(low), end(high)) {
            (Some(low), Some(high)) => Some(format!("{low}–{high}")),
            (Some(low), None) => Some(format!("≥ {low}")),
            (None, Some(high)) => Some(format!("≤ {high}")),
            (None, None) => None,
        }
    }

    fn number(&self, value: f64, extra: usize) -> String {
        self.rounded_to(value, value, extra)
    }

    /// `value` with the decimals that `like` gets.
    fn rounded_to(&self, value: f64, like: f64, extra: usize) -> String {
        if !value.is_finite() {
            return "-".to_owned();
        }
        let decimals = self.decimals((like / self.divisor).abs()) + extra;
        let text = format!("{:.decimals$}", value / self.divisor);
        let keeps_zeros = self.unit == Unit::Time && value != 0.0;
        let text = if keeps_zeros { &text } else { trimmed(&text) };
        grouped(text)
    }

    fn decimals(&self, size: f64) -> usize {
        match (self.unit, self.divisor > 1.0) {
            (Unit::Time, true) if size < 9.995 => 2,
            (Unit::Time, true) if size < 99.95 => 1,
            (Unit::Time, false) if size < 0.995 => 2,
            (Unit::Time, false) if size < 9.95 => 1,
            (Unit::Time, _) => 0,
            (Unit::Share, _) if !(0.995..=99.0).contains(&size) => 2,
            (Unit::Rate, _) if size >= 99.95 => 0,
            (Unit::Share | Unit::Rate | Unit::Count, _) => 1,
        }
    }
}

fn trimmed(text: &str) -> &str {
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    };
    if text == "-0" { "0" } else { text }
}

/// `12345.6` → `12,345.6`
fn grouped(text: &str) -> String {
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let (sign, digits) = whole.split_at(usize::from(whole.starts_with('-')));
    let mut grouped = sign.to_owned();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_never_coarse() {
        let table = [
            (0.0, "0 ms"),
            (0.84, "0.84 ms"),
            (0.999, "1.0 ms"),
            (4.21, "4.2 ms"),
            (9.96, "10 ms"),
            (43.2, "43 ms"),
            (999.4, "999 ms"),
            (999.6, "1.00 s"),
            (1_040.0, "1.04 s"),
            (9_996.0, "10.0 s"),
            (30_000.0, "30.0 s"),
            (300_000.0, "300 s"),
            (3_600_000.0, "3,600 s"),
        ];
        for (ms, text) in table {
            assert_eq!(time(ms), text);
        }
    }

    #[test]
    fn other_units_keep_what_matters() {
        assert_eq!(show(Unit::Share, 0.123), "0.12 %");
        assert_eq!(show(Unit::Share, 0.0), "0 %");
        assert_eq!(show(Unit::Share, 2.0), "2 %");
        assert_eq!(show(Unit::Share, 99.96), "99.96 %");
        assert_eq!(show(Unit::Rate, 98.74), "98.7/s");
        assert_eq!(show(Unit::Rate, 12_345.6), "12,346/s");
        assert_eq!(show(Unit::Count, 0.0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(confidence(0.95), "95 %");
        assert_eq!(confidence(0.999), "99.9 %");
    }

    #[test]
    fn limits_are_shown_exactly() {
        let table = [
            ("< 200 ms", "< 200 ms"),
            ("<= 1.5 s", "<= 1.5 s"),
            ("< 199.6 ms", "< 199.6 ms"),
            ("< 0.1 %", "< 0.1 %"),
            (">= 12000/s", ">= 12,000/s"),
            ("== 0", "== 0"),
        ];
        for (text, shown) in table {
            assert_eq!(limit(&Limit::parse(text).expect(text)), shown);
        }
    }

    fn estimate(value: f64, low: Option<f64>, high: Option<f64>) -> Estimate {
        Estimate {
            value,
            low,
            high,
            samples: 10,
            effective_samples: 10.0,
        }
    }

    #[test]
    fn a_value_near_its_limit_does_not_look_like_it() {
        let limit = Limit::parse("< 200 ms").expect("a limit");
        let table = [
            ((43.2, Some(41.0), Some(45.0)), "43 ms (41–45)"),
            (
                (199.8, Some(199.6), Some(199.97)),
                "199.80 ms (199.60–199.97)",
            ),
            ((200.0, Some(200.0), Some(210.0)), "200 ms (200–210)"),
            ((10.4, Some(10.2), Some(10.5)), "10.4 ms (10.2–10.5)"),
            ((1_040.0, Some(980.0), Some(1_110.0)), "1.04 s (0.98–1.11)"),
            ((43.0, Some(41.0), Some(f64::INFINITY)), "43 ms (≥ 41)"),
            ((43.0, None, None), "43 ms (no interval)"),
            ((f64::NAN, None, None), "no figure (no interval)"),
        ];
        for ((value, low, high), text) in table {
            assert_eq!(measured(&estimate(value, low, high), &limit), text);
        }
        let none = Limit::parse("== 0").expect("a limit");
        assert_eq!(measured(&estimate(2.0, None, None), &none), "2");
    }
}
