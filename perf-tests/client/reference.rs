//! The embedded `AgentOS` keeps its contract, over real sockets, and fails as it is told to.

mod websocket;

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use agentos_perf::reference::{
    CHILD_OPTIONS, CHILD_SECRET, DEMO_ORGANIZATION, DEMO_PASSWORD, Faults, OBSERVER_PATH, Options,
    SigningSecret, bind, mint_token,
};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const HOUR: Duration = Duration::from_secs(3600);
/// Longer than anything here takes on the slowest machine.
const AGES: Duration = Duration::from_secs(60);

struct Running {
    addr: SocketAddr,
    token: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn start(faults: &[&str]) -> Running {
    start_with(faults, |_| {}).await
}

async fn start_with(faults: &[&str], change: impl FnOnce(&mut Options)) -> Running {
    let mut options = Options::new(SigningSecret::random());
    options.faults = faults
        .iter()
        .map(|spec| Faults::parse(spec).unwrap())
        .collect();
    change(&mut options);
    let token = mint_token(&options.secret, "somebody", DEMO_ORGANIZATION, HOUR);
    let server = bind(options).await.unwrap();
    let addr = server.local_addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        server.run(async { drop(stopped.await) }).await.unwrap();
    });
    Running {
        addr,
        token,
        stop,
        task,
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

struct Client {
    addr: SocketAddr,
    sender: SendRequest<Empty<Bytes>>,
}

impl Client {
    async fn connect(addr: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(std::io::Error::other)?;
        tokio::spawn(connection);
        Ok(Self { addr, sender })
    }

    async fn send(&mut self, path: &str, headers: &[(&str, &str)]) -> hyper::Result<Answer> {
        self.sender.ready().await?;
        let mut request = Request::get(path).header("host", self.addr.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self
            .sender
            .send_request(request.body(Empty::new()).unwrap())
            .await?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }
}

impl Running {
    async fn client(&self) -> Client {
        Client::connect(self.addr).await.unwrap()
    }

    async fn get(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        self.client()
            .await
            .send(path, &[("authorization", &bearer)])
            .await
            .unwrap()
    }

    async fn observed(&self) -> Value {
        self.get(OBSERVER_PATH).await.json()
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
    }
}

#[tokio::test]
async fn health_needs_no_token() {
    let server = start(&[]).await;
    let answer = server.client().await.send("/health", &[]).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/json");
    let body = answer.json();
    assert_eq!(body["status"], "healthy");
    for field in ["app_name", "version", "environment"] {
        assert!(body[field].is_string(), "{field}");
    }
    assert!(body["timestamp"].as_f64().unwrap() > 1.7e9);
    assert!(body["checks"]["database"].is_string() && body["checks"]["redis"].is_string());
    let body = server
        .client()
        .await
        .send("/api/v1/performance/health", &[])
        .await
        .unwrap()
        .json();
    assert_eq!(body["issues"], json!([]));
    assert!(body["uptime_seconds"].as_f64().unwrap() >= 0.0);
    server.stop().await;
}

#[tokio::test]
async fn what_is_guarded_asks_for_a_token() {
    let guarded = [
        "/api/v1/performance/summary",
        "/api/v1/performance/database",
        "/api/v1/performance/system",
        "/api/v1/performance/api",
        "/api/v1/performance/websocket",
        "/api/v1/auth/me",
        "/api/v1/agents/",
        "/api/v1/workflows",
    ];
    let server = start(&[]).await;
    let mut client = server.client().await;
    for path in guarded {
        let missing = client.send(path, &[]).await.unwrap();
        assert_eq!(missing.status, 403, "{path}");
        assert_eq!(missing.json(), json!({ "detail": "Not authenticated" }));
        let bad = client
            .send(path, &[("authorization", "Bearer bad")])
            .await
            .unwrap();
        assert_eq!(bad.status, 401, "{path}");
        assert_eq!(bad.headers["www-authenticate"], "Bearer");
        assert_eq!(
            bad.json(),
            json!({ "detail": "Invalid authentication token" })
        );
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_resources_are_there() {
    let server = start(&[]).await;
    let me = server.get("/api/v1/auth/me").await.json();
    assert_eq!(me["id"], "somebody");
    assert_eq!(me["organization_id"], DEMO_ORGANIZATION);
    for field in ["email", "full_name", "role"] {
        assert!(me[field].is_string(), "{field}");
    }
    let agents = server.get("/api/v1/agents/").await.json();
    for field in ["id", "name", "type", "status", "created_at"] {
        assert!(agents[0][field].is_string(), "{field}");
    }
    for field in ["success_rate", "total_executions", "avg_response_time"] {
        assert!(agents[0][field].is_number(), "{field}");
    }
    assert!(
        !server
            .get("/api/v1/workflows")
            .await
            .json()
            .as_array()
            .unwrap()
            .is_empty()
    );
    server.stop().await;
}

/// What the server answers to these bytes, until it closes.
async fn posted(server: &Running, path: &str, body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (
        head[9..12].parse().unwrap(),
        serde_json::from_str(body).unwrap(),
    )
}

#[tokio::test]
async fn as_many_users_as_are_asked_for_log_in() {
    const LOGIN: &str = "/api/v1/auth/login";
    let server = start(&[]).await;
    for number in [1, 7, 5000] {
        let body =
            json!({ "email": format!("user-{number}@example.com"), "password": DEMO_PASSWORD });
        let (status, answer) = posted(&server, LOGIN, &body.to_string()).await;
        assert_eq!(status, 200);
        assert_eq!(answer["token_type"], "bearer");
        assert_eq!(answer["expires_in"], 86_400);
        let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
        let me = server
            .client()
            .await
            .send("/api/v1/auth/me", &[("authorization", &bearer)])
            .await
            .unwrap()
            .json();
        assert_eq!(me["id"], format!("user-{number}"));
        assert_eq!(me["email"], format!("user-{number}@example.com"));
        assert_eq!(me["organization_id"], DEMO_ORGANIZATION);
    }
    let wrong = json!({ "detail": "Incorrect email or password" });
    for (email, password) in [
        ("user-1@example.com", "wrong"),
        ("nobody@example.com", DEMO_PASSWORD),
        ("", ""),
    ] {
        let body = json!({ "email": email, "password": password });
        let answer = posted(&server, LOGIN, &body.to_string()).await;
        assert_eq!(answer, (401, wrong.clone()), "{email}");
    }
    for body in ["", "{}", "[", r#"{"email":"user-1@example.com"}"#] {
        assert_eq!(posted(&server, LOGIN, body).await.0, 422, "{body}");
    }
    let observed = server.observed().await;
    assert_eq!(observed["by_path"]["POST:/api/v1/auth/login"], 10);
    server.stop().await;
}

#[tokio::test]
async fn paths_are_told_as_fastapi_tells_them() {
    let server = start(&[]).await;
    let moved = server.get("/api/v1/agents?limit=5").await;
    assert_eq!(moved.status, 307);
    assert_eq!(
        moved.headers["location"],
        format!("http://{}/api/v1/agents/?limit=5", server.addr)
    );
    let unknown = server.get("/api/v1/nothing").await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.json(), json!({ "detail": "Not Found" }));
    let page = server.get("/dashboard/performance").await;
    assert!(
        page.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    let page = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(page.contains("GET:/api/v1/nothing"), "{page}");
    server.stop().await;
}

#[tokio::test]
async fn its_own_statistics_tell_what_was_asked() {
    let server = start(&[]).await;
    for path in [
        "/health",
        "/health",
        "/api/v1/agents/",
        "/api/v1/agents/",
        "/nothing",
    ] {
        server.get(path).await;
    }
    let summary = server.get("/api/v1/performance/summary").await.json();
    let health = &summary["api"]["GET:/health"];
    assert_eq!(health["total_requests"], 2);
    assert_eq!(health["status_codes"], json!({ "200": 2 }));
    assert_eq!(health["error_rate"], 0.0);
    assert!(health["avg_response_time"].as_f64().unwrap() > 0.0);
    assert!(health["p95_response_time"].as_f64().unwrap() > 0.0);
    assert_eq!(summary["api"]["GET:/nothing"]["error_rate"], 100.0);
    assert!(summary["uptime_seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(summary["database"]["cache_hit_rate"], 50.0);
    assert!(summary["database"]["total_queries"].as_u64().unwrap() >= 1);
    for field in ["thresholds", "websocket", "system"] {
        assert!(summary[field].is_object(), "{field}");
    }
    let database = server.get("/api/v1/performance/database").await.json();
    assert_eq!(database["status"], "success");
    assert_eq!(database["data"]["database"]["failed_queries"], 0);
    assert!(database["data"]["slow_queries"].is_array());
    let api = server.get("/api/v1/performance/api").await.json();
    assert_eq!(api["data"]["api"]["GET:/health"]["total_requests"], 2);
    server.stop().await;
}

#[tokio::test]
async fn the_machine_is_looked_at_in_the_background() {
    let server = start(&[]).await;
    let begun = Instant::now();
    let system = loop {
        let system = server.get("/api/v1/performance/system").await.json();
        let system = system["data"]["system"].clone();
        if system != json!({}) {
            break system;
        }
        assert!(begun.elapsed() < AGES);
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    for field in [
        "cpu_percent",
        "memory_percent",
        "memory_used_mb",
        "disk_usage_percent",
    ] {
        assert!(system[field].as_f64().unwrap() >= 0.0, "{field}");
    }
    assert!(system["memory_percent"].as_f64().unwrap() > 0.0);
    server.stop().await;
}

#[tokio::test]
async fn arrivals_are_counted_at_the_server() {
    let server = start(&["errors=100%"]).await;
    assert_eq!(
        server.observed().await,
        json!({ "total": 0, "by_path": {}, "connections": 0 })
    );
    let mut client = server.client().await;
    for path in ["/health", "/health", "/nothing"] {
        client.send(path, &[]).await.unwrap();
    }
    server.get("/health").await;
    let expected = json!({
        "total": 4,
        "by_path": { "GET:/health": 3, "GET:/nothing": 1 },
        "connections": 2,
    });
    assert_eq!(server.observed().await, expected);
    assert_eq!(server.observed().await, expected);
    server.stop().await;
}

#[tokio::test]
async fn the_limit_refuses_by_client_and_path() {
    for trust_proxy in [true, false] {
        let server = start_with(&["rate-limit=2/60s"], |options| {
            options.trust_proxy = trust_proxy;
        })
        .await;
        let mut client = server.client().await;
        let mut statuses = Vec::new();
        for _ in 0..3 {
            for from in ["10.0.0.1, 10.9.9.9", "10.0.0.2"] {
                let answer = client
                    .send("/health", &[("x-forwarded-for", from)])
                    .await
                    .unwrap();
                if answer.status == 429 {
                    let expected = json!({ "detail": "Rate limit exceeded", "retry_after": 60 });
                    assert_eq!(answer.json(), expected);
                    assert!(!answer.headers.contains_key("retry-after"));
                }
                statuses.push(answer.status.as_u16());
            }
        }
        let expected = if trust_proxy {
            [200, 200, 200, 200, 429, 429]
        } else {
            [200, 200, 429, 429, 429, 429]
        };
        assert_eq!(statuses, expected);
        assert_eq!(client.send("/other", &[]).await.unwrap().status, 404);
        server.stop().await;
    }
}

#[tokio::test]
async fn latency_delays_its_path_alone() {
    let server = start(&["latency=400ms:/health"]).await;
    let begun = Instant::now();
    server.get("/health").await;
    assert!(begun.elapsed() >= Duration::from_millis(400));
    server.get("/nothing").await;
    let api = &server.get("/api/v1/performance/api").await.json()["data"]["api"];
    assert!(api["GET:/health"]["avg_response_time"].as_f64().unwrap() >= 400.0);
    assert!(api["GET:/nothing"]["avg_response_time"].as_f64().unwrap() < 400.0);
    server.stop().await;
}

#[tokio::test]
async fn errors_fall_on_the_same_requests_every_time() {
    let mut rounds = Vec::new();
    for _ in 0..2 {
        let server = start(&["errors=30%", "seed=5"]).await;
        let mut client = server.client().await;
        let mut statuses = Vec::new();
        for _ in 0..100 {
            let answer = client.send("/health", &[]).await.unwrap();
            if answer.status == 500 {
                assert_eq!(answer.json(), json!({ "detail": "Internal Server Error" }));
            }
            statuses.push(answer.status.as_u16());
        }
        rounds.push(statuses);
        server.stop().await;
    }
    assert_eq!(rounds[0], rounds[1]);
    let failed = rounds[0].iter().filter(|status| **status == 500).count();
    assert!((10..60).contains(&failed), "{failed}");
}

#[tokio::test]
async fn a_stall_holds_all_answers_until_its_end() {
    let server = start(&["stall=1s@0s"]).await;
    let begun = Instant::now();
    let (mut one, mut other) = (server.client().await, server.client().await);
    let (one, other) = tokio::join!(one.send("/health", &[]), other.send("/nothing", &[]));
    assert_eq!(
        (one.unwrap().status.as_u16(), other.unwrap().status.as_u16()),
        (200, 404)
    );
    assert!(begun.elapsed() >= Duration::from_secs(1));
    // It happens once: the next answer is under way after it.
    let api = &server.get("/api/v1/performance/api").await.json()["data"]["api"];
    assert!(api["GET:/health"]["avg_response_time"].as_f64().unwrap() > 500.0);
    server.stop().await;
}

#[tokio::test]
async fn a_dropped_body_ends_in_its_middle() {
    let server = start(&["drop-body=100%"]).await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream
        .write_all(b"GET /health HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    let received = String::from_utf8(received).unwrap();
    let (head, body) = received.split_once("\r\n\r\n").unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    let length: usize = length.parse().unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(!head.contains("connection:"), "{head}");
    assert_eq!(body.len(), length / 2);
    server.stop().await;
}

#[tokio::test]
async fn a_kept_connection_is_cut_unannounced() {
    let server = start(&["close-every=3"]).await;
    let mut client = server.client().await;
    for _ in 0..3 {
        let answer = client.send("/health", &[]).await.unwrap();
        assert_eq!(answer.json()["status"], "healthy");
        assert!(!answer.headers.contains_key("connection"));
    }
    assert!(client.send("/health", &[]).await.is_err());
    assert_eq!(server.get("/health").await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn some_deployments_are_poorer() {
    let server = start(&["degraded", "workflows-404"]).await;
    let health = server.get("/health").await;
    assert_eq!(health.status, 200);
    assert_eq!(health.json()["status"], "degraded");
    assert_eq!(server.get("/api/v1/workflows").await.status, 404);
    server.stop().await;
}

/// Waits until the server drops its connections and refuses others, then until it answers again.
async fn live_through_an_outage(server: &Running) {
    let begun = Instant::now();
    let mut held = TcpStream::connect(server.addr).await.unwrap();
    let dropped = tokio::time::timeout(AGES, held.read(&mut [0])).await;
    assert!(matches!(dropped.expect("an outage"), Ok(0) | Err(_)));
    while TcpStream::connect(server.addr).await.is_ok() {
        assert!(begun.elapsed() < AGES);
        tokio::task::yield_now().await;
    }
    let refused = TcpStream::connect(server.addr).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    while Client::connect(server.addr).await.is_err() {
        assert!(begun.elapsed() < AGES);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn uptime(server: &Running) -> f64 {
    let health = server.get("/api/v1/performance/health").await.json();
    health["uptime_seconds"].as_f64().unwrap()
}

#[tokio::test]
async fn a_refusing_server_comes_back_as_it_was() {
    let server = start(&["refuse=1s@500ms"]).await;
    let mut before = server.client().await;
    before.send("/health", &[]).await.unwrap();
    live_through_an_outage(&server).await;
    assert!(
        before.send("/health", &[]).await.is_err(),
        "live connections are dropped"
    );
    assert!(uptime(&server).await >= 1.5);
    let api = &server.get("/api/v1/performance/api").await.json()["data"]["api"];
    assert_eq!(api["GET:/health"]["total_requests"], 1);
    server.stop().await;
}

#[tokio::test]
async fn a_restarted_server_begins_anew() {
    let server = start(&["restart=1s@500ms"]).await;
    let begun = Instant::now();
    server.get("/health").await;
    live_through_an_outage(&server).await;
    assert!(uptime(&server).await < begun.elapsed().as_secs_f64() - 1.0);
    let api = &server.get("/api/v1/performance/api").await.json()["data"]["api"];
    assert_eq!(api.get("GET:/health"), None);
    assert_eq!(
        server.observed().await["by_path"]["GET:/health"],
        1,
        "the observer forgets nothing"
    );
    server.stop().await;
}

#[tokio::test]
async fn an_answer_under_way_is_given_before_the_end() {
    let server = start(&["latency=300ms:/health"]).await;
    let mut client = server.client().await;
    let asked = tokio::spawn(async move { client.send("/health", &[]).await });
    while server.observed().await["total"] == 0 {
        tokio::task::yield_now().await;
    }
    let addr = server.addr;
    server.stop().await;
    assert_eq!(asked.await.unwrap().unwrap().status, 200);
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn the_end_does_not_wait_for_ever() {
    let server = start(&["latency=10m:/health"]).await;
    let mut client = server.client().await;
    let asked = tokio::spawn(async move { client.send("/health", &[]).await });
    while server.observed().await["total"] == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::timeout(AGES, server.stop()).await.unwrap();
    assert!(asked.await.unwrap().is_err());
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let server = start(&[]).await;
    let mut options = Options::new(SigningSecret::random());
    options.addr = server.addr;
    let error = bind(options).await.err().unwrap().to_string();
    assert!(error.contains(&server.addr.to_string()), "{error}");
    assert!(error.contains("choose another port"), "{error}");
    server.stop().await;
}

#[test]
fn a_secret_in_a_file_signs_what_others_mint() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "in a file\n").unwrap();
    let token = mint_token(
        &"in a file".to_owned().into(),
        "user-9",
        DEMO_ORGANIZATION,
        HOUR,
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_agentos-perf"))
        .args(["serve", "--exit-on-stdin-close", "--secret-file"])
        .arg(&secret)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    let addr = line.trim().strip_prefix("listening on http://").unwrap();
    let mut stream = std::net::TcpStream::connect(addr).unwrap();
    let request =
        format!("GET /api/v1/auth/me HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    BufReader::new(stream).read_line(&mut line).unwrap();
    assert!(line.contains("200 OK"), "{line}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

/// Reads the address, asks once, closes standard input and expects the end.
fn announces_and_ends_with_stdin(command: &mut Command) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let addr = line.trim().strip_prefix("listening on http://").unwrap();
    let mut stream = std::net::TcpStream::connect(addr).unwrap();
    stream
        .write_all(b"GET /health HTTP/1.1\r\nhost: h\r\n\r\n")
        .unwrap();
    BufReader::new(stream).read_line(&mut line).unwrap();
    assert!(line.contains("200 OK"), "{line}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_command_serves() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    announces_and_ends_with_stdin(
        Command::new(env!("CARGO_BIN_EXE_agentos-perf"))
            .args([
                "serve",
                "--exit-on-stdin-close",
                "--fault",
                "latency=1ms",
                "--token-file",
            ])
            .arg(&token)
            .env(CHILD_SECRET, "of this test"),
    );
    let written = std::fs::read_to_string(&token).unwrap();
    assert_eq!(written.trim().split('.').count(), 3);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&token).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn the_command_says_what_it_cannot_do() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "\n").unwrap();
    let empty = empty.to_str().unwrap();
    let table: [(&[&str], i32, &str); 6] = [
        (&["serve", "--fault", "slow"], 2, "no fault named `slow`"),
        (&["serve", "--rate-limit", "many"], 2, "rate limit `many`"),
        (
            &["serve", "--database", "/no/such/folder/file"],
            1,
            "cannot prepare the database",
        ),
        (
            &["serve", "--secret-file", "/no/such/file"],
            1,
            "cannot read /no/such/file",
        ),
        (&["serve", "--secret-file", empty], 1, "is empty"),
        (
            &["serve", "--public-key-file", empty],
            1,
            "no RSA public key in PEM",
        ),
    ];
    for (arguments, code, message) in table {
        let output = Command::new(env!("CARGO_BIN_EXE_agentos-perf"))
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(message), "{told}");
        assert!(output.stdout.is_empty());
    }
}

/// The test below starts this one again as the child: `child_main` belongs to the library alone.
#[test]
fn child_process() {
    if std::env::var_os(CHILD_OPTIONS).is_some() {
        let code = agentos_perf::reference::child_main();
        assert_eq!(code, std::process::ExitCode::SUCCESS);
    }
}

#[test]
fn a_child_serves_its_parent() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "reference::child_process", "--nocapture"])
        .env(
            CHILD_OPTIONS,
            json!({ "faults": ["degraded"], "threads": 1 }).to_string(),
        )
        .env(CHILD_SECRET, "of this test")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    // The test runner talks first, and on the same line.
    let addr = lines
        .find_map(|line| Some(line.split_once("listening on http://")?.1.to_owned()))
        .unwrap();
    std::net::TcpStream::connect(addr).unwrap();
    drop(child.stdin.take());
    assert!(lines.any(|line| line.contains("1 passed")));
    assert!(child.wait().unwrap().success());
}
