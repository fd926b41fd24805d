//! Signs users' tokens (JSON Web Tokens, RFC 7519) with the algorithms that a profile can name.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use ring::{error, hmac};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;

/// A key that tokens are signed with.
pub(in crate::harness) enum SigningKey {
    Hs256(hmac::Key),
    Rs256(Box<RsaKeyPair>),
}

impl SigningKey {
    pub(in crate::harness) fn hs256(secret: &[u8]) -> Self {
        Self::Hs256(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// A private RSA key in PEM form; `None` if the text is not one.
    pub(in crate::harness) fn rs256(pem: &[u8]) -> Option<Self> {
        let key = match PrivateKeyDer::from_pem_slice(pem).ok()? {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return None,
        };
        Some(Self::Rs256(Box::new(key.ok()?)))
    }

    /// The token that states these claims.
    pub(in crate::harness) fn token(&self, claims: &Value) -> Result<String, error::Unspecified> {
        let header = match self {
            Self::Hs256(_) => r#"{"typ":"JWT","alg":"HS256"}"#,
            Self::Rs256(_) => r#"{"typ":"JWT","alg":"RS256"}"#,
        };
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        let message = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header));
        let signature = URL_SAFE_NO_PAD.encode(self.sign(message.as_bytes())?);
        Ok(format!("{message}.{signature}"))
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, error::Unspecified> {
        match self {
            Self::Hs256(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                let random = SystemRandom::new();
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Value {
        serde_json::json!({ "exp": 9_999_999_999_u64, "sub": "u-1" })
    }

    /// Computed with Python's `hmac`.
    #[test]
    fn hs256_signs_as_another_implementation_does() {
        let expected = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJleHAiOjk5OTk5OTk5OTksInN1YiI6InUtMSJ9.\
                        qIul5L9BMILftufYNe6XH85lcZTMEeHKV_7QcGaaNK0";
        let token = SigningKey::hs256(b"a key").token(&claims()).unwrap();
        assert_eq!(token, expected);
    }

    /// Key and signature were made with OpenSSL.
    #[test]
    fn rs256_signs_as_another_implementation_does() {
        let keys: [&[u8]; 2] = [
            include_bytes!("testdata/rs256.pkcs8.pem"),
            include_bytes!("testdata/rs256.pkcs1.pem"),
        ];
        for pem in keys {
            let token = SigningKey::rs256(pem).unwrap().token(&claims()).unwrap();
            assert_eq!(token, include_str!("testdata/rs256.jwt"));
        }
    }

    #[test]
    fn only_a_private_rsa_key_signs_with_rs256() {
        let public = include_bytes!("testdata/rs256.pub.pem");
        let elliptic = rcgen::KeyPair::generate().unwrap().serialize_pem();
        for pem in [b"hunter2".as_slice(), public, elliptic.as_bytes()] {
            assert!(SigningKey::rs256(pem).is_none());
        }
    }
}
