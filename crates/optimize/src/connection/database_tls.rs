//! How TLS is spoken to a database: the parameters that libpq has for it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;

use super::tls::{NoRoots, Trust, client_config};
use agentos_perf_core::diagnostic::InvalidValue;

/// Those that are read here; the driver knows two modes, and no files.
pub const PARAMETERS: [&str; 4] = ["sslmode", "sslrootcert", "sslcert", "sslkey"];

pub(super) const MODES: [(&str, Mode); 6] = [
    ("disable", Mode::Disable),
    ("allow", Mode::Allow),
    ("prefer", Mode::Prefer),
    // Encryption without knowing the peer does not keep others from listening.
    ("require", Mode::Full),
    ("verify-ca", Mode::AnyName),
    ("verify-full", Mode::Full),
];

/// A parameter as it was given.
pub struct Stated {
    /// Where it was given, as messages name it.
    place: String,
    value: String,
}

impl Stated {
    /// A value, and where it stands: the name of the parameter, or of a variable.
    pub fn new(place: impl Into<String>, value: impl Into<String>) -> Stated {
        Stated {
            place: place.into(),
            value: value.into(),
        }
    }

    fn file<T>(&self, read: impl Fn(&Path) -> Result<T, String>) -> Result<T, InvalidValue> {
        read(Path::new(&self.value))
            .map_err(|why| InvalidValue::new(format!("{}: {}: {why}", self.place, self.value)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Disable,
    Allow,
    Prefer,
    AnyName,
    Full,
}

/// Whether and how TLS is spoken, with all that its files hold.
#[derive(Clone)]
pub(super) struct DatabaseTls {
    mode: Mode,
    /// Whether it was given.
    is_named: bool,
    /// `None` for this machine's.
    roots: Option<Arc<RootCertStore>>,
    /// Who asks.
    own: Option<Arc<CertifiedKey>>,
}

impl DatabaseTls {
    pub(super) fn new(
        stated: &dyn Fn(&str) -> Option<Stated>,
        is_near: bool,
        is_socket: bool,
    ) -> Result<DatabaseTls, InvalidValue> {
        let named = stated("sslmode").map(|mode| named(&mode)).transpose()?;
        let roots = stated("sslrootcert").filter(|roots| !roots.value.is_empty());
        let of_machine = roots.as_ref().is_some_and(|roots| roots.value == "system");
        let mode = match named {
            // There is no network in between, and libpq speaks none there either.
            _ if is_socket => Mode::Disable,
            Some(mode) => mode,
            None if of_machine => Mode::Full,
            // Certificates on this machine are seldom more than a placeholder.
            None if is_near && roots.is_none() => Mode::Disable,
            None => Mode::Prefer,
        };
        let mut tls = DatabaseTls {
            mode,
            is_named: named.is_some() || is_socket,
            roots: None,
            own: None,
        };
        if mode == Mode::Disable {
            return Ok(tls);
        }
        if of_machine && mode != Mode::Full {
            return Err(InvalidValue::new(
                "sslrootcert=system is for sslmode=verify-full alone",
            ));
        }
        if mode == Mode::AnyName && roots.is_none() {
            let what = "sslmode=verify-ca wants the authority's certificate: sslrootcert=FILE";
            return Err(InvalidValue::new(what).help(
                "this machine's roots sign for everybody: with them, take sslmode=verify-full",
            ));
        }
        if let Some(roots) = roots.filter(|_| !of_machine) {
            tls.roots = Some(Arc::new(roots.file(read_roots)?));
        }
        tls.own = own(stated)?.map(Arc::new);
        Ok(tls)
    }

    /// How it is tried: whenever the server does not want it one way, the next.
    pub(super) fn attempts(&self) -> &'static [SslMode] {
        match self.mode {
            Mode::Disable => &[SslMode::Disable],
            Mode::Allow => &[SslMode::Disable, SslMode::Require],
            Mode::Prefer => &[SslMode::Prefer, SslMode::Disable],
            Mode::AnyName | Mode::Full => &[SslMode::Require],
        }
    }

    /// Whether it is without TLS only because TLS was not requested.
    pub(super) fn is_unasked(&self) -> bool {
        !self.is_named && self.mode == Mode::Disable
    }

    pub(super) fn config(&self, insecure: bool) -> Result<ClientConfig, NoRoots> {
        let trust = match (&self.roots, self.mode) {
            _ if insecure => Trust::Anybody,
            // It is not used, and not every machine has roots.
            (_, Mode::Disable) => Trust::Anybody,
            (Some(roots), Mode::AnyName) => Trust::AnyNameOf(Arc::clone(roots)),
            (Some(roots), _) => Trust::Roots(Arc::clone(roots)),
            (None, _) => Trust::Machine,
        };
        let mut config = client_config(trust)?;
        if let Some(own) = &self.own {
            let own = SingleCertAndKey::from(Arc::clone(own));
            config.client_auth_cert_resolver = Arc::new(own);
        }
        Ok(config)
    }
}

fn named(stated: &Stated) -> Result<Mode, InvalidValue> {
    let found = MODES.iter().find(|(name, _)| *name == stated.value);
    found.map(|(_, mode)| *mode).ok_or_else(|| {
        let names = MODES.map(|(name, _)| name);
        let names = names.join(", ");
        InvalidValue::new(format!("{} is none of {names}", stated.place))
    })
}

fn read_roots(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(certificates(path)?);
    if taken == 0 {
        return Err("it holds no certificate that can be read".to_owned());
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = fs::read(path).map_err(|error| error.to_string())?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(without_mark(&text)).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err("it holds no certificates in PEM".to_owned()),
    }
}

/// The client, if a certificate identifies it.
fn own(stated: &dyn Fn(&str) -> Option<Stated>) -> Result<Option<CertifiedKey>, InvalidValue> {
    let given = |name: &str| stated(name).filter(|stated| !stated.value.is_empty());
    match (given("sslcert"), given("sslkey")) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            let chain = certificate.file(certificates)?;
            let read = key.file(read_key)?;
            let own = CertifiedKey::from_der(chain, read, &ring::default_provider());
            own.map(Some).map_err(|_| {
                let Stated { place, value } = key;
                InvalidValue::new(format!("{place}: {value}: it is not the certificate's key, or of a kind that is not known"))
            })
        }
        _ => Err(InvalidValue::new("sslcert and sslkey go together")),
    }
}

/// The bytes without the byte order mark that some editors write.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    if is_open(path) {
        // As libpq has it.
        return Err("others may read it; chmod 600 it".to_owned());
    }
    let text = fs::read(path).map_err(|error| error.to_string())?;
    if text.windows(9).any(|word| word == b"ENCRYPTED") {
        return Err(
            "it is encrypted, and only what is not can be read: openssl pkey -in FILE -out PLAIN"
                .to_owned(),
        );
    }
    PrivateKeyDer::from_pem_slice(without_mark(&text))
        .map_err(|_| "it holds no key in PEM".to_owned())
}

#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    // A group may read what only root can have put there for it.
    let refused = |uid: u32| if uid == 0 { 0o037 } else { 0o077 };
    fs::metadata(path).is_ok_and(|file| file.mode() & refused(file.uid()) != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}
