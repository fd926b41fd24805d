//! A load of journeys over real sockets, against a service that keeps sessions and orders and counts what it is asked.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use agentos_perf::load::{Engine, Observer, RunProgress, SocketEngine, streams};
use agentos_perf::plan::Plan;
use agentos_perf::record::{EndpointResult, Outcome, RunResult, Status};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::server::destination;
use crate::walks::plan;

/// Every fifth journey's payment fails.
const FAILS: u64 = 5;

const SHOP: &str = r#"
[scenario.shop]
arrivals = "constant"
rate = "40/s"
duration = "2s"

[[scenario.shop.step]]
name = "login"
method = "POST"
path = "/login"
json = { user = "{id:json}" }
take = { token = "auth.token" }

[[scenario.shop.step]]
name = "create"
method = "POST"
path = "/orders"
headers = { Authorization = "Bearer {token}" }
expect = [201]
think_time = "10ms..50ms"
take = { order = "header location" }

[[scenario.shop.step]]
name = "pay"
method = "POST"
path = "/orders/{order}/payment"
headers = { Authorization = "Bearer {token}" }

[[scenario.shop.step]]
name = "ready"
path = "/orders/{order}"
headers = { Authorization = "Bearer {token}" }
until = { status = "ready" }
every = "20ms"
within = "5s"

[[scenario.shop.step]]
name = "delete"
method = "DELETE"
path = "/orders/{order}"
headers = { Authorization = "Bearer {token}" }
expect = [204]
always = true

[[requirement]]
name = "shop"
scenario = "shop"
metric = "error_rate"
limit = "< 1 %"
"#;

/// What the service was asked, by the journey that each request belongs to.
#[derive(Default)]
struct Shop {
    asked: BTreeMap<(&'static str, u64), u64>,
    open: BTreeMap<u64, Instant>,
    /// Sessions that were sent to a login, or with another journey's token.
    mixed_up: Vec<String>,
}

type Shared = State<Arc<Mutex<Shop>>>;

impl Shop {
    /// Counts a request, and returns whose it is by its cookie if its token is of the same journey.
    fn session(&mut self, headers: &HeaderMap, what: &'static str) -> Option<u64> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let id = text("cookie").and_then(|cookie| cookie.strip_prefix("session=")?.parse().ok());
        let token = text("authorization").and_then(|token| token.strip_prefix("Bearer token-"));
        if id.is_none() || id != token.and_then(|token| token.parse().ok()) {
            self.mixed_up.push(format!("{what}: {headers:?}"));
            return None;
        }
        *self.asked.entry((what, id?)).or_default() += 1;
        id
    }
}

async fn login(State(shop): Shared, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let mut shop = shop.lock().unwrap();
    if headers.contains_key("cookie") {
        shop.mixed_up.push(format!("login: {headers:?}"));
    }
    let id = body["user"].as_u64().expect("a number");
    *shop.asked.entry(("login", id)).or_default() += 1;
    let cookie = [("set-cookie", format!("session={id}; Path=/; HttpOnly"))];
    let body = json!({ "auth": { "token": format!("token-{id}") } });
    (cookie, Json(body)).into_response()
}

async fn create(State(shop): Shared, headers: HeaderMap) -> Response {
    let mut shop = shop.lock().unwrap();
    let Some(id) = shop.session(&headers, "create") else {
        return StatusCode::FORBIDDEN.into_response();
    };
    shop.open.insert(id, Instant::now());
    (StatusCode::CREATED, [("location", format!("order-{id}"))]).into_response()
}

/// Whether an order is the one of a session.
fn is_own(order: &str, id: Option<u64>) -> Option<u64> {
    id.filter(|id| order == format!("order-{id}"))
}

async fn pay(State(shop): Shared, Path(order): Path<String>, headers: HeaderMap) -> StatusCode {
    let id = shop.lock().unwrap().session(&headers, "pay");
    match is_own(&order, id) {
        None => StatusCode::FORBIDDEN,
        Some(id) if id % FAILS == 0 => StatusCode::INTERNAL_SERVER_ERROR,
        Some(_) => StatusCode::OK,
    }
}

async fn ready(State(shop): Shared, Path(order): Path<String>, headers: HeaderMap) -> Response {
    let mut shop = shop.lock().unwrap();
    let id = shop.session(&headers, "ready");
    let Some(begun) = is_own(&order, id).and_then(|id| shop.open.get(&id)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let is_ready = begun.elapsed() >= Duration::from_millis(50);
    let status = if is_ready { "ready" } else { "waiting" };
    Json(json!({ "status": status })).into_response()
}

async fn delete(State(shop): Shared, Path(order): Path<String>, headers: HeaderMap) -> StatusCode {
    let mut shop = shop.lock().unwrap();
    let id = shop.session(&headers, "delete");
    match is_own(&order, id).and_then(|id| shop.open.remove(&id)) {
        Some(_) => StatusCode::NO_CONTENT,
        None => StatusCode::NOT_FOUND,
    }
}

fn serve() -> (SocketAddr, Arc<Mutex<Shop>>) {
    let shop = Arc::default();
    let routes = Router::new()
        .route("/login", post(login))
        .route("/orders", post(create))
        .route("/orders/{order}", get(ready).delete(delete))
        .route("/orders/{order}/payment", post(pay))
        .with_state(Arc::clone(&shop));
    let (send, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            send.send(listener.local_addr().unwrap()).unwrap();
            axum::serve(listener, routes).await.unwrap();
        });
    });
    (address.recv().unwrap(), shop)
}

struct Patient;

impl Observer for Patient {
    fn progress(&mut self, _: RunProgress) {}

    fn is_settled(&mut self, _: &RunResult, _: &[u64]) -> bool {
        true
    }

    fn is_interrupted(&mut self) -> bool {
        false
    }

    fn processor_time(&mut self) -> Duration {
        Duration::ZERO
    }
}

/// The ids of the journeys that are judged.
fn judged(plan: &Plan, run: &RunResult) -> HashSet<u64> {
    let streams = streams(plan, 1).0.into_iter().flatten();
    let numbers = streams.flat_map(|stream| {
        let judged = stream.count_before(run.window.from)..stream.count_before(run.window.to);
        judged.map(move |k| stream.number(k)).collect::<Vec<_>>()
    });
    numbers
        .map(|number| plan.values.first_id + number + 1)
        .collect()
}

fn outcomes(endpoint: &EndpointResult) -> Vec<(Outcome, u64)> {
    let outcomes = endpoint.outcomes.iter();
    outcomes
        .map(|(outcome, count)| (*outcome, *count))
        .collect()
}

#[test]
fn each_journey_of_a_load_asks_with_its_own_values_and_is_counted_as_the_service_counts_it() {
    let plan = plan(SHOP);
    let (address, shop) = serve();
    let destination = destination(&format!("http://{address}"));
    let run = SocketEngine
        .run(&plan, &destination, &mut Patient)
        .expect("a run");
    assert_eq!(run.status, Status::Complete);
    let shop = shop.lock().unwrap();
    assert_eq!(shop.mixed_up, Vec::<String>::new());
    let judged = judged(&plan, &run);
    let all = judged.len() as u64;
    assert_eq!(all, 80);
    let failing = judged.iter().filter(|id| *id % FAILS == 0).count() as u64;
    assert_eq!(failing, all / FAILS);
    for (index, name) in ["login", "create", "pay", "ready", "delete"]
        .into_iter()
        .enumerate()
    {
        let step = &run.endpoints[index];
        assert_eq!(step.name, name);
        let asked = shop.asked.iter();
        let asked: Vec<u64> = asked
            .filter(|((what, id), _)| *what == name && judged.contains(id))
            .map(|(_, times)| *times)
            .collect();
        assert_eq!(step.reached, asked.len() as u64, "{name}");
        assert_eq!(step.reached + step.unreached, all, "{name}");
        let is_poll = name == "ready";
        assert!(is_poll || asked.iter().all(|times| *times == 1), "{name}");
        assert_eq!(step.unreached, if is_poll { failing } else { 0 }, "{name}");
    }
    // An order is ready 50 ms after it was made, which no first answer can be.
    let polls: u64 = (shop.asked.iter())
        .filter(|((what, id), _)| *what == "ready" && judged.contains(id))
        .map(|(_, times)| times)
        .sum();
    assert!(polls > all - failing, "{polls}");
    let failed = Outcome::Status(500);
    let expected = [(Outcome::Ok, all - failing), (failed, failing)];
    assert_eq!(outcomes(&run.endpoints[5]), expected);
    assert_eq!(outcomes(&run.endpoints[3]).len(), 1);
    // Clean-up is sent after what failed, too. What began after the judged part is broken off when the last judged journey
    // has ended, and may leave its order.
    let left = shop.open.keys().filter(|id| judged.contains(id));
    assert_eq!(left.count(), 0, "{:?}", shop.open);
}
