//! The text format in which Prometheus reads counters.

/// What a counter has counted over all its series; `None` when the page does not tell.
///
/// A family that is declared and has no series yet has counted nothing: with labels, a series begins with what it counts
/// first.
pub(super) fn counted(page: &str, name: &str) -> Option<f64> {
    let is_empty = || {
        !page
            .lines()
            .any(|line| behind_name(line.trim(), name).is_some())
    };
    sum(page, name).or_else(|| (declares(page, name) && is_empty()).then_some(0.0))
}

/// Whether a `# TYPE` line says that the name is a counter, or a part of a histogram or summary that only rises.
fn declares(page: &str, name: &str) -> bool {
    page.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["#", "TYPE", family, kind] = words[..] else {
            return false;
        };
        let Some(suffix) = name.strip_prefix(family) else {
            return false;
        };
        match kind {
            // OpenMetrics declares a family without the suffix of its samples.
            "counter" => ["", "_total"].contains(&suffix),
            "histogram" | "summary" => ["_sum", "_count"].contains(&suffix),
            _ => false,
        }
    })
}

/// The sum over all series of a name; `None` when there is none with a number.
fn sum(page: &str, name: &str) -> Option<f64> {
    let values = page.lines().filter_map(|line| value_of(line.trim(), name));
    values.fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

/// Whether a series of a name has no number (`NaN`, `+Inf`): then the sum over all of them is not known.
pub(super) fn is_odd(page: &str, name: &str) -> bool {
    let mut values = page
        .lines()
        .filter_map(|line| read_value(line.trim(), name));
    values.any(|value| !value.is_finite())
}

/// Whether the text looks like such a page at all: some line of it has a name and a number.
pub(super) fn is_page(page: &str) -> bool {
    page.lines().any(|line| {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        !name.is_empty() && value_of(line.trim(), name).is_some()
    })
}

/// The value of a line `name{labels} value [timestamp]` of that name, if it is a number.
fn value_of(line: &str, name: &str) -> Option<f64> {
    read_value(line, name).filter(|value| value.is_finite())
}

fn read_value(line: &str, name: &str) -> Option<f64> {
    let rest = behind_name(line, name)?.trim_start();
    let rest = if rest.starts_with('{') {
        behind_labels(rest)?
    } else {
        rest
    };
    rest.split_whitespace().next()?.parse().ok()
}

/// The rest of a line that is a sample of this name.
fn behind_name<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    if line.starts_with('#') {
        return None;
    }
    let rest = line.strip_prefix(name)?;
    rest.starts_with(['{', ' ', '\t']).then_some(rest)
}

/// What stands behind the closing brace; one in quotes closes nothing.
fn behind_labels(text: &str) -> Option<&str> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted => return Some(&text[at + 1..]),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# HELP hits_total Look-ups.\n# TYPE hits_total counter\n\
        hits_total{cache=\"a\",odd=\"}\\\" 7\"} 12 1700000000000\nhits_total{cache=\"b\"} 3e1\n\
        hits_total_created 99\nmisses_total 5\nbad NaN\nworse +Inf\nworst\nhits_total{cut\n\
        seconds_sum\t0.25\n";

    #[test]
    fn series_of_a_name_are_summed() {
        let table = [
            ("hits_total", Some(42.0)),
            ("misses_total", Some(5.0)),
            ("seconds_sum", Some(0.25)),
            ("hits", None),
            ("bad", None),
            ("worse", None),
            ("worst", None),
            ("absent", None),
        ];
        for (name, expected) in table {
            assert_eq!(sum(PAGE, name), expected, "{name}");
        }
    }

    #[test]
    fn a_series_without_a_number_is_odd() {
        let page = "a{x=\"1\"} 5\na{x=\"2\"} NaN\nb -Inf 17\nc 3\nc_max NaN\n# TYPE d counter\n";
        for (name, expected) in [("a", true), ("b", true), ("c", false), ("d", false)] {
            assert_eq!(is_odd(page, name), expected, "{name}");
        }
    }

    #[test]
    fn a_family_that_is_declared_without_a_series_has_counted_nothing() {
        let page = "# HELP errors_total Failures.\n# TYPE errors_total counter\n# TYPE short counter\n\
            # TYPE query_seconds histogram\n# TYPE level gauge\n# TYPE odd_total counter\nodd_total{a=\"b\"} NaN\n\
            #\tTYPE tabbed_total\tcounter\n# TYPE some_total counter\nsome_total {kind=\"a\"} 3\n# EOF\n";
        let table = [
            ("errors_total", Some(0.0)),
            ("short_total", Some(0.0)),
            ("short", Some(0.0)),
            ("query_seconds_sum", Some(0.0)),
            ("query_seconds_count", Some(0.0)),
            ("tabbed_total", Some(0.0)),
            ("some_total", Some(3.0)),
            ("level", None),
            ("odd_total", None),
            ("errors", None),
            ("errors_total_created", None),
            ("query_seconds", None),
            ("absent", None),
        ];
        for (name, expected) in table {
            assert_eq!(counted(page, name), expected, "{name}");
        }
    }

    #[test]
    fn what_is_no_page_is_told_apart() {
        assert!(is_page(PAGE));
        for text in [
            "",
            "<html><body>404</body></html>",
            "{\"status\": \"ok\"}",
            "not found",
        ] {
            assert!(!is_page(text), "{text}");
        }
    }
}
