//! From a destination to an open connection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rustls::ClientConfig;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::addresses::{AddressFound, AddressSlot, Addresses, RoundTrip};
use super::attempt::Version;
use super::cookies::CookieJar;
use super::tls_cause::ClientCertificate;
use super::{ConnectError, Stream, TlsFault, tls, tls_cause};
use crate::profile::{Destination, HttpVersion};

/// A name that no address of answers is looked up again, but not for each of a thousand users.
const LOOK_UP_AGAIN: Duration = Duration::from_secs(1);

/// Makes connections to one destination. Clones share what was learned: the addresses of the name, and
/// which of them answers. May be shared between threads and runtimes.
#[derive(Clone)]
pub struct Connector {
    shared: Arc<ConnectorState>,
    /// The addresses that a load is spread over; `None` where any address that answers is good.
    spread: Option<Arc<Addresses>>,
}

/// A connection that has just been made.
pub(super) struct OpenedStream {
    pub(super) stream: Stream,
    /// How long a packet is on its way there and back, about.
    pub(super) round_trip: Duration,
}

struct ConnectorState {
    host: Host<String>,
    port: u16,
    tls: Option<Tls>,
    http: HttpVersion,
    known: Mutex<ResolvedAddresses>,
    round_trip: RoundTrip,
}

struct Tls {
    asked: Arc<ClientCertificate>,
    name: ServerName<'static>,
    /// Offers what requests may be sent in.
    http: TlsConnector,
    /// Offers HTTP/1.1 alone, with which WebSockets begin.
    one: TlsConnector,
}

#[derive(Clone, Default)]
struct ResolvedAddresses {
    /// The address that last answered comes first.
    addresses: Arc<[SocketAddr]>,
    looked_up: Option<Instant>,
    first_answers: bool,
}

impl Connector {
    /// The target's origin.
    pub(super) fn origin(&self) -> Option<Url> {
        let scheme = self.shared.tls.as_ref().map_or("http", |_| "https");
        Url::parse(&format!(
            "{scheme}://{}:{}",
            self.shared.host, self.shared.port
        ))
        .ok()
    }

    /// An empty one for the target's cookies.
    pub(super) fn cookie_jar(&self) -> CookieJar {
        CookieJar::new(&self.shared.host, self.shared.tls.is_some())
    }

    /// Prepares connections; nothing is resolved or sent yet.
    ///
    /// # Errors
    /// [`ConnectError::Destination`] when the URL is not http(s) with a host, and
    /// [`ConnectError::NoRoots`] when certificates could not be verified.
    pub fn new(destination: &Destination) -> Result<Connector, ConnectError> {
        let tls = match destination.origin.scheme() {
            "http" => None,
            "https" => Some(tls::config(destination.insecure)?),
            _ => return Err(ConnectError::Destination(destination.origin.to_string())),
        };
        Connector::with_tls(&destination.origin, tls, destination.http)
    }

    fn with_tls(
        origin: &Url,
        config: Option<ClientConfig>,
        http: HttpVersion,
    ) -> Result<Connector, ConnectError> {
        let unusable = || ConnectError::Destination(origin.to_string());
        let host = origin.host().ok_or_else(unusable)?.to_owned();
        let port = origin.port_or_known_default().ok_or_else(unusable)?;
        let tls = match config {
            Some(mut config) => {
                let asked = Arc::new(ClientCertificate::default());
                config.client_auth_cert_resolver =
                    Arc::clone(&asked) as Arc<dyn ResolvesClientCert>;
                let name = server_name(&host).ok_or_else(unusable)?;
                Some(Tls {
                    asked,
                    name,
                    http: TlsConnector::from(Arc::new(tls::offering(&config, http))),
                    one: TlsConnector::from(Arc::new(config)),
                })
            }
            None => None,
        };
        let known = Mutex::default();
        Ok(Connector {
            shared: Arc::new(ConnectorState {
                host,
                port,
                tls,
                http,
                known,
                round_trip: RoundTrip::default(),
            }),
            spread: None,
        })
    }

    /// Resolves the name and tries each of its addresses once, for at most `within`. The result makes its
    /// connections to those that answer, by turns, and looks the name up again every 30 s and after connection
    /// errors. An address that is refused later is a failure: no other one is tried in its place.
    ///
    /// A destination without a name, or with one that is not known, stays as it is.
    pub async fn spread(&self, within: Duration) -> Connector {
        let mut spread = self.clone();
        let (Host::Domain(host), Ok(known)) = (&self.shared.host, self.addresses().await) else {
            return spread;
        };
        let mut found: Vec<SocketAddr> = Vec::new();
        for address in &*known.addresses {
            if !found.contains(address) {
                found.push(*address);
            }
        }
        // Resolvers rotate them; reports of the same target have them in the same order.
        found.sort();
        if !found.is_empty() {
            let found = tried(found, within).await;
            spread.spread = Some(Addresses::of(host, self.shared.port, found));
        }
        spread
    }

    /// The same spread over these addresses, as if the name resolved to them.
    #[cfg(test)]
    pub(crate) fn spread_over(self, found: Vec<AddressFound>) -> Connector {
        let spread = Addresses::of("localhost", self.shared.port, found);
        Connector {
            spread: Some(spread),
            ..self
        }
    }

    /// Every address of the name so far that a load is spread over, by the index that exchanges carry; empty where
    /// it is not spread. An address that is left out stands beside others of its family that are not.
    pub fn found(&self) -> Vec<AddressFound> {
        let spread = self.spread.as_ref();
        spread.map_or_else(Vec::new, |addresses| addresses.all())
    }

    /// What is worth saying of the name's addresses: those that get no load, and why.
    pub fn notes(&self) -> Vec<String> {
        let Some(addresses) = &self.spread else {
            return Vec::new();
        };
        let all = addresses.all().into_iter().chain(addresses.ignored());
        let note = |one: AddressFound| {
            let (host, address) = (&self.shared.host, one.address);
            let why = one.left_out?;
            Some(format!(
                "{host} also resolves to {address}, which gets no load: it took no connection before the load ({why})"
            ))
        };
        all.filter_map(note).collect()
    }

    /// How many addresses connections are spread over.
    pub fn width(&self) -> u32 {
        self.spread
            .as_ref()
            .map_or(1, |addresses| addresses.width())
    }

    /// Why a connection that was made broke, if TLS itself is what failed: servers of TLS 1.3 refuse a client only
    /// after its handshake is over.
    pub(super) fn tls_refusal(&self, error: &io::Error) -> Option<ConnectError> {
        let tls = self.shared.tls.as_ref()?;
        let error = tls_cause::inner(error)?;
        let fault = TlsFault::of(io::Error::other(error.clone()), &tls.asked);
        Some(ConnectError::Tls(fault))
    }

    /// Where the connection with this turn goes, if the load is spread.
    pub(super) fn place(&self, turn: u32) -> Option<AddressSlot> {
        self.spread.as_ref().map(|addresses| addresses.place(turn))
    }

    /// Makes a connection that begins with HTTP/1.1, TLS included.
    ///
    /// # Errors
    /// If it can't be made within `within`.
    pub async fn connect(&self, within: Duration) -> Result<Stream, ConnectError> {
        let place = self.place(0);
        self.connect_to(place.as_ref(), within).await
    }

    /// The same, to one address of the name.
    pub(super) async fn connect_to(
        &self,
        place: Option<&AddressSlot>,
        within: Duration,
    ) -> Result<Stream, ConnectError> {
        let made = self.make(place, within, |tls| &tls.one).await;
        made.map(|made| made.stream)
    }

    /// Makes a connection for requests, including TLS, and returns which version of HTTP to speak.
    ///
    /// # Errors
    /// If it can't be made within `within`; [`ConnectError::NoHttp2`] when HTTP/2 alone is wanted.
    pub(super) async fn connect_http(
        &self,
        within: Duration,
    ) -> Result<(Stream, Version), ConnectError> {
        let made = self.connect_http_to(self.place(0).as_ref(), within).await?;
        Ok((made.0.stream, made.1))
    }

    /// The same, to one address of the name.
    pub(super) async fn connect_http_to(
        &self,
        place: Option<&AddressSlot>,
        within: Duration,
    ) -> Result<(OpenedStream, Version), ConnectError> {
        let made = self.make(place, within, |tls| &tls.http).await?;
        let version = self.version(&made.stream)?;
        Ok((made, version))
    }

    async fn make(
        &self,
        place: Option<&AddressSlot>,
        within: Duration,
        chosen: impl Fn(&Tls) -> &TlsConnector,
    ) -> Result<OpenedStream, ConnectError> {
        let until = Instant::now() + within;
        let made = timeout_at(until, self.make_until(place, until, chosen)).await;
        let made = made.unwrap_or(Err(ConnectError::Timeout(within)));
        if let (Some(addresses), Err(ConnectError::Tcp { .. } | ConnectError::Timeout(_))) =
            (&self.spread, &made)
        {
            addresses.look_up_soon();
        }
        made
    }

    fn version(&self, stream: &Stream) -> Result<Version, ConnectError> {
        match (stream, self.shared.http) {
            (Stream::Plain(_), HttpVersion::Http2) => Ok(Version::Two),
            (Stream::Plain(_), HttpVersion::Auto | HttpVersion::Http11) => Ok(Version::One),
            (Stream::Tls(tls), http) => match (tls.get_ref().1.alpn_protocol(), http) {
                (Some(tls::TWO), _) => Ok(Version::Two),
                (_, HttpVersion::Http2) => Err(ConnectError::NoHttp2),
                (_, HttpVersion::Auto | HttpVersion::Http11) => Ok(Version::One),
            },
        }
    }

    async fn make_until(
        &self,
        place: Option<&AddressSlot>,
        until: Instant,
        chosen: impl Fn(&Tls) -> &TlsConnector,
    ) -> Result<OpenedStream, ConnectError> {
        let (tcp, round_trip) = match place {
            Some(place) => tcp_to(place).await?,
            None => self.tcp(until).await?,
        };
        // Without it a small request can wait 40 ms for the acknowledgement of the one before.
        tcp.set_nodelay(true).map_err(ConnectError::NoSocket)?;
        let stream = match &self.shared.tls {
            None => Stream::Plain(tcp),
            Some(tls) => chosen(tls)
                .connect(tls.name.clone(), tcp)
                .await
                .map(|stream| Stream::Tls(Box::new(stream)))
                .map_err(|error| handshake_failed(error, tls))?,
        };
        Ok(OpenedStream { stream, round_trip })
    }

    async fn tcp(&self, until: Instant) -> Result<(TcpStream, Duration), ConnectError> {
        let known = self.addresses().await?;
        let count = known.addresses.len();
        let mut last = None;
        for (at, &address) in known.addresses.iter().enumerate() {
            // One that swallows everything (a broken IPv6 route) must leave time for the next.
            let now = Instant::now();
            let share = until.saturating_duration_since(now) / (count - at) as u32;
            let source = match timeout_at(now + share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    let round_trip = self.shared.round_trip.of(now.elapsed());
                    self.answers(&known, at).await;
                    return Ok((stream, round_trip));
                }
                Ok(Err(source)) => source,
                Err(_) => io::ErrorKind::TimedOut.into(),
            };
            if is_for_want_of_sockets(
                &source,
                address.is_ipv4() || (at == 0 && known.first_answers),
            ) {
                return Err(ConnectError::NoSocket(source));
            }
            last = Some(ConnectError::Tcp { address, source });
        }
        self.forget().await;
        Err(last.unwrap_or_else(|| self.unknown(io::ErrorKind::NotFound.into())))
    }

    async fn addresses(&self) -> Result<ResolvedAddresses, ConnectError> {
        let mut known = self.shared.known.lock().await;
        if known.addresses.is_empty() {
            let port = self.shared.port;
            let addresses = match &self.shared.host {
                Host::Ipv4(ip) => Arc::from([SocketAddr::new(IpAddr::V4(*ip), port)]),
                Host::Ipv6(ip) => Arc::from([SocketAddr::new(IpAddr::V6(*ip), port)]),
                Host::Domain(name) => lookup_host((name.as_str(), port))
                    .await
                    .map_err(|source| self.unknown(source))?
                    .collect(),
            };
            *known = ResolvedAddresses {
                addresses,
                looked_up: Some(Instant::now()),
                first_answers: false,
            };
        }
        Ok(known.clone())
    }

    /// Puts the address that answered first.
    async fn answers(&self, seen: &ResolvedAddresses, at: usize) {
        if at == 0 && seen.first_answers {
            return;
        }
        let mut known = self.shared.known.lock().await;
        if Arc::ptr_eq(&known.addresses, &seen.addresses) {
            let mut addresses = seen.addresses.to_vec();
            addresses[..=at].rotate_right(1);
            known.addresses = addresses.into();
            known.first_answers = true;
        }
    }

    async fn forget(&self) {
        let mut known = self.shared.known.lock().await;
        if known
            .looked_up
            .is_some_and(|at| at.elapsed() >= LOOK_UP_AGAIN)
        {
            *known = ResolvedAddresses::default();
        }
    }

    fn unknown(&self, source: io::Error) -> ConnectError {
        ConnectError::Name {
            host: self.shared.host.to_string(),
            source,
        }
    }
}

async fn tcp_to(place: &AddressSlot) -> Result<(TcpStream, Duration), ConnectError> {
    let begun = Instant::now();
    let address = place.address;
    match TcpStream::connect(address).await {
        Ok(stream) => Ok((stream, place.round_trip.of(begun.elapsed()))),
        // It answered before the load, so its family works.
        Err(source) if is_for_want_of_sockets(&source, true) => Err(ConnectError::NoSocket(source)),
        Err(source) => Err(ConnectError::Tcp { address, source }),
    }
}

/// Connects to each address once; a single one is good as it is.
async fn tried(found: Vec<SocketAddr>, within: Duration) -> Vec<AddressFound> {
    if let [address] = found[..] {
        let left_out = None;
        return vec![AddressFound { address, left_out }];
    }
    let attempt = |address: SocketAddr| async move {
        let left_out = match timeout(within, TcpStream::connect(address)).await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) if is_for_want_of_sockets(&error, address.is_ipv4()) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("no connection within {within:?}")),
        };
        AddressFound { address, left_out }
    };
    join_all(found.into_iter().map(attempt)).await
}

/// Some servers refuse clients that do not offer the protocol that they speak.
fn handshake_failed(error: io::Error, tls: &Tls) -> ConnectError {
    use rustls::{AlertDescription, Error};
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => {
            ConnectError::NoHttp2
        }
        _ => ConnectError::Tls(TlsFault::of(error, &tls.asked)),
    }
}

fn server_name(host: &Host<String>) -> Option<ServerName<'static>> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.clone()).ok(),
        Host::Ipv4(ip) => Some(ServerName::from(IpAddr::V4(*ip))),
        Host::Ipv6(ip) => Some(ServerName::from(IpAddr::V6(*ip))),
    }
}

/// "Address not available" means used-up local ports only where an address of that family works at all:
/// a machine without IPv6 says the same of `::1`.
fn is_for_want_of_sockets(error: &io::Error, family_works: bool) -> bool {
    #[cfg(windows)]
    const WANT: [i32; 2] = [10024, 10055];
    #[cfg(target_os = "linux")]
    const WANT: [i32; 3] = [23, 24, 105];
    #[cfg(not(any(windows, target_os = "linux")))]
    const WANT: [i32; 3] = [23, 24, 55];
    match error.kind() {
        io::ErrorKind::AddrNotAvailable => family_works,
        io::ErrorKind::OutOfMemory => true,
        _ => error
            .raw_os_error()
            .is_some_and(|code| WANT.contains(&code)),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use rustls::{RootCertStore, ServerConfig};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::client::tls::{CertificateVerifier, configure};
    use crate::record::Outcome;

    const LONG: Duration = Duration::from_secs(20);

    /// What a client that trusts the very certificate makes of it.
    async fn trusting(name: &str, from: i32, to: i32) -> Result<(), String> {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 12, 31);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let _held = TlsAcceptor::from(Arc::new(server)).accept(stream).await;
            std::future::pending::<()>().await;
        });
        let origin = format!("https://localhost:{port}").parse().unwrap();
        let config = configure(CertificateVerifier::Roots(Arc::new(roots)));
        let connector = Connector::with_tls(&origin, Some(config), HttpVersion::Auto).unwrap();
        match connector.connect(LONG).await {
            Ok(_) => Ok(()),
            Err(error) => {
                assert_eq!(error.outcome(), Outcome::Tls);
                Err(error.to_string())
            }
        }
    }

    #[tokio::test]
    async fn a_certificate_is_held_to_its_roots_its_name_and_its_time() {
        assert_eq!(trusting("localhost", 2001, 2090).await, Ok(()));
        for (name, from, to, why) in [
            ("example.com", 2001, 2090, "another name (example.com)"),
            ("localhost", 2001, 2002, "certificate expired"),
            ("localhost", 2080, 2090, "certificate not valid yet"),
        ] {
            let told = trusting(name, from, to).await.unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn used_up_ports_are_told_from_a_family_that_does_not_work() {
        let gone = io::Error::from(io::ErrorKind::AddrNotAvailable);
        assert!(is_for_want_of_sockets(&gone, true));
        assert!(!is_for_want_of_sockets(&gone, false));
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert!(!is_for_want_of_sockets(&refused, true));
        #[cfg(unix)]
        for code in [23, 24] {
            assert!(is_for_want_of_sockets(
                &io::Error::from_raw_os_error(code),
                false
            ));
        }
    }

    #[tokio::test]
    async fn the_address_that_answers_comes_first_from_then_on() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let origin = format!("http://localhost:{}", good.port()).parse().unwrap();
        let connector = Connector::with_tls(&origin, None, HttpVersion::Auto).unwrap();
        // No server listens on a port that was just released.
        let spare = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bad = spare.local_addr().unwrap();
        drop(spare);
        connector.shared.known.lock().await.addresses = Arc::from([bad, good]);
        connector.connect(LONG).await.unwrap();
        let known = connector.shared.known.lock().await.clone();
        assert_eq!(
            (&known.addresses[..], known.first_answers),
            (&[good, bad][..], true)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_looked_up_again_once_its_addresses_are_old() {
        let spare = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let bad = spare.local_addr().unwrap();
        drop(spare);
        let origin = "http://localhost:1".parse().unwrap();
        let connector = Connector::with_tls(&origin, None, HttpVersion::Auto).unwrap();
        *connector.shared.known.lock().await = ResolvedAddresses {
            addresses: Arc::from([bad]),
            looked_up: Some(Instant::now()),
            first_answers: false,
        };
        connector.forget().await;
        assert!(!connector.shared.known.lock().await.addresses.is_empty());
        tokio::time::advance(LOOK_UP_AGAIN).await;
        connector.forget().await;
        assert!(connector.shared.known.lock().await.addresses.is_empty());
    }
}
