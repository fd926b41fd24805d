//! The embedded `AgentOS` on a real PostgreSQL and a real Redis, which may go and come back.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::servers::{PASSWORD, Postgres, Redis};
use agentos_perf::reference::{DEMO_ORGANIZATION, DEMO_USER, SigningSecret, mint_token};
use serde_json::Value;

const SECRET: &str = "of this test";
/// Longer than anything here takes on the slowest machine.
const AGES: Duration = Duration::from_secs(60);

/// `agentos-perf serve` on these servers; it ends with this.
struct Serving {
    child: Child,
    addr: String,
}

fn serve(database: Option<&str>, redis: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentos-perf"));
    command
        .args(["serve", "--exit-on-stdin-close", "--threads", "1"])
        .env("PERF_JWT_SECRET", SECRET)
        .env("PERF_SERVE_DATABASE_URL", database.unwrap_or_default())
        .env("PERF_SERVE_REDIS_URL", redis.unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Serving {
    fn start(database: Option<&str>, redis: Option<&str>) -> Serving {
        let mut child = serve(database, redis).spawn().unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let addr = line.trim().strip_prefix("listening on http://");
        let addr = addr.unwrap_or_else(|| panic!("{line}")).to_owned();
        Serving { child, addr }
    }

    /// As this user; the status and the body.
    fn get_as(&self, user: &str, path: &str) -> (u16, Value) {
        let token = mint_token(
            &SigningSecret::from(SECRET.to_owned()),
            user,
            DEMO_ORGANIZATION,
            Duration::from_secs(3600),
        );
        let mut stream = TcpStream::connect(&self.addr).unwrap();
        stream.set_read_timeout(Some(AGES)).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head[9..12].parse().unwrap();
        (status, serde_json::from_str(body).unwrap())
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.get_as(DEMO_USER, path)
    }

    /// Waits until `/health` says so of this check.
    fn wait_until(&self, check: &str, state: &str) {
        let begun = Instant::now();
        loop {
            let (status, health) = self.get("/health");
            assert_eq!(status, 200);
            if health["checks"][check] == state {
                let all = if state == "healthy" {
                    "healthy"
                } else {
                    "degraded"
                };
                assert_eq!(health["status"], all);
                return;
            }
            assert!(begun.elapsed() < AGES, "{health}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it; it must not have complained meanwhile.
    fn end(mut self) {
        drop(self.child.stdin.take());
        let mut told = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut told).unwrap();
        assert_eq!(told, "");
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Has it ended already, there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One figure of Redis' own `INFO stats`.
fn of_redis(connection: &mut redis::Connection, figure: &str) -> u64 {
    let text: String = redis::cmd("INFO").arg("stats").query(connection).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'));
    line.unwrap().trim().parse().unwrap()
}

#[test]
fn redis_counts_what_was_asked_of_it() {
    let server = Redis::start();
    let serving = Serving::start(None, Some(&server.url()));
    let mut connection = redis::Client::open(server.url())
        .unwrap()
        .get_connection()
        .unwrap();
    for _ in 0..10 {
        assert_eq!(serving.get("/api/v1/agents/").0, 200);
    }
    for user in ["user-1", "user-2", "user-3", "user-1"] {
        let (_, me) = serving.get_as(user, "/api/v1/auth/me");
        assert_eq!(me["id"], user);
    }
    assert_eq!(of_redis(&mut connection, "keyspace_hits"), 10);
    assert_eq!(of_redis(&mut connection, "keyspace_misses"), 4);
    let (_, summary) = serving.get("/api/v1/performance/summary");
    let rate = summary["database"]["cache_hit_rate"].as_f64().unwrap();
    assert!((rate - 1000.0 / 14.0).abs() < 1e-9, "{rate}");
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    assert_eq!(keys.len(), 4);
    for key in keys {
        assert!(key.starts_with("agentos:"), "{key}");
        let ttl: u64 = redis::cmd("TTL").arg(&key).query(&mut connection).unwrap();
        assert!((1..=60).contains(&ttl), "{key}: {ttl}");
    }
    serving.end();
}

#[test]
fn rows_come_from_postgresql() {
    let server = Postgres::start();
    let serving = Serving::start(Some(&server.url()), None);
    let plain = Serving::start(None, None);
    for path in ["/api/v1/agents/", "/api/v1/workflows", "/api/v1/auth/me"] {
        let rows = serving.get(path);
        assert_eq!(rows, plain.get(path), "{path}: as from SQLite");
        assert_eq!(rows.0, 200);
    }
    let (_, summary) = serving.get("/api/v1/performance/summary");
    assert!(summary["database"]["total_queries"].as_u64().unwrap() >= 3);
    assert_eq!(summary["database"]["failed_queries"], 0);
    assert!(summary["database"]["avg_query_time"].as_f64().unwrap() > 0.0);
    plain.end();
    serving.end();

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let counted: i64 = runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&server.url(), tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        let change = "UPDATE agents SET name = 'changed' WHERE id = 'agent-1'";
        client.execute(change, &[]).await.unwrap();
        let users = client.query_one("SELECT count(*) FROM users", &[]).await;
        users.unwrap().get(0)
    });
    assert_eq!(counted, 100);
    let again = Serving::start(Some(&server.url()), None);
    let (_, agents) = again.get("/api/v1/agents/");
    let names = agents.as_array().unwrap().iter().map(|a| &a["name"]);
    assert_eq!(names.filter(|name| *name == "changed").count(), 1);
    again.end();
}

#[test]
fn a_database_that_goes_is_missed_until_it_is_back() {
    let mut server = Postgres::start();
    let serving = Serving::start(Some(&server.url()), None);
    assert_eq!(serving.get_as("user-1", "/api/v1/auth/me").0, 200);
    serving.wait_until("database", "healthy");
    server.stop();
    let (status, told) = serving.get_as("user-2", "/api/v1/auth/me");
    assert_eq!(status, 500);
    assert!(!told.to_string().contains(PASSWORD), "{told}");
    assert_eq!(
        serving.get_as("user-1", "/api/v1/auth/me").0,
        500,
        "what is cached is for users that are still there"
    );
    serving.wait_until("database", "unhealthy");
    let (_, health) = serving.get("/api/v1/performance/health");
    assert_eq!(health["issues"][0], "database is not available");
    let (_, summary) = serving.get("/api/v1/performance/summary");
    assert!(summary["database"]["failed_queries"].as_u64().unwrap() >= 1);
    server.start_again();
    serving.wait_until("database", "healthy");
    assert_eq!(serving.get_as("user-2", "/api/v1/auth/me").0, 200);
    serving.end();
}

#[test]
fn a_cache_that_goes_costs_time_but_no_answer() {
    let mut server = Redis::start();
    let serving = Serving::start(None, Some(&server.url()));
    assert_eq!(serving.get("/api/v1/agents/").0, 200);
    server.stop();
    for _ in 0..3 {
        assert_eq!(serving.get("/api/v1/agents/").0, 200);
    }
    serving.wait_until("redis", "unhealthy");
    server.start_again();
    serving.wait_until("redis", "healthy");
    let mut connection = redis::Client::open(server.url())
        .unwrap()
        .get_connection()
        .unwrap();
    let misses = of_redis(&mut connection, "keyspace_misses");
    for _ in 0..3 {
        assert_eq!(serving.get("/api/v1/agents/").0, 200);
    }
    assert_eq!(of_redis(&mut connection, "keyspace_hits"), 2);
    assert_eq!(of_redis(&mut connection, "keyspace_misses"), misses + 1);
    serving.end();
}

fn refused(database: Option<&str>, redis: Option<&str>) -> String {
    let Output {
        status,
        stderr,
        stdout,
    } = serve(database, redis).output().unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(stdout.is_empty());
    let told = String::from_utf8(stderr).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(!told.contains("hidden"), "{told}");
    told
}

#[test]
fn what_cannot_be_used_is_named_without_its_password() {
    // Nobody listens on port 1.
    let table = [
        (
            Some("postgres://me:hidden@127.0.0.1:1/db"),
            None,
            "cannot use PostgreSQL at 127.0.0.1:1",
        ),
        (
            None,
            Some("redis://:hidden@127.0.0.1:1/"),
            "cannot use Redis at 127.0.0.1:1",
        ),
        (
            Some("mysql://me:hidden@127.0.0.1/db"),
            None,
            "cannot read the URL of the database",
        ),
        (
            None,
            Some("http://:hidden@127.0.0.1/"),
            "cannot read the URL of Redis",
        ),
    ];
    for (database, redis, message) in table {
        let told = refused(database, redis);
        assert!(told.contains(message), "{told}");
    }
}

#[test]
fn a_wrong_password_is_told_and_not_shown() {
    let (postgres, redis) = (Postgres::start(), Redis::start());
    let wrong = postgres.url().replace(PASSWORD, "hidden");
    let told = refused(Some(&wrong), None);
    assert!(told.contains("password authentication failed"), "{told}");
    let wrong = redis.url().replace(PASSWORD, "hidden");
    let told = refused(None, Some(&wrong));
    assert!(told.contains("cannot use Redis at 127.0.0.1:"), "{told}");
}
