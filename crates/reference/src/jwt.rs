//! Tokens (JSON Web Tokens, RFC 7519) in the two algorithms that the service knows.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use ring::hmac;
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use webpki::RawPublicKeyEntity;
use webpki::ring::RSA_PKCS1_2048_8192_SHA256 as RSA;

/// A token with these claims, signed with HS256.
pub(super) fn sign(claims: &impl Serialize, secret: &[u8]) -> serde_json::Result<String> {
    let header = BASE64URL.encode(r#"{"typ":"JWT","alg":"HS256"}"#);
    let claims = BASE64URL.encode(serde_json::to_vec(claims)?);
    let message = format!("{header}.{claims}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = BASE64URL.encode(hmac::sign(&key, message.as_bytes()));
    Ok(format!("{message}.{signature}"))
}

/// What a token's signature is checked with.
pub(super) enum Key {
    Hs256(hmac::Key),
    Rs256(PublicKey),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

impl Key {
    pub(super) fn hs256(secret: &[u8]) -> Self {
        Self::Hs256(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// What the token states, if it is signed with this key and its algorithm.
    pub(super) fn claims<T: DeserializeOwned>(&self, token: &str) -> Option<T> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header: Header = serde_json::from_slice(&BASE64URL.decode(header).ok()?).ok()?;
        let signature = BASE64URL.decode(signature).ok()?;
        let signed = match self {
            // Each key takes its own algorithm alone, so that no token chooses how it is checked.
            Self::Hs256(key) => {
                header.alg == "HS256" && hmac::verify(key, message.as_bytes(), &signature).is_ok()
            }
            Self::Rs256(key) => {
                header.alg == "RS256" && key.has_signed(message.as_bytes(), &signature)
            }
        };
        let claims = signed.then(|| BASE64URL.decode(claims).ok())??;
        serde_json::from_slice(&claims).ok()
    }
}

/// An RSA key that tokens can be checked with.
#[derive(Clone)]
pub struct PublicKey(SubjectPublicKeyInfoDer<'static>);

/// A text that is not an RSA key.
#[derive(Debug, Error)]
#[error("no RSA public key in PEM (`-----BEGIN PUBLIC KEY-----`)")]
pub struct PublicKeyError;

impl PublicKey {
    /// Reads PEM.
    ///
    /// # Errors
    ///
    /// When it is none, or the key of another algorithm.
    pub fn from_pem(pem: &[u8]) -> Result<Self, PublicKeyError> {
        let key = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| PublicKeyError)?;
        // Of a key of another algorithm it is not the signature that is wrong.
        match check(&key, b"", b"") {
            Ok(()) | Err(webpki::Error::InvalidSignatureForPublicKey) => Ok(Self(key)),
            Err(_) => Err(PublicKeyError),
        }
    }

    fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        check(&self.0, message, signature).is_ok()
    }
}

fn check(
    key: &SubjectPublicKeyInfoDer<'_>,
    message: &[u8],
    signature: &[u8],
) -> Result<(), webpki::Error> {
    RawPublicKeyEntity::try_from(key)?.verify_signature(RSA, message, signature)
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_public_rsa_key_is_one() {
        let elliptic = rcgen::KeyPair::generate().unwrap();
        for pem in [
            "",
            "hunter2",
            &elliptic.public_key_pem(),
            &elliptic.serialize_pem(),
        ] {
            assert!(PublicKey::from_pem(pem.as_bytes()).is_err(), "{pem}");
        }
    }

    #[test]
    fn a_token_that_was_changed_anywhere_states_nothing() {
        let key = Key::hs256(b"right");
        let token = sign(&serde_json::json!({ "sub": "u-1" }), b"right").unwrap();
        assert!(key.claims::<serde_json::Value>(&token).is_some());
        for place in 0..token.len() {
            let other = if token.as_bytes()[place] == b'A' {
                "B"
            } else {
                "A"
            };
            let mut changed = token.clone();
            changed.replace_range(place..=place, other);
            assert!(
                key.claims::<serde_json::Value>(&changed).is_none(),
                "{changed}"
            );
        }
    }
}
