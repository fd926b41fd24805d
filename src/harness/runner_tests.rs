use std::io::{self, Write};
use std::time::Duration;

use super::*;
use crate::harness::libtest::{Color, Format};

/// A stream that takes so many bytes.
struct Bounded<'a> {
    text: &'a mut String,
    room: usize,
}

impl Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.len() + bytes.len() > self.room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.text.push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn trials() -> Vec<Trial> {
    vec![
        Trial::new("response_time::p50", || Ok(())),
        Trial::new("errors", || Err("too many\nof them".to_owned())),
        Trial::new("broken", || panic!("a bug")),
    ]
}

fn printed(libtest: &Libtest, room: usize) -> (String, Conclusion) {
    let mut text = String::new();
    let out = Bounded {
        text: &mut text,
        room,
    };
    let mut printer = Printer::new(libtest, out, libtest.color == Some(Color::Always), None);
    let conclusion = run(libtest, selected(trials(), libtest), &mut printer);
    drop(printer);
    let took = text
        .find("finished in ")
        .map(|at| at + "finished in ".len());
    if let Some(at) = took {
        text.replace_range(at..at + 4, "0.00");
    }
    (text, conclusion)
}

#[test]
fn the_forms_of_results() {
    let forms = [
        Libtest::default(),
        Libtest {
            quiet: true,
            ..Libtest::default()
        },
        Libtest {
            color: Some(Color::Always),
            filters: vec!["err".to_owned()],
            ..Libtest::default()
        },
    ];
    let texts: Vec<String> = forms
        .iter()
        .map(|libtest| printed(libtest, usize::MAX).0)
        .collect();
    insta::assert_snapshot!(texts.join("\n=====\n").replace('\x1b', "ESC"));
}

#[test]
fn json_is_an_object_on_each_line() {
    let libtest = Libtest {
        format: Some(Format::Json),
        ..Libtest::default()
    };
    let (text, _) = printed(&libtest, usize::MAX);
    let events: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert_eq!(events.len(), 2 + 2 * 3);
    assert_eq!(events[0]["test_count"], 3);
    assert_eq!(events[4]["stdout"], "Error: \"too many\nof them\"\n");
    assert_eq!(
        (&events[7]["event"], &events[7]["failed"]),
        (&"failed".into(), &2.into())
    );
}

#[test]
fn a_stream_that_is_full_changes_no_verdict() {
    let whole = printed(&Libtest::default(), usize::MAX);
    for room in [0, 1, 40, 90] {
        let (text, conclusion) = printed(&Libtest::default(), room);
        assert_eq!(conclusion, whole.1);
        assert!(whole.0.starts_with(&text) && text.len() <= room, "{text}");
    }
    assert_eq!((whole.1.passed, whole.1.failed), (1, 2));
}

#[test]
fn no_test_is_begun_after_the_first_failure_when_that_is_asked_for() {
    let libtest = Libtest {
        fail_fast: true,
        ..Libtest::default()
    };
    let (text, conclusion) = printed(&libtest, usize::MAX);
    assert_eq!((conclusion.passed, conclusion.failed), (1, 1));
    assert!(!text.contains("test broken"), "{text}");
}

#[test]
fn filters_select_by_parts_or_by_whole_names() {
    type Case<'a> = (&'a [&'a str], &'a [&'a str], bool, &'a [&'a str]);
    let table: [Case<'_>; 6] = [
        (&[], &[], false, &["response_time::p50", "errors", "broken"]),
        (
            &["err", "p50"],
            &[],
            false,
            &["response_time::p50", "errors"],
        ),
        (&["errors"], &[], true, &["errors"]),
        (&["err"], &[], true, &[]),
        (&[], &["o"], false, &[]),
        (&[], &["broken"], true, &["response_time::p50", "errors"]),
    ];
    for (filters, skip, exact, expected) in table {
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let libtest = Libtest {
            filters: owned(filters),
            skip: owned(skip),
            exact,
            ..Libtest::default()
        };
        let (kept, left_out) = selected(trials(), &libtest);
        let names: Vec<&str> = kept.iter().map(Trial::name).collect();
        assert_eq!(names, expected);
        assert_eq!(left_out as usize, 3 - expected.len());
    }
}

#[test]
fn a_log_file_has_what_standard_output_has() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("log");
    let file = std::fs::File::create(&path).expect("a file");
    let mut text = String::new();
    let out = Bounded {
        text: &mut text,
        room: usize::MAX,
    };
    let libtest = Libtest::default();
    let mut printer = Printer::new(&libtest, out, true, Some(file));
    printer.title(["a"].into_iter());
    printer.begin("a");
    printer.end("a", &Outcome::Passed);
    printer.summary(&[], &Conclusion::default(), Duration::ZERO);
    drop(printer);
    let logged = std::fs::read_to_string(path).expect("a log");
    assert_eq!(text.replace("\x1b[32m", "").replace("\x1b[0m", ""), logged);
    assert!(logged.contains("test a ... ok"));
}
