//! `--verify`: the same load before and after, told with intervals, and the way back when it got worse.

use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls, Statement};

use crate::database::{Database, FEW, id, output_text, proposed};

const PROFILE: &str = r#"
name = "proved"

[scenario.load]
arrivals = "constant"
rate = "60/s"
warm_up = "1s"
duration = "{seconds}s"

[[scenario.load.endpoint]]
name = "conversation"
path = "/conversation"

[[requirement]]
name = "load::errors"
scenario = "load"
metric = "error_rate"
limit = "< 50 %"
"#;

/// A service that asks the database once for each request.
struct Service {
    /// It runs for as long as this is kept.
    _runtime: Runtime,
    url: String,
}

struct Asking {
    client: Client,
    messages: Statement,
    indexed: Statement,
    /// What it waits for once there is an index of ours.
    slower: Duration,
    next: AtomicI64,
}

impl Service {
    /// `slower` is what the index costs it, which no planner knows of.
    fn start(database: &Database, slower: Duration) -> Service {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let url = database.server.url();
        let port = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, NoTls)
                .await
                .expect("a connection");
            tokio::spawn(connection);
            let messages = "SELECT id, content FROM messages WHERE conversation_id = $1";
            let indexed = "SELECT count(*) FROM pg_class WHERE relname LIKE '%perf_idx'";
            let asking = Asking {
                messages: client.prepare(messages).await.expect("a statement"),
                indexed: client.prepare(indexed).await.expect("a statement"),
                client,
                slower,
                next: AtomicI64::new(1),
            };
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                .await
                .expect("a port");
            let port = listener.local_addr().expect("an address").port();
            let app = Router::new()
                .route("/conversation", get(answer))
                .with_state(Arc::new(asking));
            tokio::spawn(async move { axum::serve(listener, app).await });
            port
        });
        Service {
            _runtime: runtime,
            url: format!("http://127.0.0.1:{port}"),
        }
    }
}

async fn answer(State(asking): State<Arc<Asking>>) -> Result<String, StatusCode> {
    let conversation = asking.next.fetch_add(1, Ordering::Relaxed) % 1_000 + 1;
    let failed = |_| StatusCode::INTERNAL_SERVER_ERROR;
    let rows = asking
        .client
        .query(&asking.messages, &[&conversation])
        .await
        .map_err(failed)?;
    if !asking.slower.is_zero() {
        let indexes = asking
            .client
            .query_one(&asking.indexed, &[])
            .await
            .map_err(failed)?;
        if indexes.get::<_, i64>(0) > 0 {
            tokio::time::sleep(asking.slower).await;
        }
    }
    Ok(rows.len().to_string())
}

/// Under loads of so many seconds.
fn verified(database: &Database, service: &Service, seconds: u32) -> Output {
    let profile = database.folder.path().join("proved.toml");
    let content = PROFILE.replace("{seconds}", &seconds.to_string());
    std::fs::write(&profile, content).expect("a profile");
    let plan = database.plan();
    let missing = proposed(&plan, "create_index");
    let only: Vec<&str> = missing.iter().map(|one| id(one)).collect();
    let only = only.join(",");
    let profile = profile.to_str().expect("a path");
    database.optimize(&[
        "--apply",
        "--only",
        &only,
        "--verify",
        "--target-url",
        &service.url,
        "--profile",
        profile,
    ])
}

/// What the product says on a machine on which nothing can be proved for want of processor time.
const TOO_BUSY: &str = "is not settled";

/// On a busy machine an interval may have no end, or the generator be late: then nothing may be claimed, and what is
/// there is found in another run.
#[test]
fn what_was_gained_is_told_with_its_interval_and_stays() {
    let all_told = (0..3).any(|_| {
        let database = Database::with(2 * FEW).used(20);
        let service = Service::start(&database, Duration::ZERO);
        let proved = verified(&database, &service, 20);
        let told = output_text(&proved);
        let is_busy = told.contains(TOO_BUSY);
        assert!(proved.status.code() == Some(0) || is_busy, "{told}");
        assert!(!database.indexes().is_empty(), "{told}");
        let is_better = |figure: &&str| {
            let mut lines = told.lines().filter(|line| line.contains(figure));
            // An end of the interval that is not known is left out.
            lines.any(|line| line.contains("better") && line.contains(" % less ("))
        };
        let better = ["p50", "p95", "query"]
            .into_iter()
            .filter(is_better)
            .count();
        assert!(better > 0 || is_busy, "{told}");
        better == 3
    });
    assert!(all_told, "in three runs not all was told to be better");
}

#[test]
fn what_made_it_worse_is_taken_back() {
    let database = Database::with(FEW).used(20);
    let before = database.server.schema();
    let service = Service::start(&database, Duration::from_millis(100));
    let proved = verified(&database, &service, 8);
    let told = output_text(&proved);
    assert_eq!(proved.status.code(), Some(1), "{told}");
    assert!(
        told.contains("WORSE") && told.contains("everything was reverted"),
        "{told}"
    );
    assert_eq!(database.server.schema(), before);
}

#[test]
fn without_a_service_nothing_is_changed() {
    let database = Database::with(FEW).used(20);
    let before = database.server.schema();
    let gone = {
        let service = Service::start(&database, Duration::ZERO);
        Service {
            url: service.url.clone(),
            _runtime: Runtime::new().expect("a runtime"),
        }
    };
    let proved = verified(&database, &gone, 8);
    let told = output_text(&proved);
    assert_eq!(proved.status.code(), Some(1), "{told}");
    assert!(told.contains("nothing was changed"), "{told}");
    assert_eq!(database.server.schema(), before);
}
