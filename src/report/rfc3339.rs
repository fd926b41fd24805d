//! Instants as RFC 3339 texts in UTC, to the millisecond.

const DAY: u64 = 86_400_000;
/// Days in 400 years, after which the calendar repeats.
const ERA: u64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const TO_1970: u64 = 719_468;

/// `2026-01-31T12:00:00.000Z` for milliseconds since 1970.
pub(crate) fn to_text(millis: u64) -> String {
    let (year, month, day) = date(millis / DAY);
    let time = millis % DAY;
    let (hour, minute) = (time / 3_600_000, time / 60_000 % 60);
    let (second, milli) = (time / 1_000 % 60, time % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// `20260131T120000Z` for milliseconds since 1970: an instant to the second, fit for the name of a file.
pub fn file_stamp(millis: u64) -> String {
    let text = to_text(millis);
    let second = text.split('.').next().unwrap_or_default();
    let plain: String = second.chars().filter(|c| !"-:".contains(*c)).collect();
    plain + "Z"
}

/// Milliseconds since 1970 of a text that [`to_text`] wrote; `None` for anything else.
pub(crate) fn from_text(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let (clock, milli) = time.split_once('.')?;
    let [hour, minute, second] = numbers(clock, ':')?;
    let days = days(year, month, day)?;
    let millis = days * DAY
        + hour * 3_600_000
        + minute * 60_000
        + second * 1_000
        + milli.parse::<u64>().ok()?;
    (to_text(millis) == text).then_some(millis)
}

fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let numbers: Option<Vec<u64>> = text
        .split(separator)
        .map(|part| part.parse().ok().filter(|number| *number < 1_000_000_000))
        .collect();
    numbers?.try_into().ok()
}

/// Year, month and day: years begin in March here, so that a leap day is the last of one.
fn date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + TO_1970;
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let in_month = day - (153 * month + 2) / 5 + 1;
    let calendar_month = if month < 10 { month + 3 } else { month - 9 };
    (
        era * 400 + year + u64::from(calendar_month <= 2),
        calendar_month,
        in_month,
    )
}

fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = year.checked_sub(u64::from(month <= 2))?;
    let month = if month > 2 { month - 3 } else { month + 9 };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    days.checked_sub(TO_1970 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_instants_are_told_right() {
        let table = [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_000_000_000_000, "2001-09-09T01:46:40.000Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ];
        for (millis, text) in table {
            assert_eq!(to_text(millis), text);
            assert_eq!(from_text(text), Some(millis));
        }
    }

    #[test]
    fn stamps_are_fit_for_files() {
        assert_eq!(file_stamp(1_000_000_000_999), "20010909T014640Z");
    }

    #[test]
    fn what_was_not_written_here_is_refused() {
        for text in [
            "",
            "Z",
            "2025-02-30T00:00:00.000Z",
            "2025-01-01T24:00:00.000Z",
            "2025-01-01T00:00:00Z",
            "2025-01-01T00:00:00.000+01:00",
            "1969-12-31T23:59:59.999Z",
            "99999999999999999999-01-01T00:00:00.000Z",
            "2025-01-01-01T00:00:00.000Z",
            "0000-00-00T00:00:00.000Z",
        ] {
            assert_eq!(from_text(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_instant_reads_back(millis in 0u64..253_402_300_800_000) {
            prop_assert_eq!(from_text(&to_text(millis)), Some(millis));
        }
    }
}
