//! Monitors against real servers, and against what only looks like one.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use agentos_perf::connection::{DatabaseUrl, RedisAddress, first_text};
use agentos_perf::monitor::{Collectors, EvidenceSources, GivenSources, MetricsPage};
use agentos_perf::profile::{
    CounterPage, Destination, EvidencePlan, FigureSource, HttpVersion, Overrides, ProfileSource,
    Target, load,
};
use agentos_perf::record::{Observed, figure};
use agentos_perf::requirement::Source;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

mod log;
mod pages;
mod tls;

use crate::support::servers::{PASSWORD, Postgres, Redis};

/// Longer than anything here takes on a busy machine; far shorter than a monitor that hangs for ever.
const AGES: Duration = Duration::from_secs(60);

/// A target at an address, of which nobody is asked yet but itself and this machine.
fn watched(address: &str) -> EvidenceSources {
    EvidenceSources {
        destination: Destination {
            origin: format!("http://{address}").parse().expect("a URL"),
            token: None,
            insecure: false,
            http: HttpVersion::Auto,
            users: Arc::default(),
        },
        plan: EvidencePlan::default(),
        given: GivenSources::default(),
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(since.expect("after 1970").as_millis()).expect("this millennium")
}

/// What is seen while `work` is done.
fn during(watched: &EvidenceSources, work: impl FnOnce()) -> Observed {
    let monitors = Collectors::start(watched).expect("a thread");
    let started = now();
    work();
    monitors.finish(started)
}

/// One connection that has given the password.
struct Cache(TcpStream);

impl Cache {
    fn connect(redis: &Redis) -> Cache {
        let url = redis.url();
        let address = url.rsplit_once('@').expect("a password").1;
        let stream = TcpStream::connect(address.trim_end_matches('/')).expect("a connection");
        let mut cache = Cache(stream);
        cache.ask(&format!("AUTH {PASSWORD}"));
        cache
    }

    /// Waits for the answer: what it counts is counted then.
    fn ask(&mut self, command: &str) {
        self.0
            .write_all(format!("{command}\r\n").as_bytes())
            .expect("sent");
        let mut answer = [0; 512];
        let read = self.0.read(&mut answer).expect("an answer");
        assert!(read > 0 && answer[0] != b'-', "{command}");
    }

    fn look_up(&mut self, key: &str, times: u32) {
        for _ in 0..times {
            self.ask(&format!("GET {key}"));
        }
    }
}

#[test]
fn redis_tells_exactly_the_hits_of_the_run() {
    let redis = Redis::start();
    let mut cache = Cache::connect(&redis);
    cache.ask("SET there 1");
    cache.look_up("there", 5);
    cache.look_up("absent", 45);
    let mut watched = watched("192.0.2.1:9");
    watched
        .given
        .insert(RedisAddress::parse(&redis.url()).expect("an address"));
    let observed = during(&watched, || {
        cache.look_up("there", 73);
        cache.look_up("absent", 27);
    });
    let seen = observed.seen(Source::Redis).expect("it was asked");
    assert!(seen.problems.is_empty(), "{:?}", seen.problems);
    let of_run = [figure::CACHE_HITS, figure::CACHE_MISSES].map(|name| seen.rise(name));
    assert_eq!(of_run, [Some(73.0), Some(27.0)]);
    assert_eq!(seen.rise(figure::EVICTED), Some(0.0));
    assert!(seen.last(figure::CACHE_MEMORY).expect("told") > 0.0);
    assert!(seen.last(figure::LATENCY).expect("measured") > 0.0);
}

#[test]
fn a_wrong_password_is_told_and_not_shown() {
    let redis = Redis::start();
    let mut watched = watched("192.0.2.1:9");
    let wrong = redis.url().replace(PASSWORD, "hunter2");
    watched
        .given
        .insert(RedisAddress::parse(&wrong).expect("an address"));
    let observed = during(&watched, || {});
    let told = observed
        .seen(Source::Redis)
        .expect("it was asked")
        .problems
        .join(" ");
    assert!(
        told.contains("it refuses") && !told.contains("hunter2"),
        "{told}"
    );
}

async fn database(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("a connection");
    tokio::spawn(async move {
        let _ = connection.await;
    });
    client
}

async fn numbers(client: &Client, query: &str) -> Vec<f64> {
    let messages = client.simple_query(query).await.expect("an answer");
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let row = row.expect("a row");
    (0..row.len())
        .map(|at| row.get(at).expect("a value").parse().expect("a number"))
        .collect()
}

const SLEEPS: &str = "SELECT coalesce(sum(calls), 0), coalesce(sum(total_exec_time), 0) \
    FROM pg_stat_statements WHERE query LIKE 'SELECT pg_sleep%'";
const ROLLBACKS: &str =
    "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()";

async fn sleep(client: &Client, times: u32) {
    for _ in 0..times {
        client
            .simple_query("SELECT pg_sleep(0.01)")
            .await
            .expect("it sleeps");
    }
}

/// Two transactions that wait for each other; the server ends one of them.
async fn fall_to_a_deadlock(url: &str) {
    let (first, second) = (database(url).await, database(url).await);
    let locked = |number: u32| format!("SELECT pg_advisory_xact_lock({number})");
    for (client, number) in [(&first, 1), (&second, 2)] {
        let begun = format!("SET deadlock_timeout = '20ms'; BEGIN; {}", locked(number));
        client.batch_execute(&begun).await.expect("locked");
    }
    let (to_second, to_first) = (locked(2), locked(1));
    let (one, other) = tokio::join!(
        async {
            (
                first.batch_execute(&to_second).await,
                first.batch_execute("END").await,
            )
        },
        async {
            (
                second.batch_execute(&to_first).await,
                second.batch_execute("END").await,
            )
        },
    );
    let failed = [one.0, other.0]
        .iter()
        .filter(|ended| ended.is_err())
        .count();
    assert_eq!(failed, 1);
}

/// A session in the middle of a transaction that an operator ends.
async fn end_a_session(url: &str, operator: &Client) {
    let user = database(url).await;
    let pid = numbers(&user, "SELECT pg_backend_pid()").await[0];
    user.batch_execute("BEGIN; SELECT 1").await.expect("begun");
    let end = format!("SELECT pg_terminate_backend({pid})");
    operator.batch_execute(&end).await.expect("ended");
}

#[test]
fn postgres_tells_the_queries_of_the_run() {
    let postgres = Postgres::start();
    let url = postgres.url();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _inside = runtime.enter();
    let client = runtime.block_on(database(&url));
    let before = runtime.block_on(async {
        let made = client
            .simple_query("CREATE EXTENSION pg_stat_statements")
            .await;
        made.expect("pg_stat_statements is missing; install the Debian package postgresql-contrib");
        sleep(&client, 7).await;
        numbers(&client, SLEEPS).await
    });
    let rolled_back = runtime.block_on(numbers(&client, ROLLBACKS))[0];
    let mut watched = watched("192.0.2.1:9");
    watched
        .given
        .insert(DatabaseUrl::parse(&url).expect("a URL"));
    let mut after = Vec::new();
    let observed = during(&watched, || {
        runtime.block_on(async {
            // Its counts are told when it leaves.
            let user = database(&url).await;
            sleep(&user, 20).await;
            for _ in 0..3 {
                user.batch_execute("BEGIN; SELECT 1; ROLLBACK")
                    .await
                    .expect("rolled back");
            }
            drop(user);
            fall_to_a_deadlock(&url).await;
            end_a_session(&url, &client).await;
            let begun = Instant::now();
            while numbers(&client, ROLLBACKS).await[0] < rolled_back + 5.0 {
                assert!(begun.elapsed() < AGES, "the rollbacks were never counted");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            after = numbers(&client, SLEEPS).await;
        });
    });
    let seen = observed.seen(Source::Postgres).expect("it was asked");
    // What failed among what was rolled back is in a log that this server does not keep.
    assert_eq!(seen.problems.len(), 1, "{:?}", seen.problems);
    assert!(seen.problems[0].contains("set logging_collector = on"));
    // Three that somebody wanted, one to break the deadlock, one with its session.
    assert_eq!(seen.rise(figure::ROLLBACKS), Some(5.0));
    assert_eq!(seen.rise(figure::DEADLOCKS), Some(1.0));
    assert_eq!(seen.rise(figure::ENDED_SESSIONS), Some(1.0));
    assert_eq!(seen.last(figure::FAILED_QUERIES), None);
    assert!(seen.rise(figure::QUERIES).expect("counted") >= 23.0);
    let slept = observed
        .statements
        .iter()
        .find(|one| one.text.contains("pg_sleep"));
    let slept = slept.expect("the statement");
    let mean = (after[1] - before[1]) / (after[0] - before[0]);
    assert_eq!(slept.calls, 20);
    assert!(
        (slept.mean_ms() - mean).abs() < 1e-6,
        "{} {mean}",
        slept.mean_ms()
    );
    assert!(slept.mean_ms() >= 10.0 && slept.deviation_ms < slept.mean_ms());
    // Neither the looks nor what begins and ends transactions is the target's work.
    let works = |text: &str| !text.contains("pg_stat_database d") && !text.starts_with("BEGIN");
    assert!(observed.statements.iter().all(|one| works(&one.text)));
    assert_eq!(observed.statements[0].text, slept.text);
}

/// Where statements look for their tables, over a URL as a service has it.
async fn search_path(url: &str) -> String {
    let url = DatabaseUrl::parse(url).expect("a URL");
    let database = url.connect_directly(false).await.expect("a connection");
    let shown = database.client.simple_query("SHOW search_path").await;
    first_text(&shown.expect("an answer")).expect("a text")
}

#[test]
fn without_its_extension_postgres_tells_what_it_can() {
    let postgres = Postgres::start();
    let url = postgres
        .url()
        .replace("postgres://", "postgresql+asyncpg://");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for (parameters, path) in [
        (
            "?schema=My%20%22App%5C&connection_limit=3",
            r#""My ""App\""#,
        ),
        ("?currentSchema=app,%20public&ssl=false", "app, public"),
    ] {
        let found = runtime.block_on(search_path(&format!("{url}{parameters}")));
        assert_eq!(found, path, "{parameters}");
    }
    let mut watched = watched("192.0.2.1:9");
    watched
        .given
        .insert(DatabaseUrl::parse(&postgres.url()).expect("a URL"));
    let observed = during(&watched, || {});
    let seen = observed.seen(Source::Postgres).expect("it was asked");
    assert!(seen.last(figure::QUERIES).is_some() && seen.last(figure::QUERY_TIME).is_none());
    assert!(
        seen.problems[0].contains("CREATE EXTENSION"),
        "{:?}",
        seen.problems
    );
}

/// A socket of this process that does not answer as it should.
fn socket(serve: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
    address
}

/// Accepts, and never says anything.
fn hung() -> String {
    let kept = std::sync::Mutex::new(Vec::new());
    socket(move |stream| kept.lock().expect("a lock").push(stream))
}

/// Answers with what no protocol knows.
fn garbled() -> String {
    socket(|mut stream| {
        std::thread::spawn(move || {
            let noise: Vec<u8> = (0..999_u32).map(|n| (n * 7919 % 251) as u8).collect();
            let mut asked = [0; 1024];
            while stream.read(&mut asked).is_ok_and(|read| read > 0)
                && stream.write_all(&noise).is_ok()
            {}
        });
    })
}

/// Nobody is there.
fn gone() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// Everything at one address that serves nothing.
fn broken(address: &str) -> EvidenceSources {
    let source = ProfileSource::parse("phase8").expect("built in");
    let profile = load(&source, &Overrides::default()).expect("a profile");
    let mut watched = watched(address);
    watched.plan = profile.evidence;
    watched.plan.prometheus = Some(CounterPage {
        path: None,
        auth: false,
        figures: vec![FigureSource {
            name: "cache_hits".to_owned(),
            from: vec!["hits_total".to_owned()],
            absent_is_zero: false,
        }],
    });
    let url = format!("postgres://me:{PASSWORD}@{address}/app");
    watched
        .given
        .insert(DatabaseUrl::parse(&url).expect("a URL"));
    watched.given.insert(MetricsPage(
        Target::parse(&format!("http://{address}/metrics")).expect("a URL"),
    ));
    watched
}

#[test]
fn what_is_broken_is_told_and_keeps_nobody_else() {
    let redis = Redis::start();
    let mut told = BTreeMap::new();
    for (name, address) in [("hung", hung()), ("garbled", garbled()), ("gone", gone())] {
        let mut watched = broken(&address);
        watched
            .given
            .insert(RedisAddress::parse(&redis.url()).expect("an address"));
        let begun = Instant::now();
        let observed = during(&watched, || {});
        assert!(begun.elapsed() < AGES, "{name}: monitors hang");
        for source in [Source::Target, Source::Postgres, Source::Prometheus] {
            let seen = observed.seen(source).expect(name);
            assert!(
                seen.looks.is_empty() && !seen.problems.is_empty(),
                "{name}: {seen:?}"
            );
            let problems = seen.problems.join(" ");
            assert!(!problems.contains(PASSWORD), "{name}: {problems}");
        }
        for source in [Source::Redis, Source::Host] {
            let seen = observed.seen(source).expect(name);
            assert!(
                seen.looks.len() >= 2 && seen.problems.is_empty(),
                "{name}: {seen:?}"
            );
        }
        assert_eq!(observed.local, Some(true), "{name}");
        told.insert(name, (observed.process, address));
    }
    let pid = |name: &str| told[name].0.as_ref().map(|process| process.pid);
    assert_eq!(pid("hung"), Some(std::process::id()));
    assert_eq!(pid("gone"), None);
    for (name, (_, address)) in &told {
        let mut watched = watched(address);
        let url = format!("redis://:{PASSWORD}@{address}");
        watched
            .given
            .insert(RedisAddress::parse(&url).expect("an address"));
        let observed = during(&watched, || {});
        let problems = observed.seen(Source::Redis).expect(name).problems.join(" ");
        assert!(
            !problems.is_empty() && !problems.contains(PASSWORD),
            "{name}: {problems}"
        );
    }
}
