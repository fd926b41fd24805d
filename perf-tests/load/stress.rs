//! Searches against real servers: where they break, how, and what they bear.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::Judged;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

/// A server with so many places, each of which takes so long for a request: what it bears is known.
struct Limited {
    url: String,
    /// Ends the server.
    _runtime: tokio::runtime::Runtime,
}

/// When each place is free again.
type Places = Arc<Mutex<Vec<Instant>>>;

impl Limited {
    fn start(places: usize, service: Duration) -> Limited {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        runtime.spawn(async move {
            let places: Places = Arc::new(Mutex::new(vec![Instant::now(); places]));
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&places), service));
            }
        });
        Limited {
            url,
            _runtime: runtime,
        }
    }
}

async fn answer(mut stream: TcpStream, places: Places, service: Duration) {
    let mut read = Vec::new();
    loop {
        while !read.ends_with(b"\r\n\r\n") {
            match stream.read_buf(&mut read).await {
                Ok(1..) => {}
                _ => return,
            }
        }
        read.clear();
        // The next request begins when the last one should have ended, however late a timer wakes: so the
        // server bears exactly its places over its service time.
        let done = {
            let mut places = places.lock().expect("unbroken");
            let free = places.iter_mut().min().expect("a place");
            *free = Instant::now().max(*free) + service;
            *free
        };
        sleep_until(done).await;
        let text = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        if stream.write_all(text).await.is_err() {
            return;
        }
    }
}

/// A profile of one scenario, in a folder that lasts as long as it.
fn profile(text: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("search.toml");
    let rest = "[[scenario.stress.endpoint]]\npath = \"/health\"\n";
    std::fs::write(&path, format!("{text}\n{rest}")).expect("written");
    (folder, path)
}

fn against(url: &str, text: &str) -> Judged {
    let (_folder, path) = profile(text);
    Judged::against(url, "none", path.to_str().expect("UTF-8"), &[])
}

fn verdict<'a>(judged: &'a Judged, name: &str) -> &'a str {
    let one = judged.requirements().iter().find(|one| one["name"] == name);
    one.expect(name)["verdict"].as_str().expect("a verdict")
}

fn standings(run: &Value) -> Vec<(f64, &str, &str)> {
    let steps = run["search"]["steps"].as_array().expect("steps");
    let of = |step: &'_ Value| step["load"].as_f64().expect("a load");
    steps
        .iter()
        .map(|step| {
            let text = |key: &str| step[key].as_str().expect("a text");
            (of(step), text("role"), text("standing"))
        })
        .collect()
}

/// So often a search is made anew when the target looked slower than it is: a search that errs does so each time, a
/// machine that was busy elsewhere does not. None makes a target look faster: what looks so is wrong at once.
const ATTEMPTS: usize = 4;

/// Searches until one finds what it should; `search` tells what it found instead.
fn found(search: impl Fn() -> Result<(), String>) {
    let mut instead = String::new();
    for _ in 0..ATTEMPTS {
        match search() {
            Ok(()) => return,
            Err(what) => {
                println!("{what}");
                instead += &format!("{what}\n");
            }
        }
    }
    panic!("{instead}");
}

/// The steps of a search with what they were judged by.
fn steps(search: &Value) -> String {
    let steps = search["steps"].as_array().expect("steps").iter();
    let step = |step: &Value| {
        let keys = ["load", "role", "standing", "reason", "saturated"];
        keys.map(|key| step[key].to_string()).join(" ") + "\n"
    };
    steps.map(step).collect()
}

/// Other targets and endings are met in virtual time, in `harness::scripted`.
#[test]
fn a_limited_server_breaks_where_arithmetic_says() {
    found(breaking_point);
}

fn breaking_point() -> Result<(), String> {
    // 4 places of 20 ms bear 200 requests per second: those of 100 users who ask twice in a second.
    let server = Limited::start(4, Duration::from_millis(20));
    let judged = against(
        &server.url,
        r#"
[[requirement]]
name = "few"
scenario = "stress"
metric = "breaking_point"
limit = ">= 50"
[[requirement]]
name = "many"
scenario = "stress"
metric = "breaking_point"
limit = ">= 150"
[[requirement]]
name = "recovery"
scenario = "stress"
metric = "recovery_time"
limit = "< 60 s"
[target]
timeout = "5s"
[scenario.stress]
arrivals = "steps"
steps = [50, 150]
think_time = "400ms..600ms"
ramp_up = "500ms"
duration = "2s"
extend = "2s"
break_when = { p95 = "> 500 ms", errors = "> 10 %" }
recovery = { duration = "3s", or_below = "200ms" }
"#,
    );
    let run = judged.run("stress");
    // One axis of time: what was due in the seconds is what was due in the steps and between them.
    let seconds = run["seconds"].as_array().expect("seconds");
    let due: u64 = seconds.iter().filter_map(|one| one["due"].as_u64()).sum();
    let parts = [&run["due"], &run["unjudged"]["due"]];
    let judged_or_not: u64 = parts.iter().filter_map(|part| part.as_u64()).sum();
    assert_eq!(due, judged_or_not);
    let standings = standings(run);
    let is_borne = |(load, _, standing): &(f64, &str, &str)| *load > 100.0 && *standing == "held";
    assert!(!standings.iter().any(is_borne), "{}", steps(&run["search"]));
    assert_ne!(verdict(&judged, "many"), "pass");
    let expected = [
        (50.0, "load", "held"),
        (150.0, "load", "broken"),
        (50.0, "recovery", "held"),
    ];
    if standings != expected {
        return Err(steps(&run["search"]));
    }
    assert_eq!(verdict(&judged, "few"), "pass");
    assert_eq!(verdict(&judged, "many"), "fail");
    assert_eq!(verdict(&judged, "recovery"), "pass");
    assert_eq!(run["search"]["ending"], "broken");
    Ok(())
}

#[test]
fn capacity_is_places_over_service_time() {
    found(capacity);
}

fn capacity() -> Result<(), String> {
    let server = Limited::start(4, Duration::from_millis(20));
    let judged = against(
        &server.url,
        r#"
[[requirement]]
name = "capacity"
scenario = "stress"
metric = "capacity"
limit = ">= 120/s"
[scenario.stress]
arrivals = "capacity"
rate = { from = "120/s", to = "600/s" }
precision = "45 %"
connections = 1000
duration = "2s"
extend = "1s"
holds = [{ metric = "response_time_p95", limit = "< 200 ms" }]
"#,
    );
    let search = &judged.run("stress")["search"];
    let (held, broken) = (search["held"].as_f64(), search["broken"].as_f64());
    assert!(held.is_none_or(|held| held <= 200.0), "{}", steps(search));
    // 120, 240 and 170 per second. Virtual time has finer steps: each is one more in which this machine may be busy
    // elsewhere.
    let is_held = held.is_some_and(|held| held >= 160.0);
    let is_broken = broken.is_some_and(|broken| (200.0..=240.0).contains(&broken));
    if !is_held || !is_broken || search["ending"] != "settled" {
        return Err(steps(search));
    }
    assert_eq!(verdict(&judged, "capacity"), "pass");
    assert_eq!(judged.output.status.code(), Some(0));
    Ok(())
}
