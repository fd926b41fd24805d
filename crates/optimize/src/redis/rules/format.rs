//! Numbers as they are said in findings.

use agentos_perf_core::requirement::format;

/// A thing and its number: `1 key`, `12,345 keys`.
pub(super) fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", format::count(number))
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
        assert_eq!(
            [0, 1, 1234].map(|number| counted(number, "key")),
            ["0 keys", "1 key", "1,234 keys"]
        );
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
