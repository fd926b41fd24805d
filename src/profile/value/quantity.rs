//! The values of keys, flags and variables: what may be written, and its range.
//!
//! A profile, a flag and a variable are read by the same function, so they take the same values.

use std::time::Duration;

use crate::diagnostic::InvalidValue;
use crate::plan::Rate;
use crate::profile::value::units::{
    UnitError, parse_duration, parse_range, parse_rate, parse_size, show_duration,
};

pub use crate::profile::text::reader::ReadValue;

/// The longest that any part of a run may last.
const DAY: Duration = Duration::from_secs(86_400);

/// The shortest time that a timeout or a pause may have.
const TICK: Duration = Duration::from_millis(1);

/// The shortest judged part that may settle a verdict: fewer seconds can't tell how requests hang together.
const LEAST_SETTLED: Duration = Duration::from_secs(3);

/// What is judged at least before a run may end early, where no other time is named: `docs/STATISTICS.md`,
/// "Ending as soon as all is settled", has what it can see.
const SETTLED: Duration = Duration::from_secs(10);

impl From<UnitError> for InvalidValue {
    fn from(error: UnitError) -> InvalidValue {
        InvalidValue::new(error.to_string())
    }
}

/// How many virtual users: 1 to 1,000,000.
///
/// # Errors
/// When it is not a whole number in this range.
pub fn users(text: &str) -> ReadValue<u32> {
    whole(text, "users", 1, 1_000_000).map(|count| count as u32)
}

/// How many connections at most: 1 to 1,000,000.
///
/// # Errors
/// When it is not a whole number in this range.
pub fn connections(text: &str) -> ReadValue<u32> {
    whole(text, "connections", 1, 1_000_000).map(|count| count as u32)
}

/// How many generator threads: 0 (chosen by the generator) to 1,024.
///
/// # Errors
/// When it is not a whole number in this range.
pub fn workers(text: &str) -> ReadValue<usize> {
    whole(text, "workers", 0, 1_024).map(|count| count as usize)
}

/// How many requests one judgement takes: 1 to 10,000.
///
/// # Errors
/// When it is not a whole number in this range.
pub fn requests(text: &str) -> ReadValue<u32> {
    whole(text, "requests", 1, 10_000).map(|count| count as u32)
}

/// An endpoint's part of a scenario in percent: 0 to 100.
///
/// # Errors
/// When it is not a whole number in this range.
pub fn weight(text: &str) -> ReadValue<u32> {
    whole(text, "a weight", 0, 100).map(|count| count as u32)
}

/// A part of the users in percent, with or without its sign: 1 to 99.
///
/// # Errors
/// When it is not a whole number in this range.
pub fn share(text: &str) -> ReadValue<u32> {
    let number = text.trim().trim_end_matches('%');
    whole(number, "a share in percent", 1, 99).map(|share| share as u32)
}

/// An HTTP status: 100 to 599.
///
/// # Errors
/// When it is not a whole number in this range.
pub fn status(text: &str) -> ReadValue<u16> {
    whole(text, "an HTTP status", 100, 599).map(|count| count as u16)
}

/// The number of a process: 1 to 4,294,967,295.
///
/// # Errors
/// When it is not a whole number in this range.
pub fn process(text: &str) -> ReadValue<u32> {
    whole(text, "a process", 1, u64::from(u32::MAX)).map(|number| number as u32)
}

/// What random choices are drawn from.
///
/// # Errors
/// When it is not a whole number of 64 bits.
pub fn seed(text: &str) -> ReadValue<u64> {
    whole(text, "a seed", 0, u64::MAX)
}

/// How many tests run at a time: 1 or more.
///
/// # Errors
/// When it is not a whole number in this range.
pub fn threads(text: &str) -> ReadValue<usize> {
    whole(text, "threads", 1, 100_000).map(|count| count as usize)
}

/// A part of a run that may be left out: 0 to 24 hours.
///
/// # Errors
/// When it is not a duration in this range.
pub fn phase(text: &str) -> ReadValue<Duration> {
    let time = parse_duration(text)?;
    if time > DAY {
        let shown = text.trim();
        return Err(InvalidValue::new(format!(
            "{shown} is longer than 24 hours"
        )));
    }
    Ok(time)
}

/// A time that must last: a millisecond to 24 hours.
///
/// # Errors
/// When it is not a duration in this range.
pub fn lasting(text: &str) -> ReadValue<Duration> {
    let time = phase(text)?;
    if time < TICK {
        let message = format!("{} is too short; the least is 1ms", show_duration(time));
        return Err(InvalidValue::new(message));
    }
    Ok(time)
}

/// Whether a run ends as soon as its verdicts are settled, and what is judged at least before: a time of 3
/// seconds to 24 hours, `on` for 10 seconds, `off`.
///
/// # Errors
/// When it is neither of these words nor a duration in this range.
pub fn settle(text: &str) -> ReadValue<Option<Duration>> {
    match text.trim() {
        "" | "on" => return Ok(Some(SETTLED)),
        "off" => return Ok(None),
        _ => {}
    }
    let least = phase(text).map_err(|complaint| {
        complaint.help("write the least time that is judged, such as 10s, or off")
    })?;
    if least < LEAST_SETTLED {
        let message = format!(
            "{} is too short to settle anything; the least is 3s",
            show_duration(least)
        );
        return Err(InvalidValue::new(message).help("write off to go on to the planned end"));
    }
    Ok(Some(least))
}

/// The pause of a virtual user: `1s..3s`.
///
/// # Errors
/// When it is not a range of durations, is never a pause at all, or is longer than 24 hours.
pub fn think_time(text: &str) -> ReadValue<(Duration, Duration)> {
    let (shortest, longest) = parse_range(text)?;
    if longest < TICK {
        let message = "a user that never pauses has endlessly many requests due at once";
        return Err(InvalidValue::new(message).help(
            "write 1ms or more; to offer a set rate, use arrivals = \"constant\" with a rate",
        ));
    }
    if longest > DAY {
        return Err(InvalidValue::new(format!(
            "`{text}` is longer than 24 hours"
        )));
    }
    Ok((shortest, longest))
}

/// An arrival rate: above 0, at most 1,000,000/s.
///
/// # Errors
/// When it is not a rate in this range.
pub fn rate(text: &str) -> ReadValue<Rate> {
    let rate = parse_rate(text)?;
    if rate.as_f64() > 1e6 {
        return Err(InvalidValue::new(format!(
            "`{text}` is more than 1,000,000/s"
        )));
    }
    Ok(rate)
}

/// The longest body that is read: 1 byte to 1 GiB.
///
/// # Errors
/// When it is not a size in this range.
pub fn body_limit(text: &str) -> ReadValue<u64> {
    let bytes = parse_size(text)?;
    if bytes == 0 || bytes > 1 << 30 {
        return Err(InvalidValue::new(format!(
            "`{text}` is out of range; a body limit lies between 1 byte and 1 GiB"
        )));
    }
    Ok(bytes)
}

/// The confidence of verdicts: `95`, `95 %` or `0.95`; above 50 %, below 100 %.
///
/// # Errors
/// When it is not a number in this range.
pub fn confidence(text: &str) -> ReadValue<f64> {
    let trimmed = text.trim();
    let (number, percent) = match trimmed.strip_suffix('%') {
        Some(number) => (number.trim_end(), true),
        None => (trimmed, false),
    };
    let plain = !number.is_empty()
        && number
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let value: f64 = plain
        .then(|| number.parse().ok())
        .flatten()
        .ok_or_else(|| {
            InvalidValue::new(format!("`{text}` is not a confidence; write 95 % or 0.95"))
        })?;
    let share = if percent || value > 1.0 {
        value / 100.0
    } else {
        value
    };
    if share > 0.5 && share < 1.0 {
        Ok(share)
    } else {
        Err(InvalidValue::new(format!(
            "`{text}` is out of range; a confidence lies above 50 % and below 100 %"
        )))
    }
}

/// A yes or no, as a variable says it.
///
/// # Errors
/// When it is neither.
pub fn yes_or_no(text: &str) -> ReadValue<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(InvalidValue::new(format!(
            "`{text}` is neither yes nor no; write 1, true, yes or 0, false, no"
        ))),
    }
}

/// A whole number from `least` to `most`; `_` may group its digits.
fn whole(text: &str, what: &str, least: u64, most: u64) -> ReadValue<u64> {
    let trimmed = text.trim();
    let digits = trimmed.replace('_', "");
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let range = if most == u64::MAX {
        format!("{least} to 2^64 - 1")
    } else {
        format!("{} to {}", grouped(least), grouped(most))
    };
    if !plain {
        return Err(InvalidValue::new(format!(
            "`{trimmed}` is not a whole number; {what} may be {range}"
        )));
    }
    match digits.parse::<u64>() {
        Ok(value) if (least..=most).contains(&value) => Ok(value),
        _ => Err(InvalidValue::new(format!(
            "{trimmed} is out of range; {what} may be {range}"
        ))),
    }
}

/// `1000000` → `1,000,000`.
pub(in crate::profile) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidences_read_as_people_write_them() {
        for text in ["95", "95 %", "95%", "0.95", "95.0"] {
            let value = confidence(text).expect(text);
            assert!((value - 0.95).abs() < 1e-12, "{text}");
        }
        for text in [
            "", "1", "50", "0.5", "100", "100 %", "0", "abc", "-95", "1e2", "0.95 %",
        ] {
            assert!(confidence(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_run_settles_after_a_time_or_never() {
        assert_eq!(settle("off"), Ok(None));
        assert_eq!(settle(""), settle("on"));
        assert_eq!(settle("3s"), Ok(Some(Duration::from_secs(3))));
        for text in ["0", "2s", "2999ms", "25h", "yes", "soon", "-5s"] {
            assert!(settle(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn numbers_are_whole_and_in_their_range() {
        assert_eq!(users("1_000"), Ok(1_000));
        assert_eq!(seed("18446744073709551615"), Ok(u64::MAX));
        for text in [
            "0",
            "1000001",
            "-1",
            "1.5",
            "",
            "ten",
            "99999999999999999999",
        ] {
            assert!(users(text).is_err(), "{text:?}");
        }
        assert_eq!(grouped(1_000_000), "1,000,000");
        assert_eq!(grouped(100), "100");
    }
}
