//! Figures as the plan says them.

use agentos_perf_core::requirement::format;

/// `12 MiB`
pub(crate) fn bytes(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 || value >= 9.95 {
        format!("{value:.0} {}", units[unit])
    } else {
        format!("{value:.1} {}", units[unit])
    }
}

/// `3 d`, `2 h`, `15 min`, `20 s`
pub(crate) fn span(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    match seconds {
        s if s >= 2.0 * 86_400.0 => format!("{:.0} d", s / 86_400.0),
        s if s >= 2.0 * 3_600.0 => format!("{:.0} h", s / 3_600.0),
        s if s >= 120.0 => format!("{:.0} min", s / 60.0),
        s => format!("{s:.0} s"),
    }
}

/// `1,234`, `2.3 million`
pub(crate) fn number(value: f64) -> String {
    if value >= 1e6 {
        format!("{:.1} million", value / 1e6)
    } else {
        format::count(value.max(0.0).round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!(
            [0, 1_023, 1_536, 20 << 20, 3 << 40].map(bytes),
            ["0 B", "1023 B", "1.5 KiB", "20 MiB", "3.0 TiB"]
        );
        assert_eq!(
            [5.0, 150.0, 9_000.0, 200_000.0].map(span),
            ["5 s", "2 min", "2 h", "2 d"]
        );
        assert_eq!(number(2_345_678.0), "2.3 million");
    }
}
