//! Searches against real servers: where they break, how, and what they bear.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{Judged, Server, harness, read_report};
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

const STEPS: &str = r#"
[target]
timeout = "5s"
[scenario.stress]
arrivals = "steps"
think_time = "400ms..600ms"
ramp_up = "1s"
duration = "3s"
extend = "3s"
break_when = { p95 = "> 500 ms", errors = "> 10 %" }
recovery = { duration = "3s", or_below = "200ms" }
"#;

#[test]
fn a_limited_server_breaks_where_arithmetic_says() {
    // 4 places of 20 ms bear 200 requests per second: those of 100 users who ask twice in a second.
    let server = Limited::start(4, Duration::from_millis(20));
    let judged = against(
        &server.url,
        &format!(
            r#"
[[requirement]]
name = "few"
scenario = "stress"
metric = "breaking_point"
limit = ">= 75"
[[requirement]]
name = "between"
scenario = "stress"
metric = "breaking_point"
limit = "> 100"
[[requirement]]
name = "many"
scenario = "stress"
metric = "breaking_point"
limit = ">= 150"
[[requirement]]
name = "degradation"
scenario = "stress"
metric = "ungraceful_failures"
limit = "< 10 %"
[[requirement]]
name = "recovery"
scenario = "stress"
metric = "recovery_time"
limit = "< 60 s"
{STEPS}
steps = [25, 75, 150, 300]
"#
        ),
    );
    let run = judged.run("stress");
    let expected = [
        (25.0, "load", "held"),
        (75.0, "load", "held"),
        (150.0, "load", "broken"),
        (25.0, "recovery", "held"),
    ];
    assert_eq!(standings(run), expected, "{}", run["search"]);
    assert_eq!(verdict(&judged, "few"), "pass");
    assert_eq!(verdict(&judged, "between"), "inconclusive");
    assert_eq!(verdict(&judged, "many"), "fail");
    assert!(judged.told("between").contains("no step has 100 users"));
    assert_eq!(verdict(&judged, "degradation"), "pass");
    assert!(judged.told("degradation").contains("by slowness"));
    assert_eq!(verdict(&judged, "recovery"), "pass");
    assert_eq!(run["search"]["ending"], "broken");
    // One axis of time: what was due in the seconds is what was due in the steps and between them.
    let seconds = run["seconds"].as_array().expect("seconds");
    let due: u64 = seconds.iter().filter_map(|one| one["due"].as_u64()).sum();
    let parts = [&run["due"], &run["unjudged"]["due"]];
    let judged_or_not: u64 = parts.iter().filter_map(|part| part.as_u64()).sum();
    assert_eq!(due, judged_or_not);
    // 25 and 75 users get what they ask for, and the 200 per second are all that there is.
    let scaling = &run["search"]["scaling"];
    assert_eq!(scaling["points"], 3, "{scaling}");
}

#[test]
fn capacity_is_places_over_service_time() {
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
rate = { from = "60/s", to = "2000/s" }
precision = "6 %"
connections = 1000
duration = "3s"
extend = "2s"
holds = [{ metric = "response_time_p95", limit = "< 200 ms" }]
"#,
    );
    let search = &judged.run("stress")["search"];
    assert_eq!(search["ending"], "settled", "{search}");
    let (held, broken) = (search["held"].as_f64(), search["broken"].as_f64());
    let (held, broken) = (held.expect("one held"), broken.expect("one broke"));
    // In three seconds a rate a little above the 200 per second does not yet fill a queue of 200 ms.
    assert!((185.0..225.0).contains(&held), "{held} {broken}");
    assert!((190.0..240.0).contains(&broken), "{held} {broken}");
    assert_eq!(verdict(&judged, "capacity"), "pass");
    assert_eq!(judged.output.status.code(), Some(0));
}

const ASKED: &str = r#"
[[requirement]]
name = "users"
scenario = "stress"
metric = "breaking_point"
limit = ">= 10"
[[requirement]]
name = "degradation"
scenario = "stress"
metric = "ungraceful_failures"
limit = "< 10 %"
"#;

const FAST: &str = r#"
[target]
timeout = "2s"
connect_timeout = "1s"
[scenario.stress]
arrivals = "steps"
think_time = "200ms..400ms"
duration = "3s"
extend = "2s"
break_when = { p95 = "> 1 s", errors = "> 10 %" }
"#;

#[test]
fn a_rate_limit_breaks_gracefully() {
    // 10 users ask 33 times in a second, and 60 users 200 times.
    let server = Server::start(&["rate-limit=80/1s"]);
    let judged = against(
        &server.url,
        &format!("{ASKED}{FAST}\nsteps = [10, 60, 120]\n"),
    );
    let run = judged.run("stress");
    let expected = [(10.0, "load", "held"), (60.0, "load", "broken")];
    assert_eq!(standings(run), expected, "{}", run["search"]);
    assert_eq!(verdict(&judged, "users"), "pass");
    assert_eq!(verdict(&judged, "degradation"), "pass");
    let refused = &run["search"]["steps"][1]["outcomes"]["rate_limited"];
    assert!(
        refused.as_u64().is_some_and(|count| count > 100),
        "{refused}"
    );
}

#[test]
fn a_sound_server_does_not_break() {
    let server = Server::start(&[]);
    let judged = against(&server.url, &format!("{ASKED}{FAST}\nsteps = [10, 20]\n"));
    assert_eq!(judged.failed(), Vec::<&str>::new());
    let run = judged.run("stress");
    assert_eq!(run["search"]["ending"], "unbroken", "{}", run["search"]);
    assert!(run["search"]["broken"].is_null());
    assert!(judged.told("degradation").contains("nothing broke"));
}

/// Starts a search of three steps, waits for its second, and lets `happen` meet the harness's process.
fn in_the_second_step(url: &str, happen: impl FnOnce(u32)) -> (Option<i32>, Value) {
    let text = format!("{ASKED}{FAST}\nsteps = [10, 20, 40]\n");
    let (folder, path) = profile(&text);
    let path = path.to_str().expect("UTF-8");
    let mut child = harness(folder.path(), &["--profile", path, "--target-url", url])
        .env("PERF_TOKEN", "none")
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let begun = lines
        .by_ref()
        .map_while(Result::ok)
        .any(|line| line.contains("step 2 of 3"));
    assert!(begun, "the second step has begun");
    happen(child.id());
    // Whatever else it tells has to find a reader.
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    let status = child.wait().expect("it ends");
    let report = read_report(folder.path());
    let report = report.unwrap_or_else(|error| panic!("no report: {error}\n{}", rest.join("\n")));
    (status.code(), report)
}

#[test]
fn a_target_that_dies_is_a_breaking_point_with_its_cause() {
    let mut server = Server::start(&[]);
    let url = server.url.clone();
    let (code, report) = in_the_second_step(&url, |_| server.kill());
    let run = &report["runs"][0];
    assert_eq!(run["status"], "complete");
    let steps = standings(run);
    assert_eq!(steps[0], (10.0, "load", "held"), "{}", run["search"]);
    assert_eq!(steps[1], (20.0, "load", "broken"), "{}", run["search"]);
    assert_eq!(report["requirements"][0]["verdict"], "pass");
    assert_eq!(report["requirements"][1]["verdict"], "fail");
    let told = report["requirements"][1]["reason"].as_str();
    assert!(
        told.is_some_and(|told| told.contains("connect")),
        "{told:?}"
    );
    assert_eq!(code, Some(101));
}

#[cfg(unix)]
#[test]
fn an_interrupted_search_settles_nothing() {
    let server = Server::start(&[]);
    let (code, report) = in_the_second_step(&server.url, |process| {
        let sent = std::process::Command::new("kill")
            .args(["-INT", &process.to_string()])
            .status();
        assert!(sent.expect("kill runs").success());
    });
    let run = &report["runs"][0];
    assert_eq!((&run["status"], code), (&"partial".into(), Some(101)));
    assert_eq!(run["search"]["ending"], "interrupted");
    assert_eq!(report["requirements"][0]["verdict"], "inconclusive");
}
