use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, routing::MethodRouter, routing::post};
use serde::Deserialize;
use serde_json::json;

use super::app::App;
use super::auth::mint_token;
use super::store::DEMO_ORGANIZATION;

/// The password of every user of the embedded server.
pub const DEMO_PASSWORD: &str = "reference";

const DOMAIN: &str = "@example.com";
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// `POST`: a token for an address and its password.
pub(super) fn login() -> MethodRouter<Arc<App>> {
    post(answer)
}

// Not `Debug`: what is not shown can't be logged.
#[derive(Deserialize)]
struct LoginForm {
    email: String,
    password: String,
}

async fn answer(
    State(app): State<Arc<App>>,
    credentials: Result<Json<LoginForm>, JsonRejection>,
) -> Response {
    let Ok(Json(credentials)) = credentials else {
        return detail(
            StatusCode::UNPROCESSABLE_ENTITY,
            "The body must be JSON with email and password",
        );
    };
    let user = user(&credentials.email).filter(|_| credentials.password == DEMO_PASSWORD);
    let Some(user) = user else {
        return detail(StatusCode::UNAUTHORIZED, "Incorrect email or password");
    };
    let token = mint_token(&app.secret, user, DEMO_ORGANIZATION, LIFETIME);
    Json(json!({
        "access_token": token,
        "token_type": "bearer",
        "expires_in": LIFETIME.as_secs(),
    }))
    .into_response()
}

fn detail(status: StatusCode, detail: &str) -> Response {
    (status, Json(json!({ "detail": detail }))).into_response()
}

/// As many users as are asked for: `user-N@example.com`, with N above zero.
fn user(email: &str) -> Option<&str> {
    let user = email.strip_suffix(DOMAIN)?;
    let number = user.strip_prefix("user-")?;
    let plain = number.len() <= 9
        && !number.starts_with('0')
        && !number.is_empty()
        && number.bytes().all(|digit| digit.is_ascii_digit());
    plain.then_some(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_is_a_user() {
        let table = [
            ("user-1@example.com", Some("user-1")),
            ("user-100000@example.com", Some("user-100000")),
            ("user-0@example.com", None),
            ("user-01@example.com", None),
            ("user-@example.com", None),
            ("user-1x@example.com", None),
            ("user-1234567890@example.com", None),
            ("user-1", None),
            ("admin@example.com", None),
        ];
        for (email, expected) in table {
            assert_eq!(user(email), expected, "{email}");
        }
    }
}
