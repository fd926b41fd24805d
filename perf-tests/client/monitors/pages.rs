//! Pages of a target that change, and that are refused.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agentos_perf::profile::{CounterPage, EndpointTable, Field, FigureSource, TargetPages};
use agentos_perf::record::figure;
use agentos_perf::requirement::Source;

use super::{AGES, during, socket, watched};

/// A server of pages: what each path is answered, and which answer on that path it is.
fn pages(answer: fn(&str, usize) -> (u16, String)) -> String {
    let asked = Arc::new(Mutex::new(BTreeMap::<String, usize>::new()));
    socket(move |mut stream| {
        let asked = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read) = stream.read(&mut bytes) {
                let head = String::from_utf8_lossy(&bytes[..read]).into_owned();
                let Some(path) = head.split(' ').nth(1) else {
                    break;
                };
                let mut asked = asked.lock().expect("a lock");
                let number = asked.entry(path.to_owned()).or_default();
                *number += 1;
                let (status, body) = answer(path, *number);
                let length = body.len();
                let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n\r\n");
                if stream.write_all((head + &body).as_bytes()).is_err() {
                    break;
                }
            }
        });
    })
}

#[test]
fn a_counter_that_comes_late_has_counted_from_0() {
    let address = pages(|_, number| {
        let first = "# TYPE declared_total counter\nhits_total{cache=\"a\"} 40\n";
        let second = "hits_total{cache=\"a\"} 100\nmisses_total{cache=\"a\"} 60\n\
            declared_total{kind=\"x\"} 5\n";
        (200, [first, second][usize::from(number > 1)].to_owned())
    });
    let mut watched = watched(&address);
    let figure = |name: &str, counter: &str, absent_is_zero| FigureSource {
        name: name.to_owned(),
        from: vec![counter.to_owned()],
        absent_is_zero,
    };
    watched.plan.prometheus = Some(CounterPage {
        path: Some("/metrics".to_owned()),
        auth: false,
        figures: vec![
            figure("cache_hits", "hits_total", false),
            figure("cache_misses", "misses_total", false),
            figure("queries", "declared_total", false),
            figure("failed_queries", "errors_total", true),
            figure("timed_queries", "forgotten_total", false),
        ],
    });
    let observed = during(&watched, || {});
    let seen = observed.seen(Source::Prometheus).expect("it was asked");
    let rises = [
        "cache_hits",
        "cache_misses",
        "queries",
        "failed_queries",
        "timed_queries",
    ];
    let rises = rises.map(|name| seen.rise(name));
    assert_eq!(rises, [Some(60.0), Some(60.0), Some(5.0), Some(0.0), None]);
    let problems = seen.problems.join("\n");
    assert!(
        problems.contains("`errors_total`, which counts as 0, as the profile declares"),
        "{problems}"
    );
    assert!(
        problems.contains("timed_queries = { counters = [\"forgotten_total\"], absent = 0 }"),
        "{problems}"
    );
    assert!(!problems.contains("misses_total"), "{problems}");
}

#[test]
fn a_page_that_is_refused_is_counted_for_what_stands_on_it() {
    let address = pages(|path, number| match (path, number) {
        ("/summary", 1) => (429, String::new()),
        ("/summary", _) => (200, r#"{"api": {"GET:/a": {"p95": 150}}}"#.to_owned()),
        (_, 1) => (200, r#"{"cache": {}}"#.to_owned()),
        (_, _) => (200, r#"{"cache": {"misses": 7}}"#.to_owned()),
    });
    let mut watched = watched(&address);
    let field = |page, field: &str| Field {
        page,
        field: field.to_owned(),
    };
    watched.plan.target = Some(TargetPages {
        paths: vec!["/summary".to_owned(), "/cache".to_owned()],
        auth: false,
        every: AGES,
        timeout: Duration::from_secs(2),
        figures: vec![FigureSource {
            name: "cache_misses".to_owned(),
            from: vec![field(1, "cache.misses")],
            absent_is_zero: false,
        }],
        endpoints: Some(EndpointTable {
            at: field(0, "api"),
            mean: "mean".to_owned(),
            p95: "p95".to_owned(),
            requests: "requests".to_owned(),
        }),
    });
    let observed = during(&watched, || {});
    let seen = observed.seen(Source::Target).expect("it was asked");
    assert_eq!((seen.asked, seen.missed(figure::ENDPOINTS)), (2, 1));
    assert_eq!(seen.missed(figure::CACHE_MISSES), 0);
    assert_eq!(seen.rise(figure::CACHE_MISSES), Some(7.0));
    assert_eq!(observed.endpoints[0].p95_ms, Some(150.0));
}
