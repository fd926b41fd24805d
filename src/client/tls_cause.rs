//! Why TLS failed, and what to do about it.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, CertificateError, PeerIncompatible, SignatureScheme};

/// Letters of a certificate's names that are shown.
const MOST_NAMES: usize = 80;

/// Why TLS failed, and what the system or the library said.
#[derive(Debug)]
pub struct TlsFault {
    cause: TlsCause,
    said: String,
    source: Option<io::Error>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TlsCause {
    ClientCertificate,
    Authority,
    Issuer,
    Name,
    UnknownName,
    Expired,
    NotYet,
    Cipher,
    Version,
    NotTls,
    Closed,
    Roots,
    Other,
}

/// What each cause is called, and what to do about it.
const CAUSES: [(TlsCause, &str, &str); 12] = [
    (
        TlsCause::ClientCertificate,
        "the server requires a client certificate, which is not supported yet",
        "Let this machine in without a client certificate while testing, or load the service behind the proxy that asks \
         for it.",
    ),
    (
        TlsCause::Authority,
        "its certificate is that of an authority, not of a server",
        "Give the server a certificate of its own, signed by that authority (`basicConstraints = CA:FALSE`), or pass \
         --insecure, which takes any certificate.",
    ),
    (
        TlsCause::Issuer,
        "its certificate is not signed by an authority that this machine trusts",
        "Add the authority's certificate to those that this machine trusts, or name its PEM file in the variable \
         SSL_CERT_FILE. --insecure takes any certificate.",
    ),
    (
        TlsCause::Name,
        "its certificate is for another name",
        "Pass the name that the certificate is made for by --target-url. --insecure takes any certificate.",
    ),
    (
        TlsCause::UnknownName,
        "the server has no certificate for this name",
        "Pass the name that the service is known by in --target-url: where that has an IP address, no name is sent.",
    ),
    (
        TlsCause::Expired,
        "its certificate has expired",
        "Renew the certificate, or set this machine's clock. --insecure takes any certificate.",
    ),
    (
        TlsCause::NotYet,
        "its certificate is not valid yet",
        "Set the clock of this machine or of the server. --insecure takes any certificate.",
    ),
    (
        TlsCause::Cipher,
        "the server and this client have no cipher in common",
        "Enable TLS 1.3 in the server, or for TLS 1.2 ECDHE with AES-GCM or ChaCha20-Poly1305: older ciphers are not \
         spoken.",
    ),
    (
        TlsCause::Version,
        "the server speaks no TLS version that this client speaks",
        "Enable TLS 1.2 or 1.3 in the server: older versions are not spoken.",
    ),
    (
        TlsCause::NotTls,
        "what answers at this port does not speak TLS",
        "If the service speaks plain HTTP there, pass its address with http:// by --target-url.",
    ),
    (
        TlsCause::Closed,
        "the server closed the connection in the handshake",
        "Does the service speak TLS at this port? If so, its log says why it closes; a proxy in front of it may not \
         know this name.",
    ),
    (
        TlsCause::Roots,
        "the root certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read",
        "Correct SSL_CERT_FILE or SSL_CERT_DIR, or unset it: then those of this machine are used.",
    ),
];

impl TlsFault {
    /// What an error of a TLS connection means. `asked` says whether the server asked for a client certificate.
    pub(super) fn of(error: io::Error, asked: &ClientCertificate) -> TlsFault {
        let cause = match inner(&error) {
            Some(error) => cause(error, asked.was_asked_for()),
            None if error.kind() == io::ErrorKind::UnexpectedEof => TlsCause::Closed,
            None => TlsCause::Other,
        };
        let said = match inner(&error) {
            Some(rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
                presented,
                ..
            })) => names(presented),
            _ => error.to_string(),
        };
        TlsFault {
            cause,
            said,
            source: Some(error),
        }
    }

    /// The files of root certificates cannot be read.
    pub(super) fn roots(said: String) -> TlsFault {
        TlsFault {
            cause: TlsCause::Roots,
            said,
            source: None,
        }
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = CAUSES.iter().find(|(cause, ..)| *cause == self.cause);
        match known {
            Some((_, what, _)) => write!(f, "{what} ({})", self.said),
            None => f.write_str(&self.said),
        }
    }
}

impl Error for TlsFault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.source.as_ref()?;
        Some(source)
    }
}

/// What to do about a fault, found by the words that a message has from it.
pub(super) fn advice(message: &str) -> Option<&'static str> {
    let found = CAUSES.iter().find(|(_, what, _)| message.contains(what));
    found.map(|(.., advice)| *advice)
}

fn cause(error: &rustls::Error, asked: bool) -> TlsCause {
    use rustls::Error as Tls;
    match error {
        Tls::AlertReceived(alert) => of_alert(*alert, asked),
        Tls::InvalidCertificate(why) => of_certificate(why),
        Tls::PeerIncompatible(why) => of_peer(why),
        Tls::InvalidMessage(_) | Tls::InappropriateMessage { .. } => TlsCause::NotTls,
        _ => TlsCause::Other,
    }
}

fn of_alert(alert: AlertDescription, asked: bool) -> TlsCause {
    use AlertDescription as Alert;
    match alert {
        Alert::CertificateRequired => TlsCause::ClientCertificate,
        Alert::HandshakeFailure | Alert::BadCertificate | Alert::NoCertificate if asked => {
            TlsCause::ClientCertificate
        }
        Alert::HandshakeFailure | Alert::InsufficientSecurity => TlsCause::Cipher,
        Alert::ProtocolVersion => TlsCause::Version,
        Alert::UnrecognisedName => TlsCause::UnknownName,
        _ => TlsCause::Other,
    }
}

fn of_certificate(why: &CertificateError) -> TlsCause {
    match why {
        // The latter where an authority has the name of one that is trusted, such as its own old one.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsCause::Issuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsCause::Name
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsCause::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsCause::NotYet
        }
        // The type is of a crate that is not used here.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            TlsCause::Authority
        }
        _ => TlsCause::Other,
    }
}

fn of_peer(why: &PeerIncompatible) -> TlsCause {
    match why {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig => TlsCause::Version,
        PeerIncompatible::NoCipherSuitesInCommon
        | PeerIncompatible::NoKxGroupsInCommon
        | PeerIncompatible::NoSignatureSchemesInCommon
        | PeerIncompatible::KeyShareExtensionRequired => TlsCause::Cipher,
        _ => TlsCause::Other,
    }
}

fn names(presented: &[String]) -> String {
    match presented {
        [] => "it has no subjectAltName".to_owned(),
        names => {
            let bare: Vec<&str> = names.iter().map(|name| bare(name)).collect();
            bare.join(", ").chars().take(MOST_NAMES).collect()
        }
    }
}

/// `example.com`, of which the library says `DnsName("example.com")`.
fn bare(name: &str) -> &str {
    let inner = name.split_once('(').map_or(name, |(_, inner)| inner);
    inner.trim_end_matches(')').trim_matches('"')
}

/// The error of TLS itself. It comes wrapped in those of the stream, at times twice.
pub(super) fn inner(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    match inner.downcast_ref::<io::Error>() {
        Some(wrapped) => self::inner(wrapped),
        None => inner.downcast_ref(),
    }
}

/// Has no client certificate, and remembers whether a server asked for one.
#[derive(Debug, Default)]
pub(super) struct ClientCertificate(AtomicBool);

impl ClientCertificate {
    fn was_asked_for(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for ClientCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
