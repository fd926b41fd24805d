//! Workflows: made, executed, asked for, removed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{detail, missing, unreadable};
use crate::app::App;
use crate::auth::AuthenticatedUser;

/// How long each step of an execution takes.
const STEP: Duration = Duration::from_millis(50);

/// A workflow that a user has made.
pub(super) struct Workflow {
    steps: u32,
    /// When each execution of it began.
    executions: Vec<Instant>,
}

#[derive(Deserialize)]
pub(super) struct CreateForm {
    name: String,
    steps: Vec<Value>,
}

pub(super) async fn create(
    user: AuthenticatedUser,
    State(app): State<Arc<App>>,
    form: Result<Json<CreateForm>, JsonRejection>,
) -> Response {
    let Ok(Json(form)) = form else {
        return unreadable("The body must be JSON with name and steps");
    };
    let workflow = Workflow {
        steps: form.steps.len() as u32,
        executions: Vec::new(),
    };
    match app
        .journeys
        .workflows
        .add("workflow", &user.organization, workflow)
    {
        Some(id) => {
            let body = json!({ "id": id, "name": form.name, "status": "active" });
            (StatusCode::CREATED, Json(body)).into_response()
        }
        None => detail(StatusCode::INSUFFICIENT_STORAGE, "Too many workflows"),
    }
}

pub(super) async fn execute(
    user: AuthenticatedUser,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Response {
    let workflows = &app.journeys.workflows;
    let execution = workflows.with(&id, &user.organization, |workflow| {
        workflow.executions.push(Instant::now());
        workflow.executions.len()
    });
    let Some(execution) = execution else {
        return missing("Workflow");
    };
    let body = json!({
        "workflow_id": id,
        "execution_id": format!("{id}.{execution}"),
        "status": "running",
    });
    (StatusCode::ACCEPTED, Json(body)).into_response()
}

pub(super) async fn status(
    user: AuthenticatedUser,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Response {
    let done = id.rsplit_once('.').and_then(|(workflow, execution)| {
        let index = execution.parse::<usize>().ok()?.checked_sub(1)?;
        let workflows = &app.journeys.workflows;
        workflows.with(workflow, &user.organization, |workflow| {
            let begun = workflow.executions.get(index)?;
            Some((begun.elapsed() >= STEP * workflow.steps, workflow.steps))
        })?
    });
    match done {
        None => missing("Execution"),
        Some((done, steps)) => {
            let status = if done { "completed" } else { "running" };
            Json(json!({ "execution_id": id, "status": status, "steps": steps })).into_response()
        }
    }
}

pub(super) async fn remove(
    user: AuthenticatedUser,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Response {
    if app.journeys.workflows.remove(&id, &user.organization) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        missing("Workflow")
    }
}
