//! Limits as people write them: `< 200 ms`, `>= 100/s`, `< 1 %`, `== 0`.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::unit::Unit;

/// What is left of a limit for a pass that needs a margin.
pub const MARGIN: f64 = 0.8;

/// The same where a run is by far too short for the disturbances that it shows.
pub const WIDE_MARGIN: f64 = 0.64;

/// How a measured value is compared with its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// Strictly below.
    #[serde(rename = "<")]
    Less,
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
    /// Strictly above.
    #[serde(rename = ">")]
    Greater,
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
    /// Exactly; for counts only.
    #[serde(rename = "==")]
    Equal,
}

impl Comparison {
    /// Longest first, so that `<=` is not read as `<`.
    const SIGNS: [(&'static str, Comparison); 5] = [
        ("<=", Comparison::AtMost),
        (">=", Comparison::AtLeast),
        ("==", Comparison::Equal),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];

    /// The sign as written in profiles and reports.
    pub fn sign(self) -> &'static str {
        Self::SIGNS
            .iter()
            .find(|(_, comparison)| *comparison == self)
            .map_or("?", |(sign, _)| sign)
    }

    /// Whether `value` is on the right side of `limit`.
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Comparison::Less => value < limit,
            Comparison::AtMost => value <= limit,
            Comparison::Greater => value > limit,
            Comparison::AtLeast => value >= limit,
            Comparison::Equal => (value - limit).abs() < f64::EPSILON,
        }
    }

    /// Whether the limit itself still keeps it.
    pub fn is_inclusive(self) -> bool {
        matches!(
            self,
            Comparison::AtMost | Comparison::AtLeast | Comparison::Equal
        )
    }

    /// Whether the limit is an upper one.
    pub fn is_upper(self) -> bool {
        matches!(
            self,
            Comparison::Less | Comparison::AtMost | Comparison::Equal
        )
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sign())
    }
}

/// A comparison and the number it compares with.
///
/// `value` is in the unit's own measure: milliseconds, percent, per second, or a plain number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Which side of the value is the right one.
    pub comparison: Comparison,
    /// The number, in `unit`.
    pub value: f64,
    /// What the number counts.
    pub unit: Unit,
}

/// Why a text is not a limit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LimitError {
    /// No `<`, `<=`, `>`, `>=` or `==` in front.
    #[error("a limit begins with <, <=, >, >= or ==")]
    NoComparison,
    /// No number behind the comparison.
    #[error("`{0}` is not a number of 0 or more")]
    NoNumber(String),
    /// An unknown unit.
    #[error("unknown unit `{0}`; use ns, us, ms, s, min, %, /s, /min or none")]
    UnknownUnit(String),
    /// More than the whole.
    #[error("a share lies between 0 % and 100 %")]
    ShareOutOfRange,
}

impl Limit {
    /// Reads a limit as people write it.
    ///
    /// # Errors
    /// When there is no comparison, no number, or an unknown unit.
    pub fn parse(text: &str) -> Result<Limit, LimitError> {
        let text = text.trim();
        let (comparison, rest) = Comparison::SIGNS
            .iter()
            .find_map(|(sign, comparison)| Some((*comparison, text.strip_prefix(sign)?)))
            .ok_or(LimitError::NoComparison)?;
        let rest = rest.trim();
        let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '_')));
        let (number, unit) = rest.split_at(end.unwrap_or(rest.len()));
        let value = parse_number(number).ok_or_else(|| LimitError::NoNumber(rest.to_owned()))?;
        let (unit, factor) = parse_unit(unit.trim())?;
        let value = value * factor;
        if unit == Unit::Share && value > 100.0 {
            return Err(LimitError::ShareOutOfRange);
        }
        Ok(Limit {
            comparison,
            value,
            unit,
        })
    }

    /// The time from which on a request is over an upper time limit; `None` for other limits.
    ///
    /// A request is over `< 200 ms` from 200 ms on, and over `<= 200 ms` one nanosecond later.
    pub fn threshold(&self) -> Option<Duration> {
        let nanos = (self.value * 1e6).round() as u64;
        match (self.unit, self.comparison) {
            (Unit::Time, Comparison::Less) => Some(Duration::from_nanos(nanos)),
            (Unit::Time, Comparison::AtMost) => Some(Duration::from_nanos(nanos.saturating_add(1))),
            _ => None,
        }
    }

    /// The limit a fifth stricter, as a pass must keep it where the run alone can't be trusted; `None` for a lower limit,
    /// whose value is usually what is offered.
    pub fn with_margin(&self) -> Option<Limit> {
        self.stricter(MARGIN)
    }

    /// The limit with [`WIDE_MARGIN`]; `None` for a lower limit.
    pub fn with_wide_margin(&self) -> Option<Limit> {
        self.stricter(WIDE_MARGIN)
    }

    fn stricter(&self, part: f64) -> Option<Limit> {
        self.comparison.is_upper().then_some(Limit {
            value: part * self.value,
            ..*self
        })
    }

    /// Whether `value`, in this limit's unit, keeps the limit.
    pub fn holds(&self, value: f64) -> bool {
        self.comparison.holds(value, self.value)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gap = if matches!(self.unit, Unit::Time | Unit::Share) {
            " "
        } else {
            ""
        };
        write!(
            f,
            "{} {}{gap}{}",
            self.comparison,
            self.value,
            self.unit.sign()
        )
    }
}

/// `1_000`, `1,000` and `1.5`; a comma is a thousands separator only.
fn parse_number(text: &str) -> Option<f64> {
    let mut groups = text.split(['_', ',']);
    let head = groups.next()?;
    let grouped = groups
        .clone()
        .all(|group| group.split('.').next().is_some_and(|g| g.len() == 3));
    if head.is_empty() || !grouped || (text.contains([',', '_']) && head.len() > 3) {
        return None;
    }
    let digits: String = text.chars().filter(|c| !matches!(c, '_' | ',')).collect();
    digits.parse().ok().filter(|value: &f64| value.is_finite())
}

/// The unit and the factor that brings a number into its measure.
fn parse_unit(text: &str) -> Result<(Unit, f64), LimitError> {
    Ok(match text {
        "ns" => (Unit::Time, 1e-6),
        "us" | "µs" => (Unit::Time, 1e-3),
        "ms" => (Unit::Time, 1.0),
        "s" => (Unit::Time, 1e3),
        "min" | "m" => (Unit::Time, 60e3),
        "%" => (Unit::Share, 1.0),
        "/s" | "rps" | "per second" => (Unit::Rate, 1.0),
        "/min" => (Unit::Rate, 1.0 / 60.0),
        "" => (Unit::Count, 1.0),
        other => return Err(LimitError::UnknownUnit(other.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_read_as_people_write_them() {
        let table = [
            ("< 200 ms", Comparison::Less, 200.0, Unit::Time),
            ("<200ms", Comparison::Less, 200.0, Unit::Time),
            ("<= 1.5 s", Comparison::AtMost, 1500.0, Unit::Time),
            ("< 250 us", Comparison::Less, 0.25, Unit::Time),
            (">= 100/s", Comparison::AtLeast, 100.0, Unit::Rate),
            (">= 6,000 /min", Comparison::AtLeast, 100.0, Unit::Rate),
            ("< 1 %", Comparison::Less, 1.0, Unit::Share),
            ("> 60%", Comparison::Greater, 60.0, Unit::Share),
            ("== 0", Comparison::Equal, 0.0, Unit::Count),
            (">= 1_000", Comparison::AtLeast, 1000.0, Unit::Count),
        ];
        for (text, comparison, value, unit) in table {
            assert_eq!(
                Limit::parse(text),
                Ok(Limit {
                    comparison,
                    value,
                    unit
                }),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_limit_says_why() {
        let table = [
            "200 ms",
            "",
            "<",
            "< ms",
            "< -5 ms",
            "< 5 parsecs",
            "> 101 %",
            "< 1,00 ms",
            "< 1.2.3 s",
            "=> 5",
            "< 1e3 ms",
        ];
        let messages: Vec<String> = table
            .iter()
            .map(|text| format!("{text:?}: {}", Limit::parse(text).expect_err(text)))
            .collect();
        insta::assert_snapshot!(messages.join("\n"));
    }

    #[test]
    fn a_request_at_the_limit_is_over_the_strict_one_alone() {
        let strict = Limit::parse("< 200 ms").unwrap().threshold().unwrap();
        let at_most = Limit::parse("<= 200 ms").unwrap().threshold().unwrap();
        assert_eq!(strict, Duration::from_millis(200));
        assert_eq!(at_most, Duration::from_nanos(200_000_001));
    }
}
