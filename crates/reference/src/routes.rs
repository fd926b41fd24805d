use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HOST, LOCATION};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use serde_json::{Value, json};

use super::app::App;
use super::auth::AuthenticatedUser;
use super::cache::CacheKey;
use super::dashboard;
use super::journeys;
use super::login;
use super::statistics::timestamp;
use super::store::DataError;
use super::websocket;

type Loaded = Result<Bytes, Arc<DataError>>;

/// The HTTP contract of the service.
pub(super) fn routes(app: Arc<App>) -> Router {
    let mut routes = Router::new()
        .route("/health", get(health))
        .route("/api/v1/performance/summary", get(summary))
        .route("/api/v1/performance/health", get(performance_health))
        .route("/api/v1/performance/database", get(database))
        .route("/api/v1/performance/system", get(system))
        .route("/api/v1/performance/api", get(api))
        .route("/api/v1/performance/websocket", get(sockets))
        .route("/api/v1/auth/me", get(me))
        .route("/api/v1/auth/login", login::login())
        .route("/api/v1/agents/", get(agents))
        .route("/api/v1/agents", get(add_slash))
        .route("/api/v1/ws/{user_id}", get(websocket::accept))
        .route("/dashboard/performance", get(page));
    if !app.faults.workflows_missing() {
        routes = routes.route("/api/v1/workflows", get(workflows));
    }
    routes
        .merge(journeys::routes())
        .fallback(|| async { detail(StatusCode::NOT_FOUND, "Not Found") })
        .method_not_allowed_fallback(|| async {
            detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        })
        .with_state(app)
}

fn detail(status: StatusCode, detail: &str) -> Response {
    (status, Json(json!({ "detail": detail }))).into_response()
}

async fn health(State(app): State<Arc<App>>) -> Json<Value> {
    let (database, cache) = (app.database_healthy(), app.cache_healthy());
    let told = |healthy| if healthy { "healthy" } else { "unhealthy" };
    Json(json!({
        "status": if database && cache { "healthy" } else { "degraded" },
        "app_name": "AgentOS",
        "version": env!("CARGO_PKG_VERSION"),
        "timestamp": timestamp(),
        "environment": "reference",
        "checks": {
            "database": told(database),
            "redis": told(cache),
        },
    }))
}

async fn performance_health(State(app): State<Arc<App>>) -> Json<Value> {
    let checks = [
        (app.database_healthy(), "database is not available"),
        (app.cache_healthy(), "redis is not available"),
    ];
    let issues: Vec<&str> = checks
        .iter()
        .filter(|(healthy, _)| !healthy)
        .map(|(_, issue)| *issue)
        .collect();
    Json(json!({
        "status": if issues.is_empty() { "healthy" } else { "degraded" },
        "issues": issues,
        "uptime_seconds": app.uptime().as_secs_f64(),
        "timestamp": timestamp(),
    }))
}

async fn summary(_: AuthenticatedUser, State(app): State<Arc<App>>) -> Json<Value> {
    const P95_LIMIT: f64 = 200.0;
    let api = app.endpoints.summary();
    let alerts = api
        .values()
        .filter(|endpoint| endpoint.p95_response_time > P95_LIMIT)
        .count();
    Json(json!({
        "timestamp": timestamp(),
        "uptime_seconds": app.uptime().as_secs_f64(),
        "system": app.system(),
        "api": api,
        "database": app.queries.summary(app.cache.hit_rate()),
        "websocket": app.hub.summary(),
        "thresholds": {
            "api_avg_response_time_ms": 100,
            "api_p95_response_time_ms": P95_LIMIT,
            "cpu_percent": 80,
            "memory_percent": 85,
            "database_avg_query_time_ms": 50,
            "cache_hit_rate_percent": 60,
        },
        "alerts_triggered": alerts,
    }))
}

async fn database(_: AuthenticatedUser, State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({
        "status": "success",
        "data": {
            "database": app.queries.summary(app.cache.hit_rate()),
            "slow_queries": app.queries.slow_queries(),
            "timestamp": timestamp(),
        },
    }))
}

async fn system(_: AuthenticatedUser, State(app): State<Arc<App>>) -> Json<Value> {
    enveloped("system", &app.system())
}

async fn api(_: AuthenticatedUser, State(app): State<Arc<App>>) -> Json<Value> {
    enveloped("api", &json!(app.endpoints.summary()))
}

async fn sockets(_: AuthenticatedUser, State(app): State<Arc<App>>) -> Json<Value> {
    enveloped("websocket", &app.hub.summary())
}

fn enveloped(name: &str, figures: &Value) -> Json<Value> {
    Json(json!({ "status": "success", "data": { name: figures, "timestamp": timestamp() } }))
}

/// A token outlives the user it names, so the database is asked each time whether that one is still there.
/// A user that was never seeded is accepted as they are.
async fn looked_up(app: &App, user: &AuthenticatedUser) -> Result<(), Arc<DataError>> {
    app.store
        .user(user.clone())
        .await
        .map(drop)
        .map_err(Arc::new)
}

async fn me(user: AuthenticatedUser, State(app): State<Arc<App>>) -> Response {
    if let Err(error) = looked_up(&app, &user).await {
        return loaded(Err(error));
    }
    let key = CacheKey::User {
        id: user.id.clone(),
        organization: user.organization.clone(),
    };
    loaded(app.cache.get(key, app.store.user(user)).await)
}

async fn agents(user: AuthenticatedUser, State(app): State<Arc<App>>) -> Response {
    if let Err(error) = looked_up(&app, &user).await {
        return loaded(Err(error));
    }
    let organization = user.organization;
    let key = CacheKey::Agents {
        organization: organization.clone(),
    };
    loaded(app.cache.get(key, app.store.agents(organization)).await)
}

async fn workflows(user: AuthenticatedUser, State(app): State<Arc<App>>) -> Response {
    if let Err(error) = looked_up(&app, &user).await {
        return loaded(Err(error));
    }
    let organization = user.organization;
    let key = CacheKey::Workflows {
        organization: organization.clone(),
    };
    loaded(app.cache.get(key, app.store.workflows(organization)).await)
}

fn loaded(body: Loaded) -> Response {
    match body {
        Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => detail(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

async fn add_slash(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    let query = uri
        .query()
        .map_or_else(String::new, |query| format!("?{query}"));
    // HTTP/1.0 knows no host; a path alone is what is left to say then.
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let origin = host.map_or_else(String::new, |host| format!("http://{host}"));
    let location = format!("{origin}{path}/{query}");
    (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, location)]).into_response()
}

async fn page(State(app): State<Arc<App>>) -> Html<String> {
    Html(dashboard::page(&app))
}
