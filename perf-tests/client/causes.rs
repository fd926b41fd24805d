//! Why there is no connection over TLS, and what to do: each cause on a socket of its own.

use std::fmt::Write as _;
use std::sync::Arc;

use agentos_perf::client::{Connection, Connector, PreparedRequest, preflight};
use agentos_perf::profile::Destination;
use h2::Reason;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::http2_server::{Http2Server, Reply};
use crate::preflights::plan;
use crate::server::{LONG, OK, Server, Step, bounds, certificate, destination, endpoint, send};

/// A server whose certificate is that of an authority.
fn authority() -> ServerConfig {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

/// A server that takes only clients with a certificate.
fn mutual(version: &'static SupportedProtocolVersion) -> ServerConfig {
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

/// A server that answers the first bytes of a connection with these.
async fn answering(bytes: &'static [u8]) -> Destination {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.readable().await.unwrap();
        // The greeting is taken off, or the end of the connection would be a reset.
        let _ = stream.try_read(&mut [0; 16 * 1024]);
        stream.write_all(bytes).await.unwrap();
    });
    destination(&format!("https://{address}"))
}

async fn serving(config: ServerConfig, insecure: bool) -> Destination {
    let script = vec![Step::Read, send(OK), Step::Hang];
    let server = Server::encrypted(config, vec![script]).await;
    Destination {
        insecure,
        ..destination(&format!("https://{}", server.address))
    }
}

/// Why a first request had no connection, and what to do about it.
async fn why(destination: Destination) -> String {
    let mut connection = Connection::new(Connector::new(&destination).unwrap());
    let request = PreparedRequest::new(&[], &endpoint("GET", "/"), &destination).unwrap();
    let give_up = Instant::now() + LONG;
    let exchange = connection.exchange(&request, &bounds(LONG), give_up).await;
    let refusal = connection.refusal().expect("no connection");
    let advice = refusal.advice().unwrap_or("(no advice)");
    let refusal = refusal.to_string();
    // When it expired is said to the second, and how long ago that is.
    let refusal = match refusal.split_once(": verification time") {
        Some((refusal, _)) => format!("{refusal})"),
        None => refusal,
    };
    format!("{}\n    {refusal}\n    {advice}", exchange.outcome)
}

/// What a load and the preflight say of a target that answers like this.
async fn of_http2(reply: Reply, times: usize) -> String {
    let server = Http2Server::plain(vec![vec![reply; times]; 8]).await;
    let destination = server.destination();
    let mut connection = Connection::new(Connector::new(&destination).unwrap());
    let request = PreparedRequest::new(&[], &endpoint("GET", "/x"), &destination).unwrap();
    let give_up = Instant::now() + LONG;
    let exchange = connection.exchange(&request, &bounds(LONG), give_up).await;
    let said = connection.excerpt(&request);
    let outcome = exchange.outcome;
    drop(connection);
    let before = match preflight(&plan(&["/x"]), &destination).await {
        Ok(ready) => ready.notes.join("\n    "),
        Err(failure) => failure.to_string(),
    };
    let before = before.replace(&server.address.to_string(), "HOST");
    format!("{outcome}: {said}\n    {before}")
}

#[tokio::test]
async fn each_code_of_http2_is_named_by_the_load_and_by_the_preflight() {
    let reset = Reply::Reset;
    let cases = [
        ("CANCEL", reset(Reason::CANCEL), 3),
        ("INTERNAL_ERROR", reset(Reason::INTERNAL_ERROR), 3),
        ("ENHANCE_YOUR_CALM", reset(Reason::ENHANCE_YOUR_CALM), 3),
        ("HTTP_1_1_REQUIRED", reset(Reason::HTTP_1_1_REQUIRED), 3),
        // Sent again six times before it counts, and three times by the preflight.
        ("REFUSED_STREAM", reset(Reason::REFUSED_STREAM), 21),
        ("no code", Reply::Abort, 3),
        ("in the body", Reply::Part(200, Reason::CANCEL), 3),
    ];
    let mut table = String::new();
    for (name, reply, times) in cases {
        let said = of_http2(reply, times).await;
        writeln!(table, "{name}: {said}").unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn each_failure_of_tls_says_its_cause_and_what_to_do() {
    let plain = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    let causes = [
        (
            "a client certificate, TLS 1.3",
            serving(mutual(&rustls::version::TLS13), true).await,
        ),
        (
            "a client certificate, TLS 1.2",
            serving(mutual(&rustls::version::TLS12), true).await,
        ),
        (
            "an authority's own certificate",
            serving(authority(), false).await,
        ),
        (
            "an authority that is not trusted",
            serving(certificate(2090), false).await,
        ),
        ("expired", serving(certificate(2002), false).await),
        // Fatal alerts: handshake_failure, protocol_version, unrecognized_name.
        (
            "no common cipher",
            answering(&[21, 3, 3, 0, 2, 2, 40]).await,
        ),
        (
            "no common version",
            answering(&[21, 3, 3, 0, 2, 2, 70]).await,
        ),
        (
            "a name that is not known",
            answering(&[21, 3, 3, 0, 2, 2, 112]).await,
        ),
        ("https to a port of http", answering(plain).await),
        ("closed without a word", answering(b"").await),
    ];
    let mut table = String::new();
    for (name, destination) in causes {
        let why = why(destination).await;
        writeln!(table, "{name}: {why}").unwrap();
    }
    insta::assert_snapshot!(table);
}
