//! The text format in which Prometheus reads counters.

/// The sum over all series of a name; `None` when there is none with a number.
pub(super) fn sum(page: &str, name: &str) -> Option<f64> {
    let values = page.lines().filter_map(|line| value_of(line.trim(), name));
    values.fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

/// Whether the text looks like such a page at all: some line of it has a name and a number.
pub(super) fn is_page(page: &str) -> bool {
    page.lines().any(|line| {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        !name.is_empty() && value_of(line.trim(), name).is_some()
    })
}

/// The value of a line `name{labels} value [timestamp]` of that name.
fn value_of(line: &str, name: &str) -> Option<f64> {
    if line.starts_with('#') {
        return None;
    }
    let rest = line.strip_prefix(name)?;
    let rest = if rest.starts_with('{') {
        behind_labels(rest)?
    } else {
        rest.strip_prefix([' ', '\t'])?
    };
    let value: f64 = rest.split_whitespace().next()?.parse().ok()?;
    value.is_finite().then_some(value)
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
