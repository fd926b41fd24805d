use std::io::Write;
use std::sync::{Arc, Mutex};

use super::*;

/// A stream that takes so many bytes.
#[derive(Clone)]
struct Bounded {
    text: Arc<Mutex<String>>,
    room: usize,
}

impl Bounded {
    fn new(room: usize) -> Bounded {
        Bounded {
            text: Arc::default(),
            room,
        }
    }

    fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = self.text.lock().unwrap();
        if text.len() + bytes.len() > self.room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        text.push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn trials() -> Vec<Trial> {
    vec![
        Trial::test("response_time::p50", || Ok(())),
        Trial::test("errors", || Err("too many\nof them".into())),
        Trial::test("broken", || panic!("a bug")),
    ]
}

fn names(trials: &[Trial]) -> Vec<&str> {
    trials.iter().map(Trial::name).collect()
}

#[test]
fn a_stream_that_is_full_changes_no_verdict() {
    for (room, fits) in [(0, false), (40, false), (usize::MAX, true)] {
        let stdout = Bounded::new(room);
        let sinks = Sinks::new(stdout.clone(), None, false);
        let (conclusion, failures) = run_into(&Libtest::default(), trials(), sinks, false);
        let counts = (conclusion.num_passed, conclusion.num_failed);
        assert_eq!(counts, (1, 2), "room for {room}");
        assert_eq!(failures.stdout.is_none(), fits, "room for {room}");
        let text = stdout.text();
        assert_eq!(text.contains("1 passed; 2 failed"), fits, "{text}");
    }
}

#[test]
fn a_log_file_has_what_standard_output_has_without_its_colours() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (coloured, always) in [(false, false), (true, false), (true, true)] {
        let path = folder.path().join("log");
        let file = File::create(&path).expect("a file");
        let stdout = Bounded::new(usize::MAX);
        let sinks = Sinks::new(stdout.clone(), Some(file), always);
        let (_, failures) = run_into(&Libtest::default(), trials(), sinks, coloured);
        assert!(failures.stdout.is_none() && failures.logfile.is_none());
        let shown = stdout.text();
        assert_eq!(shown.contains("\x1b[32m"), coloured, "{shown}");
        let logged = std::fs::read_to_string(&path).expect("a log");
        let expected = if always {
            shown.clone()
        } else {
            console::strip_ansi_codes(&shown).into_owned()
        };
        assert_eq!(logged, expected);
        assert!(logged.contains("errors"), "{logged}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_file_without_room_is_an_error() {
    use std::fs::OpenOptions;
    for always in [false, true] {
        let full = OpenOptions::new().write(true).open("/dev/full");
        let stdout = Bounded::new(usize::MAX);
        let sinks = Sinks::new(stdout.clone(), full.ok(), always);
        let (conclusion, failures) = run_into(&Libtest::default(), trials(), sinks, false);
        assert_eq!((conclusion.num_passed, conclusion.num_failed), (1, 2));
        assert!(failures.logfile.is_some() && failures.stdout.is_none());
        assert!(stdout.text().contains("1 passed; 2 failed"));
        assert!(!complain(&failures));
    }
    assert!(complain(&Failures::default()));
}

#[test]
fn the_names_of_a_list_are_passed_on_whole() {
    let libtest = Libtest {
        list: true,
        ..Libtest::default()
    };
    let stdout = Bounded::new(usize::MAX);
    let sinks = Sinks::new(stdout.clone(), None, false);
    let _ = run_into(&libtest, trials(), sinks, false);
    let expected = "response_time::p50: test\nerrors: test\nbroken: test\n";
    assert_eq!(stdout.text(), expected);
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
        let arguments = arguments(&libtest);
        let mut kept = selected(trials(), &libtest);
        kept.retain(|trial| !arguments.is_filtered_out(trial));
        assert_eq!(names(&kept), expected, "{filters:?} without {skip:?}");
    }
}
