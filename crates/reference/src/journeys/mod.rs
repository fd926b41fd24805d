//! What users make and remove again: agents in training, workflows and their executions, conversations.
//!
//! It is kept in memory: a restart forgets it.

mod chat;
mod kept;
mod onboarding;
mod workflows;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use serde_json::json;

use super::app::App;
use kept::Kept;

/// All that users have made.
#[derive(Default)]
pub(super) struct Journeys {
    agents: Kept<onboarding::Agent>,
    workflows: Kept<workflows::Workflow>,
    conversations: Kept<chat::Conversation>,
}

impl Journeys {
    /// Forgets everything.
    pub(super) fn reset(&self) {
        self.agents.clear();
        self.workflows.clear();
        self.conversations.clear();
    }
}

/// The routes of journeys.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/onboarding/start", post(onboarding::start))
        .route(
            "/api/v1/onboarding/upload-documents",
            post(onboarding::upload),
        )
        .route("/api/v1/onboarding/configure", post(onboarding::configure))
        .route("/api/v1/onboarding/train", post(onboarding::train))
        .route(
            "/api/v1/onboarding/training-status/{agent_id}",
            get(onboarding::status),
        )
        .route("/api/v1/onboarding/{agent_id}", delete(onboarding::remove))
        .route("/api/v1/orchestration/workflows", post(workflows::create))
        .route(
            "/api/v1/orchestration/workflows/{workflow_id}",
            delete(workflows::remove),
        )
        .route(
            "/api/v1/orchestration/workflows/{workflow_id}/execute",
            post(workflows::execute),
        )
        .route(
            "/api/v1/orchestration/executions/{execution_id}",
            get(workflows::status),
        )
        .route("/api/v1/agents/principal/chat", post(chat::answer))
        .route(
            "/api/v1/conversations/{conversation_id}",
            delete(chat::remove),
        )
}

fn detail(status: StatusCode, detail: &str) -> Response {
    (status, axum::Json(json!({ "detail": detail }))).into_response()
}

fn missing(what: &str) -> Response {
    detail(StatusCode::NOT_FOUND, &format!("{what} not found"))
}

/// As the service answers a body that it cannot read.
fn unreadable(why: &str) -> Response {
    detail(StatusCode::UNPROCESSABLE_ENTITY, why)
}
