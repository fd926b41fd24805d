//! Tables that the docs hold, and tests make anew.

use std::path::Path;

/// Holds the part of `docs/STATISTICS.md` between two marks to a fresh table; with `UPDATE_DOCS=1` writes it there.
///
/// Same words, and numbers within `tolerance`, bold or not: the last digit of `ln` and `cos` differs between platforms, and may turn
/// a verdict in a thousand.
pub(crate) fn agree(fresh: &str, [begin, end]: [&str; 2], tolerance: f64) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/STATISTICS.md");
    let docs = std::fs::read_to_string(&path).expect("docs/STATISTICS.md is readable");
    let (before, rest) = docs.split_once(begin).expect("the table begins");
    let (committed, after) = rest.split_once(end).expect("the table ends");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{begin}{fresh}{end}{after}"))
            .expect("docs/STATISTICS.md is writable");
    } else {
        assert!(
            alike(committed, fresh, tolerance),
            "docs/STATISTICS.md is out of date (UPDATE_DOCS=1 rewrites it):\n{fresh}"
        );
    }
}

fn alike(committed: &str, fresh: &str, tolerance: f64) -> bool {
    let (old, new) = (committed.split_whitespace(), fresh.split_whitespace());
    let number = |word: &str| word.trim_matches('*').parse::<f64>();
    let same = |(a, b): (&str, &str)| match (number(a), number(b)) {
        (Ok(a), Ok(b)) => (a - b).abs() < tolerance,
        _ => a == b,
    };
    old.clone().count() == new.clone().count() && old.zip(new).all(same)
}
