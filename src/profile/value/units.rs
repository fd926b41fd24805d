//! Times, ranges, rates and sizes as people write them.

use std::time::Duration;

use thiserror::Error;

use crate::plan::Rate;
pub use crate::requirement::format::duration as show_duration;

/// Why a text is not a quantity.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnitError {
    /// Not a time.
    #[error("`{0}` is not a duration; write 30 (seconds), 30s, 5m, 250ms or 1h30m")]
    Duration(String),
    /// A time in an unknown unit.
    #[error("`{0}` has the unknown unit `{1}`; use ns, us, ms, s, m, h or d")]
    TimeUnit(String, String),
    /// Not a range of times.
    #[error("`{0}` is not a range of durations; write 1s..3s, or 2s for always the same")]
    Range(String),
    /// A range from the longer to the shorter time.
    #[error("`{0}` begins above its end; the shorter time comes first")]
    Backwards(String),
    /// Not a rate.
    #[error("`{0}` is not a rate; write 120/s, 6000/min or 120 (per second)")]
    Rate(String),
    /// Not a size.
    #[error("`{0}` is not a size; write 16 MiB, 64 KiB, 500 kB or 4096 (bytes)")]
    Size(String),
}

/// Time units from the longest to the shortest: their names, and their nanoseconds.
const TIMES: [(&[&str], u128); 7] = [
    (&["d", "day", "days"], 86_400_000_000_000),
    (&["h", "hour", "hours"], 3_600_000_000_000),
    (&["m", "min", "minute", "minutes"], 60_000_000_000),
    (&["s", "sec", "second", "seconds"], 1_000_000_000),
    (&["ms"], 1_000_000),
    (&["us", "µs"], 1_000),
    (&["ns"], 1),
];

const SECOND: u128 = 1_000_000_000;

const SIZES: [(&str, u128); 7] = [
    ("B", 1),
    ("kB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
];

/// A time: `30` (seconds), `30s`, `5m`, `250ms`, `1.5 s`, `1h30m`.
///
/// # Errors
/// When it is not a number, has an unknown unit, or its units don't go from long to short.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let wrong = || UnitError::Duration(text.to_owned());
    let mut rest = text.trim();
    let mut nanos: u128 = 0;
    let mut shorter_than = u128::MAX;
    while !rest.is_empty() {
        let (number, behind) = split_number(rest);
        let digits = Decimal::parse(number).ok_or_else(wrong)?;
        let behind = behind.trim_start();
        let end = behind
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(behind.len());
        let (name, behind) = behind.split_at(end);
        let unit = match name {
            "" if nanos == 0 && shorter_than == u128::MAX && behind.is_empty() => SECOND,
            "" => return Err(wrong()),
            name => time_unit(name)
                .ok_or_else(|| UnitError::TimeUnit(text.to_owned(), name.to_owned()))?,
        };
        if unit >= shorter_than {
            return Err(wrong());
        }
        shorter_than = unit;
        nanos += digits.times(unit).ok_or_else(wrong)?;
        rest = behind.trim_start();
    }
    if shorter_than == u128::MAX {
        return Err(wrong());
    }
    let seconds = u64::try_from(nanos / SECOND).map_err(|_| wrong())?;
    Ok(Duration::new(seconds, (nanos % SECOND) as u32))
}

/// A range of times: `1s..3s`, or `2s` for always the same.
///
/// # Errors
/// When an end is not a time, or the range goes backwards.
pub fn parse_range(text: &str) -> Result<(Duration, Duration), UnitError> {
    let Some((from, to)) = text.split_once("..") else {
        let time = parse_duration(text).map_err(|_| UnitError::Range(text.to_owned()))?;
        return Ok((time, time));
    };
    let (Ok(from), Ok(to)) = (parse_duration(from), parse_duration(to)) else {
        return Err(UnitError::Range(text.to_owned()));
    };
    if from > to {
        return Err(UnitError::Backwards(text.to_owned()));
    }
    Ok((from, to))
}

/// A rate: `120/s`, `6000/min`, `120` (per second).
///
/// # Errors
/// When it is not a number above 0, or its unit is neither `/s` nor `/min`.
pub fn parse_rate(text: &str) -> Result<Rate, UnitError> {
    let wrong = || UnitError::Rate(text.to_owned());
    let (number, unit) = split_number(text.trim());
    let number = Decimal::parse(number).ok_or_else(wrong)?.as_f64();
    let seconds = match unit.trim() {
        "" | "/s" | "/ s" | "rps" => 1.0,
        "/min" | "/m" | "/ min" => 60.0,
        "/h" => 3600.0,
        _ => return Err(wrong()),
    };
    Rate::per_second(number / seconds).ok_or_else(wrong)
}

/// A size in bytes: `16 MiB`, `64 KiB`, `500 kB`, `4096`.
///
/// # Errors
/// When it is not a number, or its unit is unknown.
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    let wrong = || UnitError::Size(text.to_owned());
    let (number, unit) = split_number(text.trim());
    let number = Decimal::parse(number).ok_or_else(wrong)?;
    let unit = match unit.trim() {
        "" => 1,
        unit => SIZES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(unit))
            .map(|(_, bytes)| *bytes)
            .ok_or_else(wrong)?,
    };
    let bytes = number.times(unit).ok_or_else(wrong)?;
    u64::try_from(bytes).map_err(|_| wrong())
}

fn time_unit(name: &str) -> Option<u128> {
    TIMES
        .iter()
        .find(|(names, _)| names.contains(&name))
        .map(|(_, nanos)| *nanos)
}

/// The digits in front, and the rest.
fn split_number(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_')))
        .unwrap_or(text.len());
    text.split_at(end)
}

/// A number with its fraction kept in digits, so that times come out exact.
struct Decimal {
    whole: u128,
    fraction: u128,
    scale: u128,
}

impl Decimal {
    fn parse(text: &str) -> Option<Decimal> {
        if text.starts_with('_') || text.ends_with('_') || text.contains("__") {
            return None;
        }
        let digits = text.replace('_', "");
        let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, "0"));
        if whole.is_empty() || whole.len() > 20 || fraction.is_empty() || fraction.len() > 9 {
            return None;
        }
        Some(Decimal {
            whole: whole.parse().ok()?,
            fraction: fraction.parse().ok()?,
            scale: 10_u128.pow(fraction.len() as u32),
        })
    }

    fn times(&self, unit: u128) -> Option<u128> {
        let whole = self.whole.checked_mul(unit)?;
        whole.checked_add(self.fraction * unit / self.scale)
    }

    fn as_f64(&self) -> f64 {
        self.whole as f64 + self.fraction as f64 / self.scale as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_read_as_people_write_them() {
        for (text, millis) in [
            ("30", 30_000),
            ("1.5", 1_500),
            ("30s", 30_000),
            ("30 sec", 30_000),
            ("5m", 300_000),
            ("5 min", 300_000),
            ("250ms", 250),
            ("250 ms", 250),
            ("1h30m", 5_400_000),
            ("1h 30m 5s", 5_405_000),
            ("0.25s", 250),
            ("1_000ms", 1_000),
            ("1d", 86_400_000),
            ("0", 0),
            ("0s", 0),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(millis)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            " ",
            "s",
            "-5",
            "-5s",
            "+5s",
            "5 parsecs",
            "5s5m",
            "5s5s",
            "5m5",
            "1e3",
            "NaN",
            "inf",
            "1.",
            ".5s",
            "1..2",
            "__1",
            "1,5s",
            "99999999999999999999999s",
            "5 5",
            "5%",
            "∞",
        ] {
            assert!(parse_duration(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn ranges_rates_and_sizes_read_as_people_write_them() {
        let seconds = Duration::from_secs;
        assert_eq!(parse_range("1s..3s"), Ok((seconds(1), seconds(3))));
        assert_eq!(parse_range("1 .. 3"), Ok((seconds(1), seconds(3))));
        assert_eq!(parse_range("2s"), Ok((seconds(2), seconds(2))));
        assert!(parse_range("3s..1s").is_err());
        assert!(parse_range("1s..").is_err());
        let rate = |text| parse_rate(text).map(Rate::micro);
        assert_eq!(rate("120/s"), Ok(120_000_000));
        assert_eq!(rate("120"), Ok(120_000_000));
        assert_eq!(rate("0.5 /s"), Ok(500_000));
        assert_eq!(rate("6000/min"), Ok(100_000_000));
        assert!(rate("0").is_err());
        assert!(rate("120 ms").is_err());
        assert_eq!(parse_size("16 MiB"), Ok(16 << 20));
        assert_eq!(parse_size("1.5kb"), Ok(1500));
        assert_eq!(parse_size("4096"), Ok(4096));
        assert!(parse_size("16 Mi").is_err());
    }

    proptest! {
        #[test]
        fn a_shown_duration_reads_back(seconds in 0_u64..=86_400 * 365, nanos in 0_u32..1_000_000_000) {
            let time = Duration::new(seconds, nanos);
            prop_assert_eq!(parse_duration(&show_duration(time)), Ok(time));
        }

        #[test]
        fn no_text_makes_the_parsers_panic(text in ".{0,40}") {
            let _ = parse_duration(&text);
            let _ = parse_range(&text);
            let _ = parse_rate(&text);
            let _ = parse_size(&text);
        }

        #[test]
        fn digits_and_units_in_any_order_never_panic(text in "[0-9._ smhdnu]{0,30}") {
            let _ = parse_duration(&text);
        }
    }
}
