//! How a page looks: nothing is hidden, cut off or mistaken for another, on a phone, a desk and paper.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::browser::Browser;
use super::render;

const STORED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/perf-tests/readers/reports/usual.json"
);

/// A page of an hour, with wide labels and everybody who uses resources.
fn page(folder: &Path) -> String {
    let text = std::fs::read_to_string(STORED).expect("a stored report");
    let mut report: Value = serde_json::from_str(&text).expect("JSON");
    for run in report["runs"].as_array_mut().expect("runs") {
        let Some(seconds) = run["seconds"].as_array().filter(|all| !all.is_empty()) else {
            continue;
        };
        let mut hour: Vec<Value> = seconds.iter().cycle().take(3_601).cloned().collect();
        for second in &mut hour {
            second["endpoints"][0]["due"] = 123_456.into();
        }
        run["seconds"] = hour.into();
        let looks: Vec<Value> = (0..3_600)
            .map(|second| json!({"at_ms": second * 1_000, "figures": {"cpu_percent": second % 90, "memory_percent": 40}}))
            .collect();
        for source in ["process", "host", "target"] {
            run["observed"]["sources"][source] = json!({"looks": looks, "problems": []});
        }
    }
    let (stored, page) = (folder.join("wide.json"), folder.join("wide.html"));
    std::fs::write(&stored, report.to_string()).expect("a report");
    render(&stored, &page);
    format!("file://{}", page.display())
}

/// Labels that lie outside their figure, and those on the axis of x that touch the next.
const MISPLACED: &str = "[...document.querySelectorAll('figure svg')].flatMap((svg) => {
    const room = svg.closest('figure').getBoundingClientRect();
    const boxed = (one) => [one.textContent, one.getBoundingClientRect()];
    const texts = [...svg.querySelectorAll('text')].map(boxed);
    const across = [...svg.querySelectorAll('text.middle')].map(boxed);
    const cut = texts.filter(([, box]) => box.left < room.left || box.right > room.right || box.top < room.top || box.bottom > room.bottom);
    const touching = across.filter(([, box], index) => index > 0 && box.left < across[index - 1][1].right);
    return [...cut, ...touching].map(([text]) => svg.ariaLabel + ': ' + text);
})";

/// How high letters are at the least, in pixels.
const SMALLEST: &str = "Math.min(...[...document.querySelectorAll('figure svg')].flatMap((svg) => {
    const unit = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    return [...svg.querySelectorAll('text')].map((text) => parseFloat(getComputedStyle(text).fontSize) * unit);
}))";

/// In each chart, lines that look like another line of it.
const ALIKE: &str = "[...document.querySelectorAll('figure')].flatMap((figure) => {
    const look = (path) => getComputedStyle(path).stroke + getComputedStyle(path).strokeDasharray;
    const lines = [...figure.querySelectorAll('path.line')].map((path) => [path.dataset.name, look(path)]);
    return lines.filter(([, look], index) => lines.findIndex((one) => one[1] === look) < index).map(([name]) => name);
})";

#[test]
fn nothing_is_cut_off_or_too_small_to_read() {
    let folder = TempDir::new().expect("a temporary folder");
    let mut browser = Browser::start();
    browser.open(&page(folder.path()));
    // Paper of A4 with a margin is about 700 pixels wide.
    for (width, media) in [
        (1_400, "screen"),
        (1_000, "screen"),
        (390, "screen"),
        (700, "print"),
    ] {
        browser.widen(width);
        browser.look(media, "light");
        let misplaced = browser.value(MISPLACED);
        assert_eq!(misplaced, json!([]), "{media} at {width} pixels");
        let smallest = browser.value(SMALLEST).as_f64().expect("a size");
        assert!(smallest >= 9.0, "{smallest} pixels, {media} at {width}");
        let fits = format!("document.documentElement.scrollWidth <= {width}");
        assert!(browser.holds(&fits), "it is wider than {width} pixels");
    }
}

#[test]
fn a_phone_shows_the_name_of_each_requirement() {
    let folder = TempDir::new().expect("a temporary folder");
    let mut browser = Browser::start();
    browser.open(&page(folder.path()));
    assert!(
        browser.holds("document.querySelector('.requirements td[colspan]') !== null"),
        "one has several checks"
    );
    browser.widen(390);
    let hidden = browser.value(
        "[...document.querySelectorAll('.requirements td b')].filter((one) => one.getClientRects().length === 0).map((one) => one.textContent)",
    );
    assert_eq!(hidden, json!([]));
}

#[test]
fn no_line_of_a_chart_looks_like_another() {
    let folder = TempDir::new().expect("a temporary folder");
    let mut browser = Browser::start();
    browser.open(&page(folder.path()));
    let resources = "[...document.querySelectorAll('figure')].filter((one) => one.textContent.startsWith('Resources'))";
    assert!(browser.holds(&format!(
        "{resources}[0].querySelectorAll('path.line').length === 7"
    )));
    for scheme in ["light", "dark"] {
        browser.look("screen", scheme);
        assert_eq!(browser.value(ALIKE), json!([]), "{scheme}");
        // Red is for what failed.
        let red = format!(
            "{resources}.some((one) => [...one.querySelectorAll('path.line')].some((line) => getComputedStyle(line).stroke === getComputedStyle(document.querySelector('path.line.failed')).stroke))"
        );
        assert!(!browser.holds(&red), "{scheme}");
    }
}
