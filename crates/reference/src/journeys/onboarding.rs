//! From an organization's documents to a trained agent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::{detail, missing, unreadable};
use crate::app::App;
use crate::auth::AuthenticatedUser;

/// How long an agent trains.
const TRAINING: Duration = Duration::from_millis(400);

/// An agent that is being set up.
pub(super) struct Agent {
    documents: usize,
    bytes: usize,
    configured: bool,
    training: Option<Instant>,
}

#[derive(Deserialize)]
pub(super) struct StartForm {
    name: String,
}

#[derive(Deserialize)]
pub(super) struct ConfigureForm {
    agent_id: String,
    #[serde(default)]
    model: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct TrainForm {
    agent_id: String,
}

pub(super) async fn start(
    user: AuthenticatedUser,
    State(app): State<Arc<App>>,
    form: Result<Json<StartForm>, JsonRejection>,
) -> Response {
    let Ok(Json(form)) = form else {
        return unreadable("The body must be JSON with name");
    };
    let agent = Agent {
        documents: 0,
        bytes: 0,
        configured: false,
        training: None,
    };
    let agents = &app.journeys.agents;
    match agents.add("agent", &user.organization, agent) {
        Some(id) => {
            let body = json!({ "agent_id": id, "name": form.name, "status": "created" });
            (StatusCode::CREATED, Json(body)).into_response()
        }
        None => detail(StatusCode::INSUFFICIENT_STORAGE, "Too many agents"),
    }
}

/// A form with `agent_id` and any number of `files`.
pub(super) async fn upload(
    user: AuthenticatedUser,
    State(app): State<Arc<App>>,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let Ok(mut form) = form else {
        return unreadable("The body must be multipart/form-data");
    };
    let (mut id, mut documents, mut bytes) = (None, 0, 0);
    loop {
        let field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            Err(_) => return unreadable("The form is damaged"),
        };
        let is_file = field.name() == Some("files") && field.file_name().is_some();
        let is_id = field.name() == Some("agent_id");
        let Ok(content) = field.bytes().await else {
            return unreadable("The form is damaged");
        };
        if is_file {
            (documents, bytes) = (documents + 1, bytes + content.len());
        } else if is_id {
            id = String::from_utf8(content.to_vec()).ok();
        }
    }
    let Some(id) = id else {
        return unreadable("agent_id is missing");
    };
    if documents == 0 {
        return unreadable("files are missing");
    }
    let agents = &app.journeys.agents;
    let stored = agents.with(&id, &user.organization, |agent| {
        (agent.documents, agent.bytes) = (agent.documents + documents, agent.bytes + bytes);
        json!({ "agent_id": id, "documents": agent.documents, "bytes": agent.bytes })
    });
    stored.map_or_else(|| missing("Agent"), |body| Json(body).into_response())
}

pub(super) async fn configure(
    user: AuthenticatedUser,
    State(app): State<Arc<App>>,
    form: Result<Json<ConfigureForm>, JsonRejection>,
) -> Response {
    let Ok(Json(form)) = form else {
        return unreadable("The body must be JSON with agent_id");
    };
    let agents = &app.journeys.agents;
    let set = agents.with(&form.agent_id, &user.organization, |agent| {
        agent.configured = true;
    });
    let model = form.model.unwrap_or_else(|| "default".to_owned());
    match set {
        Some(()) => Json(json!({ "agent_id": form.agent_id, "model": model })).into_response(),
        None => missing("Agent"),
    }
}

pub(super) async fn train(
    user: AuthenticatedUser,
    State(app): State<Arc<App>>,
    form: Result<Json<TrainForm>, JsonRejection>,
) -> Response {
    let Ok(Json(form)) = form else {
        return unreadable("The body must be JSON with agent_id");
    };
    let agents = &app.journeys.agents;
    let begun = agents.with(&form.agent_id, &user.organization, |agent| {
        let is_ready = agent.documents > 0 && agent.configured;
        if is_ready {
            agent.training = Some(Instant::now());
        }
        is_ready
    });
    match begun {
        None => missing("Agent"),
        Some(false) => detail(
            StatusCode::CONFLICT,
            "Upload documents and configure the agent first",
        ),
        Some(true) => {
            let body = json!({ "agent_id": form.agent_id, "status": "training" });
            (StatusCode::ACCEPTED, Json(body)).into_response()
        }
    }
}

pub(super) async fn status(
    user: AuthenticatedUser,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Response {
    let agents = &app.journeys.agents;
    let trained = agents.with(&id, &user.organization, |agent| {
        agent.training.map(|begun| begun.elapsed())
    });
    let Some(trained) = trained else {
        return missing("Agent");
    };
    let (status, progress) = match trained {
        None => ("created", 0.0),
        Some(trained) if trained >= TRAINING => ("ready", 1.0),
        Some(trained) => ("training", trained.as_secs_f64() / TRAINING.as_secs_f64()),
    };
    Json(json!({ "agent_id": id, "status": status, "progress": progress })).into_response()
}

pub(super) async fn remove(
    user: AuthenticatedUser,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Response {
    if app.journeys.agents.remove(&id, &user.organization) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        missing("Agent")
    }
}
