//! How TLS is spoken: the same for the load and for the control client.

use std::sync::{Arc, OnceLock};

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::{ConnectError, TlsFault};
use crate::profile::HttpVersion;

/// How ALPN names HTTP/1.1.
const ONE: &[u8] = b"http/1.1";
/// How ALPN names HTTP/2.
pub(super) const TWO: &[u8] = b"h2";

/// The same TLS, offering what a setting allows, the better one first.
pub(super) fn offering(config: &ClientConfig, http: HttpVersion) -> ClientConfig {
    let offered: &[&[u8]] = match http {
        HttpVersion::Auto => &[TWO, ONE],
        HttpVersion::Http11 => &[ONE],
        HttpVersion::Http2 => &[TWO],
    };
    let mut config = config.clone();
    config.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
    config
}

/// TLS towards a target that speaks HTTP/1.1: certificates are verified against this machine's roots, or not at all if
/// `insecure`.
///
/// # Errors
/// [`ConnectError::NoRoots`] when certificates are to be verified and this machine has none to do it with.
pub(super) fn config(insecure: bool) -> Result<ClientConfig, ConnectError> {
    let verifier = if insecure {
        CertificateVerifier::Any
    } else {
        CertificateVerifier::Roots(native_roots()?)
    };
    Ok(configure(verifier))
}

pub(super) enum CertificateVerifier {
    Any,
    Roots(Arc<RootCertStore>),
}

pub(super) fn configure(verifier: CertificateVerifier) -> ClientConfig {
    let provider = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider as Arc<CryptoProvider>)
        .with_safe_default_protocol_versions()
        .expect("ring speaks the default versions");
    let mut config = match verifier {
        CertificateVerifier::Roots(roots) => {
            builder.with_root_certificates(roots).with_no_client_auth()
        }
        CertificateVerifier::Any => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(
                algorithms.supported_schemes(),
            )))
            .with_no_client_auth(),
    };
    config.alpn_protocols = vec![ONE.to_vec()];
    // Every virtual user is separate: none may continue another one's session, or the target
    // would be spared handshakes that real users cost it.
    config.resumption = Resumption::disabled();
    config
}

/// This machine's root certificates, read once: on some systems that takes a tenth of a second.
fn native_roots() -> Result<Arc<RootCertStore>, ConnectError> {
    static ROOTS: OnceLock<Result<Arc<RootCertStore>, String>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (taken, _) = roots.add_parsable_certificates(found.certs);
        if taken == 0 {
            let first = found.errors.first().map(ToString::to_string);
            return Err(first.unwrap_or_else(|| "none are installed".to_owned()));
        }
        Ok(Arc::new(roots))
    });
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .map(|name| (name, std::env::var_os(name)))
        .map(|(name, path)| path.map(|path| format!("{name}={}", path.display())));
    roots.clone().map_err(|why| no_roots(&named, why))
}

/// Where the environment names the files, those of the machine are not looked for.
fn no_roots(named: &[Option<String>], why: String) -> ConnectError {
    let named: Vec<&str> = named.iter().flatten().map(String::as_str).collect();
    if named.is_empty() {
        return ConnectError::NoRoots(why);
    }
    ConnectError::Roots(TlsFault::roots(format!("{}: {why}", named.join(", "))))
}

/// Takes every certificate: self-signed, expired, of another host.
#[derive(Debug)]
struct AnyCertificate(Vec<SignatureScheme>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    // Checking these would fail on certificates that the verifier's parser cannot read, such as
    // version 1 ones of old appliances; and accepting any certificate gains nothing by it.
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_that_cannot_be_read_are_those_that_the_environment_names() {
        let none = || "No such file or directory".to_owned();
        let own = no_roots(&[None, None], none());
        assert!(matches!(own, ConnectError::NoRoots(_)), "{own}");
        let named = no_roots(
            &[Some("SSL_CERT_FILE=/etc/my.pem".to_owned()), None],
            none(),
        );
        assert_eq!(
            named.to_string(),
            "the root certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read \
             (SSL_CERT_FILE=/etc/my.pem: No such file or directory)"
        );
        assert!(named.advice().unwrap().contains("unset it"));
    }
}
