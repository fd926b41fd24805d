//! Numbers as they are said in findings.

use crate::requirement::human;

/// A thing and its number: `1 key`, `12,345 keys`.
pub(super) fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", human::count(number))
}

/// Bytes: `512 bytes`, `1.5 MiB`, `12 GiB`.
pub(super) fn size(bytes: u64) -> String {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];
    let unit = units.iter().rev().find(|(_, bits)| bytes >> bits > 0);
    match unit {
        None => counted(bytes, "byte"),
        Some((name, bits)) => {
            let number = bytes as f64 / 2_f64.powi(*bits);
            let decimals = usize::from(number < 10.0);
            format!("{number:.decimals$} {name}")
        }
    }
}

/// A share in (0, 1) as percent, with a decimal where it would be none or all otherwise: `42 %`, `0.4 %`, `99.6 %`.
pub(super) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    let is_whole = percent <= 0.0 || percent >= 100.0;
    let is_inner = (1.0..99.0).contains(&percent);
    let decimals = if is_whole || is_inner {
        0
    } else if (0.1..=99.9).contains(&percent) {
        1
    } else {
        3
    };
    format!("{percent:.decimals$} %")
}

/// A length of time in its largest unit: `40 seconds`, `3 days`.
pub(super) fn span(seconds: f64) -> String {
    let units = [
        (86_400.0, "day"),
        (3600.0, "hour"),
        (60.0, "minute"),
        (1.0, "second"),
    ];
    // From two of it on, as "1 day" could be nearly two.
    let unit = units.iter().find(|(length, _)| seconds >= 2.0 * length);
    let (length, name) = unit.unwrap_or(&units[3]);
    counted((seconds / length).floor() as u64, name)
}

/// How often something happened: `30 an hour`, `2.5 a second`; nothing when it isn't known for how long.
pub(super) fn pace(number: u64, seconds: Option<f64>) -> Option<String> {
    let seconds = seconds.filter(|seconds| *seconds >= 60.0)?;
    let each = number as f64 / seconds;
    let (value, unit) = if each >= 1.0 {
        (each, "a second")
    } else if each * 3600.0 >= 1.0 {
        (each * 3600.0, "an hour")
    } else {
        (each * 86_400.0, "a day")
    };
    let decimals = usize::from(value < 10.0);
    Some(format!("{value:.decimals$} {unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_they_are_said() {
        let sizes = [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1,023 bytes"),
            (1024, "1.0 KiB"),
            (1_572_864, "1.5 MiB"),
            (12 << 30, "12 GiB"),
            (u64::MAX, "16777216 TiB"),
        ];
        for (bytes, expected) in sizes {
            assert_eq!(size(bytes), expected);
        }
        let shares = [
            (0.0, "0 %"),
            (0.000_04, "0.004 %"),
            (0.004, "0.4 %"),
            (0.42, "42 %"),
            (0.996, "99.6 %"),
            (1.0, "100 %"),
        ];
        for (share, expected) in shares {
            assert_eq!(percent(share), expected);
        }
        let spans = [
            (0.4, "0 seconds"),
            (1.0, "1 second"),
            (119.0, "119 seconds"),
            (121.0, "2 minutes"),
            (7199.0, "119 minutes"),
            (100_000.0, "27 hours"),
            (300_000.0, "3 days"),
        ];
        for (seconds, expected) in spans {
            assert_eq!(span(seconds), expected);
        }
        let paces = [
            (100, None, None),
            (100, Some(59.0), None),
            (150, Some(60.0), Some("2.5 a second")),
            (6000, Some(60.0), Some("100 a second")),
            (30, Some(3600.0), Some("30 an hour")),
            (3, Some(864_000.0), Some("0.3 a day")),
        ];
        for (number, seconds, expected) in paces {
            assert_eq!(pace(number, seconds).as_deref(), expected);
        }
    }
}
