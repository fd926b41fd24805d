//! Conversations with the principal agent; the client chooses their identifiers.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::{detail, missing, unreadable};
use crate::app::App;
use crate::auth::AuthenticatedUser;

/// What a thousand tokens cost.
const PRICE: f64 = 0.002;

/// What has been said so far.
#[derive(Default)]
pub(super) struct Conversation {
    turns: u32,
    tokens: usize,
}

#[derive(Deserialize)]
pub(super) struct ChatForm {
    message: String,
    conversation_id: String,
}

pub(super) async fn answer(
    user: AuthenticatedUser,
    State(app): State<Arc<App>>,
    form: Result<Json<ChatForm>, JsonRejection>,
) -> Response {
    let Ok(Json(form)) = form else {
        return unreadable("The body must be JSON with message and conversation_id");
    };
    let begun = Instant::now();
    let said = form.message.split_whitespace().count();
    let talk = |conversation: &mut Conversation| {
        conversation.turns += 1;
        let reply = format!("Turn {}: {said} words were understood.", conversation.turns);
        // The model reads all of the conversation again.
        conversation.tokens += said + reply.split_whitespace().count();
        (reply, conversation.turns, conversation.tokens)
    };
    let conversations = &app.journeys.conversations;
    let (id, organization) = (&form.conversation_id, &user.organization);
    let known = conversations.with(id, organization, talk);
    let told = known.or_else(|| {
        let has_room = conversations.put(id, organization, Conversation::default());
        has_room.then(|| conversations.with(id, organization, talk))?
    });
    let Some((reply, turns, tokens)) = told else {
        return detail(StatusCode::INSUFFICIENT_STORAGE, "Too many conversations");
    };
    Json(json!({
        "response": reply,
        "conversation_id": form.conversation_id,
        "turn": turns,
        "tokens_used": tokens,
        "cost": tokens as f64 / 1000.0 * PRICE,
        "execution_time": begun.elapsed().as_secs_f64(),
    }))
    .into_response()
}

pub(super) async fn remove(
    user: AuthenticatedUser,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Response {
    if app.journeys.conversations.remove(&id, &user.organization) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        missing("Conversation")
    }
}
