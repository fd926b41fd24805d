//! The addresses of a host, and which of them answers.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Host;

use super::ConnectError;

/// A name that no address of answers is looked up again, but not for each of a thousand users.
const LOOK_UP_AGAIN: Duration = Duration::from_secs(1);

/// What a name resolved to.
#[derive(Clone, Default)]
pub(super) struct ResolvedAddresses {
    /// The address that last answered comes first.
    pub(super) addresses: Arc<[SocketAddr]>,
    looked_up: Option<Instant>,
    pub(super) first_answers: bool,
}

/// A host whose name is looked up when its addresses are needed.
pub(super) struct Resolver {
    host: Host<String>,
    port: u16,
    known: Mutex<ResolvedAddresses>,
}

impl Resolver {
    pub(super) fn of(host: Host<String>, port: u16) -> Resolver {
        Resolver {
            host,
            port,
            known: Mutex::default(),
        }
    }

    pub(super) fn host(&self) -> &Host<String> {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The addresses of the host; those that were looked up before, if there are any.
    ///
    /// # Errors
    /// When the name is unknown.
    pub(super) async fn addresses(&self) -> Result<ResolvedAddresses, ConnectError> {
        let mut known = self.known.lock().await;
        if known.addresses.is_empty() {
            let port = self.port;
            let addresses = match &self.host {
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
    pub(super) async fn answers(&self, seen: &ResolvedAddresses, at: usize) {
        if at == 0 && seen.first_answers {
            return;
        }
        let mut known = self.known.lock().await;
        if Arc::ptr_eq(&known.addresses, &seen.addresses) {
            let mut addresses = seen.addresses.to_vec();
            addresses[..=at].rotate_right(1);
            known.addresses = addresses.into();
            known.first_answers = true;
        }
    }

    /// Looks the name up again next time, unless that was done a moment ago.
    pub(super) async fn forget(&self) {
        let mut known = self.known.lock().await;
        if known
            .looked_up
            .is_some_and(|at| at.elapsed() >= LOOK_UP_AGAIN)
        {
            *known = ResolvedAddresses::default();
        }
    }

    pub(super) fn unknown(&self, source: io::Error) -> ConnectError {
        ConnectError::Name {
            host: self.host.to_string(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::client::addresses::RoundTrip;
    use crate::client::dial::to_host;

    const LONG: Duration = Duration::from_secs(20);

    fn localhost() -> Host<String> {
        Host::Domain("localhost".to_owned())
    }

    #[tokio::test]
    async fn the_address_that_answers_comes_first_from_then_on() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let resolver = Resolver::of(localhost(), good.port());
        // No server listens on a port that was just released.
        let spare = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bad = spare.local_addr().unwrap();
        drop(spare);
        resolver.known.lock().await.addresses = Arc::from([bad, good]);
        let until = Instant::now() + LONG;
        let round_trip = RoundTrip::default();
        to_host(&resolver, &round_trip, until).await.unwrap();
        let known = resolver.known.lock().await.clone();
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
        let resolver = Resolver::of(localhost(), 1);
        *resolver.known.lock().await = ResolvedAddresses {
            addresses: Arc::from([bad]),
            looked_up: Some(Instant::now()),
            first_answers: false,
        };
        resolver.forget().await;
        assert!(!resolver.known.lock().await.addresses.is_empty());
        tokio::time::advance(LOOK_UP_AGAIN).await;
        resolver.forget().await;
        assert!(resolver.known.lock().await.addresses.is_empty());
    }
}
