use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::app::App;
use super::jwt::{self, Key};
use super::{PublicKey, SigningSecret};

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    org_id: Option<String>,
    exp: u64,
    /// The audience of the token; the service has none, so it rejects tokens that name one.
    #[serde(default, skip_serializing)]
    aud: Option<IgnoredAny>,
}

/// A token by which the server takes its bearer for this user of this organization.
///
/// # Panics
///
/// Never: these claims can always be written.
pub fn mint_token(secret: &SigningSecret, user_id: &str, org_id: &str, ttl: Duration) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let claims = Claims {
        sub: user_id.to_owned(),
        org_id: Some(org_id.to_owned()),
        exp: now.saturating_add(ttl).as_secs(),
        aud: None,
    };
    jwt::sign(&claims, secret.expose()).expect("plain claims")
}

/// Verifies tokens.
pub(super) struct TokenVerifier {
    secret: Key,
    public_key: Option<Key>,
}

impl TokenVerifier {
    pub(super) fn new(secret: &SigningSecret, public_key: Option<&PublicKey>) -> Self {
        Self {
            secret: Key::hs256(secret.expose()),
            public_key: public_key.map(|key| Key::Rs256(key.clone())),
        }
    }

    fn user(&self, headers: &HeaderMap) -> Result<AuthenticatedUser, Denied> {
        let token = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(bearer)
            .ok_or(Denied::Missing)?;
        self.holder(token)
    }

    /// Whose token this is.
    pub(super) fn holder(&self, token: &str) -> Result<AuthenticatedUser, Denied> {
        let signed = |key: &Key| key.claims::<Claims>(token);
        let claims = signed(&self.secret)
            .or_else(|| self.public_key.as_ref().and_then(signed))
            .filter(Claims::hold)
            .ok_or(Denied::Bad)?;
        Ok(AuthenticatedUser {
            id: claims.sub,
            organization: claims.org_id.unwrap_or_default(),
        })
    }
}

impl Claims {
    fn hold(&self) -> bool {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        self.exp >= now.as_secs() && self.aud.is_none()
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whose token came with the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AuthenticatedUser {
    pub(super) id: String,
    pub(super) organization: String,
}

impl FromRequestParts<Arc<App>> for AuthenticatedUser {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Denied> {
        app.verifier.user(&parts.headers)
    }
}

/// Why a request is not let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Denied {
    Missing,
    Bad,
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        match self {
            Self::Missing => {
                let body = Json(json!({ "detail": "Not authenticated" }));
                (StatusCode::FORBIDDEN, body).into_response()
            }
            Self::Bad => {
                let body = Json(json!({ "detail": "Invalid authentication token" }));
                let challenge = [(WWW_AUTHENTICATE, "Bearer")];
                (StatusCode::UNAUTHORIZED, challenge, body).into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn secret(secret: &str) -> SigningSecret {
        SigningSecret::from(secret.to_owned())
    }

    fn outcome(authorization: Option<&str>) -> Result<AuthenticatedUser, Denied> {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, value.parse().unwrap());
        }
        TokenVerifier::new(&secret("right"), None).user(&headers)
    }

    #[test]
    fn a_good_token_names_its_user() {
        let token = mint_token(&secret("right"), "u-1", "o-1", HOUR);
        let user = AuthenticatedUser {
            id: "u-1".into(),
            organization: "o-1".into(),
        };
        assert_eq!(outcome(Some(&format!("Bearer {token}"))), Ok(user));
        assert!(outcome(Some(&format!("bearer {token}"))).is_ok());
    }

    #[test]
    fn a_public_key_lets_its_own_tokens_in_and_no_others() {
        let pem = include_bytes!("testdata/rs256.pub.pem");
        let key = PublicKey::from_pem(pem).unwrap();
        let verifier = TokenVerifier::new(&secret("right"), Some(&key));
        let token = include_str!("testdata/rs256.jwt");
        assert_eq!(verifier.holder(token).unwrap().id, "u-1");
        let own = mint_token(&secret("right"), "u-2", "o-1", HOUR);
        assert_eq!(verifier.holder(&own).unwrap().id, "u-2");
        // The old trick: what everybody knows of the key taken for a shared secret.
        let pem = String::from_utf8(pem.to_vec()).unwrap();
        let forged = mint_token(&secret(&pem), "u-3", "o-1", HOUR);
        assert_eq!(verifier.holder(&forged), Err(Denied::Bad));
        let without = TokenVerifier::new(&secret("right"), None);
        assert_eq!(without.holder(token), Err(Denied::Bad));
    }

    #[test]
    fn no_token_is_missing() {
        for header in [None, Some("Bearer"), Some("Basic dTpw"), Some("")] {
            assert_eq!(outcome(header), Err(Denied::Missing), "{header:?}");
        }
    }

    #[test]
    fn a_token_that_proves_nothing_is_bad() {
        let signed = |claims| jwt::sign(&claims, b"right").unwrap();
        // Signed with HS512 by another implementation (Python's `hmac`), with the right secret.
        let hs512 = include_str!("testdata/hs512.jwt");
        let tokens = [
            "nonsense".to_owned(),
            mint_token(&secret("wrong"), "u-1", "o-1", HOUR),
            signed(json!({ "sub": "u-1", "exp": 1 })),
            signed(json!({ "sub": "u-1" })),
            signed(json!({ "exp": 9_999_999_999_u64 })),
            signed(json!({ "sub": "u-1", "exp": 9_999_999_999_u64, "aud": "another" })),
            hs512.to_owned(),
        ];
        for token in tokens {
            assert_eq!(
                outcome(Some(&format!("Bearer {token}"))),
                Err(Denied::Bad),
                "{token}"
            );
        }
    }
}
