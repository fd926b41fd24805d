//! How TLS is spoken to databases, and whose signature a server's certificate needs.

use std::sync::{Arc, OnceLock};

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::verify_ca::AnyName;

/// This machine has no certificate authorities to verify a server with.
#[derive(Debug, Clone, thiserror::Error)]
#[error("this machine has no root certificates to verify the server with ({0})")]
pub struct NoRoots(String);

/// Whose signature a server's certificate needs.
#[derive(Debug, Clone)]
pub(super) enum Trust {
    /// Any certificate is accepted.
    Anybody,
    /// An authority of this machine, for the host that is asked.
    Machine,
    /// One of these authorities, for the host that is asked.
    Roots(Arc<RootCertStore>),
    /// One of these authorities, for any host.
    AnyNameOf(Arc<RootCertStore>),
}

/// A client without a certificate of its own and without a protocol to offer.
pub(super) fn client_config(trust: Trust) -> Result<ClientConfig, NoRoots> {
    let provider = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider as Arc<CryptoProvider>)
        .with_safe_default_protocol_versions()
        .expect("ring speaks the default versions");
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::Anybody => Arc::new(UncheckedCertificate(algorithms.supported_schemes())),
        Trust::AnyNameOf(roots) => Arc::new(AnyName::of(roots, algorithms)),
        Trust::Machine => return Ok(verified(builder.with_root_certificates(machine_roots()?))),
        Trust::Roots(roots) => return Ok(verified(builder.with_root_certificates(roots))),
    };
    let builder = builder.dangerous();
    Ok(verified(builder.with_custom_certificate_verifier(verifier)))
}

type Verified = rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>;

fn verified(builder: Verified) -> ClientConfig {
    let mut config = builder.with_no_client_auth();
    config.resumption = Resumption::disabled();
    config
}

/// This machine's root certificates, read once: on some systems that takes a tenth of a second.
fn machine_roots() -> Result<Arc<RootCertStore>, NoRoots> {
    static ROOTS: OnceLock<Result<Arc<RootCertStore>, NoRoots>> = OnceLock::new();
    let read = || {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (taken, _) = roots.add_parsable_certificates(found.certs);
        if taken > 0 {
            return Ok(Arc::new(roots));
        }
        let first = found.errors.first().map(ToString::to_string);
        let why = first.unwrap_or_else(|| "none are installed".to_owned());
        // Where the environment names the files, those of the machine are not looked for.
        let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| {
            let path = std::env::var_os(name)?;
            Some(format!("{name}={}: ", path.display()))
        });
        let named: String = named.into_iter().flatten().collect();
        Err(NoRoots(named + &why))
    };
    ROOTS.get_or_init(read).clone()
}

/// Accepts every certificate: self-signed, expired, of another host.
#[derive(Debug)]
struct UncheckedCertificate(Vec<SignatureScheme>);

impl ServerCertVerifier for UncheckedCertificate {
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

    // Checking these would fail on certificates that the verifier's parser cannot read, such as version 1 ones of old
    // appliances, and gains nothing where any certificate is accepted.
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
