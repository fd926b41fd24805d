//! A page that changes under its reader: what was opened, scrolled, marked or pointed at stays, and silence is told.

use super::browser::Browser;
use super::shown::{PROFILE, Shown};

/// What is told of the run so far; it changes each second.
const HEADING: &str = "document.querySelector('#scenario-0 p.quiet').innerText";

fn opened(shown: &Shown) -> Browser {
    let mut browser = Browser::start();
    browser.widen(390);
    browser.open(&shown.url);
    browser.wait_for(
        "document.querySelectorAll('#scenario-0 figure').length > 2 && document.querySelector('#scenario-0 details') !== null",
        "charts and slowest requests",
    );
    browser
}

/// Waits until the run was told anew, three times.
fn wait_for_updates(browser: &mut Browser) {
    for _ in 0..3 {
        browser.run(&format!("window.before = {HEADING}"));
        browser.wait_for(&format!("window.before !== {HEADING}"), "a change");
    }
}

#[test]
fn what_a_reader_did_stays_when_the_page_changes() {
    let shown = Shown::start(&["--dashboard=0"]);
    let mut browser = opened(&shown);
    browser.run("document.querySelector('#scenario-0 summary').click()");
    browser.run("document.querySelector('#scenario-0 summary').focus()");
    browser
        .run("window.table = document.querySelector('#scenario-0 .scroll'); table.scrollLeft = 60");
    assert!(
        browser.holds("table.scrollLeft === 60"),
        "the table is wide enough"
    );
    browser.run("getSelection().selectAllChildren(document.querySelector('#scenario-0 h2'))");
    browser.run("getSelection().removeAllRanges()");
    browser.point_at("#scenario-0 figure svg");
    browser.wait_for(
        "!document.querySelector('.told').hidden",
        "what is drawn there",
    );
    wait_for_updates(&mut browser);
    assert!(browser.holds("document.querySelector('#scenario-0 details').open"));
    assert!(browser.holds("document.activeElement.matches('#scenario-0 summary')"));
    assert!(browser.holds("document.querySelector('#scenario-0 .scroll').scrollLeft === 60"));
    assert!(browser.holds("!document.querySelector('.told').hidden"));
    assert!(
        browser.complaints().is_empty(),
        "{:?}",
        browser.complaints()
    );
}

#[test]
fn what_is_marked_stands_still_until_it_is_not() {
    let shown = Shown::start(&["--dashboard=0"]);
    let mut browser = opened(&shown);
    browser.run("getSelection().selectAllChildren(document.querySelector('#scenario-0 p.quiet'))");
    browser.run(&format!(
        "window.marked = {HEADING}; window.state = document.querySelector('#state').innerText"
    ));
    for _ in 0..3 {
        browser.run("window.state = document.querySelector('#state').innerText");
        browser.wait_for(
            "document.querySelector('#state').innerText !== window.state",
            "the clock",
        );
    }
    assert!(browser.holds(&format!(
        "{HEADING} === marked && getSelection().toString().trim() === marked"
    )));
    browser.run("getSelection().removeAllRanges()");
    browser.wait_for(&format!("{HEADING} !== marked"), "what came meanwhile");
}

#[test]
fn a_session_that_is_held_up_is_told_until_it_goes_on() {
    let shown = Shown::start(&["--dashboard=0"]);
    let mut browser = opened(&shown);
    shown.signal("-STOP");
    browser.wait_for(
        "!document.getElementById('connection').hidden && document.getElementById('connection').innerText.startsWith('Nothing has come for')",
        "that nothing comes",
    );
    shown.signal("-CONT");
    browser.wait_for(
        "document.getElementById('connection').hidden",
        "that it goes on",
    );
}

#[test]
fn another_session_at_the_same_address_begins_anew() {
    let mut first = Shown::start(&["--dashboard=0"]);
    let mut browser = opened(&first);
    let flag = format!("--dashboard={}", first.address());
    first.child.kill().expect("it is killed");
    first.child.wait().expect("it has ended");
    browser.wait_for(
        "!document.getElementById('connection').hidden",
        "that it is lost",
    );
    let other = PROFILE
        .replace("scenario.load", "scenario.other")
        .replace("scenario = \"load\"", "scenario = \"other\"");
    let _second = Shown::with_profile(&other, &[&flag, "load::p95"]);
    browser.wait_for(
        "[...document.querySelectorAll('h2')].some((one) => one.innerText === 'other')",
        "the other session",
    );
    let headings = browser.texts("h2");
    assert!(!headings.contains(&"load".to_owned()), "{headings:?}");
    assert!(browser.holds("document.getElementById('connection').hidden"));
}

#[test]
fn what_will_not_be_run_does_not_wait_and_what_is_open_has_not_failed() {
    let profile = PROFILE.replace("60/s", "2/s").replace("< 50 %", "< 0.1 %");
    let shown = Shown::with_profile(&profile, &["--dashboard=0", "load::errors", "load::p95"]);
    let mut browser = opened(&shown);
    assert_eq!(browser.texts("#requirements tbody tr").len(), 2);
    let headline = browser.text(".headline");
    assert!(
        headline.contains("of 2 requirements kept so far"),
        "{headline}"
    );
    assert!(
        headline.contains("open") && !headline.contains("failed"),
        "{headline}"
    );
    assert!(browser.holds("document.querySelector('.headline.bad') === null"));
}
