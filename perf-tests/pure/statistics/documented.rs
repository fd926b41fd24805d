//! Tables that the docs hold, and tests make anew.

use std::path::Path;

use super::cores::is_long;

/// The last digit of `ln` and `cos` differs between platforms, and may turn a verdict in a thousand.
const TOLERANCE: f64 = 0.5;

/// Holds the table of a name in `docs/STATISTICS.md` to a fresh one, of which each number rests on at least so many simulations;
/// with `UPDATE_DOCS=1` and all simulations writes it there.
///
/// Same words, bold or not, and percentages that differ by no more than so few simulations may differ from all of them.
pub(crate) fn agree(fresh: &str, name: &str, runs: u32) {
    let (begin, end) = (
        format!("<!-- {name}:begin -->\n"),
        format!("<!-- {name}:end -->"),
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/STATISTICS.md");
    let file = std::fs::File::open(&path).expect("docs/STATISTICS.md is there");
    // Tests of other tables write to it as well.
    file.lock().expect("docs/STATISTICS.md can be locked");
    let docs = std::fs::read_to_string(&path).expect("docs/STATISTICS.md is readable");
    let (before, rest) = docs.split_once(&begin).expect("the table begins");
    let (committed, after) = rest.split_once(&end).expect("the table ends");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        assert!(
            is_long(),
            "the docs have all simulations: STATISTICS_LONG=1"
        );
        std::fs::write(&path, format!("{before}{begin}{fresh}{end}{after}"))
            .expect("docs/STATISTICS.md is writable");
    } else {
        assert!(
            alike(committed, fresh, runs),
            "docs/STATISTICS.md is out of date (UPDATE_DOCS=1 STATISTICS_LONG=1 rewrites it):\n{fresh}"
        );
    }
}

/// By how much a percentage of so many simulations may differ from the one in the docs, which has at least a quarter of all
/// simulations: four standard errors of the fewer ones.
fn tolerance(percent: f64, runs: u32) -> f64 {
    let n = f64::from(if is_long() { runs / 4 } else { runs });
    let share = (percent.clamp(0.0, 100.0) / 100.0 * n + 2.0) / (n + 4.0);
    TOLERANCE + 400.0 * (share * (1.0 - share) / n).sqrt()
}

fn alike(committed: &str, fresh: &str, runs: u32) -> bool {
    let (old, new) = (committed.split_whitespace(), fresh.split_whitespace());
    let number = |word: &str| word.trim_matches('*').parse::<f64>();
    let same = |(a, b): (&str, &str)| match (number(a), number(b)) {
        (Ok(a), Ok(b)) => (a - b).abs() < tolerance(a, runs),
        _ => a == b,
    };
    old.clone().count() == new.clone().count() && old.zip(new).all(same)
}
