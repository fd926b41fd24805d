//! Who may look: pages of the same origin alone, so that no other site in the same browser can read a session.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::secret::Secret;

/// Where the dashboard is served when nothing else is said.
const PORT: u16 = 9595;

/// Where to serve, and the token that viewers must present.
#[derive(Debug, Clone)]
pub struct Address {
    /// The address and port; 0 is any port that is free.
    pub socket: SocketAddr,
    /// Asked for of everybody, where there is one.
    pub token: Option<Secret>,
}

/// Why an address is none to serve on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// It is not an address.
    #[error("is not an address")]
    Malformed,
    /// Anybody in the network could look.
    #[error("can be reached from other machines, and nothing keeps others out")]
    Open,
}

/// What is asked of a request before it is answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct GuardedRequest<'a> {
    pub(super) method: &'a str,
    pub(super) host: Option<&'a str>,
    pub(super) origin: Option<&'a str>,
    /// From the header, or else from the address.
    pub(super) token: Option<&'a str>,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GuardRefusal {
    Method,
    Host,
    Origin,
    Token,
}

impl Address {
    /// Reads `9000`, `127.0.0.1`, `[::1]:9000` or `localhost:9000`; an empty text is the usual address.
    ///
    /// # Errors
    /// When it is not an address, or one that others can reach and there is no token.
    pub fn parse(text: &str, token: Option<Secret>) -> Result<Address, AddressError> {
        let socket = socket(text.trim()).ok_or(AddressError::Malformed)?;
        if !socket.ip().is_loopback() && token.is_none() {
            return Err(AddressError::Open);
        }
        Ok(Address { socket, token })
    }

    /// Whether a request may be answered; `served` is the port that is really served.
    pub(super) fn admits(
        &self,
        request: GuardedRequest<'_>,
        served: u16,
    ) -> Result<(), GuardRefusal> {
        if request.method != "GET" {
            return Err(GuardRefusal::Method);
        }
        if let Some(token) = &self.token {
            let given = request.token.unwrap_or_default();
            // Digests tell nothing by the time that comparing them takes.
            if Sha256::digest(given) != Sha256::digest(token.reveal()) {
                return Err(GuardRefusal::Token);
            }
        }
        let host = request.host.ok_or(GuardRefusal::Host)?;
        if self.socket.ip().is_loopback() && !is_own(host, served) {
            return Err(GuardRefusal::Host);
        }
        match request.origin {
            Some(origin) if origin.strip_prefix("http://") != Some(host) => {
                Err(GuardRefusal::Origin)
            }
            _ => Ok(()),
        }
    }
}

impl GuardRefusal {
    /// Why, and what would be answered; `port` is the one that is served.
    pub(super) fn message(self, port: u16) -> String {
        match self {
            GuardRefusal::Method => "only GET is answered".to_owned(),
            GuardRefusal::Host => format!(
                "this host is not served, http://localhost:{port} and http://127.0.0.1:{port} are; through a tunnel \
                 the port must be the same at both ends, as with ssh -L {port}:localhost:{port}"
            ),
            GuardRefusal::Origin => "pages of other origins are not answered".to_owned(),
            GuardRefusal::Token => {
                "a token is needed: ?token=… or the header Authorization: Bearer …".to_owned()
            }
        }
    }
}

/// Where what is bound there can be opened: all addresses together are none to go to.
pub(super) fn reachable(bound: SocketAddr) -> SocketAddr {
    if !bound.ip().is_unspecified() {
        return bound;
    }
    // Of a documentation's network: nothing is sent, the system only picks the address that it would send from.
    let (any, away, home): (IpAddr, &str, IpAddr) = if bound.is_ipv4() {
        (bound.ip(), "192.0.2.1:9", Ipv4Addr::LOCALHOST.into())
    } else {
        (bound.ip(), "[2001:db8::1]:9", Ipv6Addr::LOCALHOST.into())
    };
    let own = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect(away)?;
        socket.local_addr()
    });
    SocketAddr::new(own.map_or(home, |own| own.ip()), bound.port())
}

/// A name that is always this machine's own: any other could be made to point here.
fn is_own(host: &str, served: u16) -> bool {
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "80"));
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let own = name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    own && port.parse() == Ok(served)
}

fn socket(text: &str) -> Option<SocketAddr> {
    let home = IpAddr::V4(Ipv4Addr::LOCALHOST);
    if text.is_empty() {
        return Some(SocketAddr::new(home, PORT));
    }
    if let Ok(port) = text.parse() {
        return Some(SocketAddr::new(home, port));
    }
    let with_home = text
        .strip_prefix("localhost")
        .map(|rest| format!("127.0.0.1{rest}"));
    let text = with_home.as_deref().unwrap_or(text);
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    text.parse()
        .ok()
        .or_else(|| Some(SocketAddr::new(bare.parse().ok()?, PORT)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Secret {
        Secret::new("s3cret")
    }

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let table = [
            ("", Some("127.0.0.1:9595")),
            ("0", Some("127.0.0.1:0")),
            ("8080", Some("127.0.0.1:8080")),
            ("localhost", Some("127.0.0.1:9595")),
            ("localhost:81", Some("127.0.0.1:81")),
            ("127.0.0.2", Some("127.0.0.2:9595")),
            ("[::1]:9000", Some("[::1]:9000")),
            ("::1", Some("[::1]:9595")),
            ("99999", None),
            ("example.com:80", None),
            ("localhosts:80", None),
        ];
        for (text, expected) in table {
            let read = Address::parse(text, None).ok();
            assert_eq!(
                read.map(|one| one.socket.to_string()).as_deref(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn others_may_look_only_with_a_token() {
        assert_eq!(
            Address::parse("0.0.0.0:80", None).unwrap_err(),
            AddressError::Open
        );
        assert!(Address::parse("0.0.0.0:80", Some(token())).is_ok());
    }

    #[test]
    fn only_pages_of_the_same_origin_are_answered() {
        let own = GuardedRequest {
            method: "GET",
            host: Some("127.0.0.1:9000"),
            origin: None,
            token: None,
        };
        let named = |host, origin| GuardedRequest {
            host,
            origin,
            ..own
        };
        let table = [
            (own, Ok(())),
            (
                named(Some("localhost:9000"), Some("http://localhost:9000")),
                Ok(()),
            ),
            (named(Some("[::1]:9000"), None), Ok(())),
            (
                GuardedRequest {
                    method: "POST",
                    ..own
                },
                Err(GuardRefusal::Method),
            ),
            (
                GuardedRequest {
                    method: "OPTIONS",
                    ..own
                },
                Err(GuardRefusal::Method),
            ),
            (named(None, None), Err(GuardRefusal::Host)),
            (
                named(Some("evil.example:9000"), None),
                Err(GuardRefusal::Host),
            ),
            (
                named(Some("localhost.evil.example:9000"), None),
                Err(GuardRefusal::Host),
            ),
            (named(Some("127.0.0.1:9001"), None), Err(GuardRefusal::Host)),
            (named(Some("127.0.0.1"), None), Err(GuardRefusal::Host)),
            (
                named(own.host, Some("http://evil.example")),
                Err(GuardRefusal::Origin),
            ),
            (named(own.host, Some("null")), Err(GuardRefusal::Origin)),
            (
                named(own.host, Some("http://localhost:9000")),
                Err(GuardRefusal::Origin),
            ),
        ];
        let address = Address::parse("9000", None).unwrap();
        for (request, expected) in table {
            assert_eq!(address.admits(request, 9_000), expected, "{request:?}");
        }
    }

    #[test]
    fn what_is_told_can_be_opened() {
        for bound in ["127.0.0.2:80", "[::1]:80", "192.0.2.7:9595"] {
            let bound: SocketAddr = bound.parse().unwrap();
            assert_eq!(reachable(bound), bound);
        }
        for bound in ["0.0.0.0:81", "[::]:81"] {
            let told = reachable(bound.parse().unwrap());
            assert!(!told.ip().is_unspecified() && told.port() == 81, "{told}");
        }
    }

    #[test]
    fn who_is_refused_is_told_where_to_go() {
        let told = GuardRefusal::Host.message(9_595);
        assert!(
            told.contains("http://localhost:9595") && told.contains("ssh -L 9595:localhost:9595")
        );
    }

    #[test]
    fn a_token_is_asked_for_where_there_is_one() {
        let address = Address::parse("0.0.0.0:9000", Some(token())).unwrap();
        for (given, expected) in [
            (None, Err(GuardRefusal::Token)),
            (Some(""), Err(GuardRefusal::Token)),
            (Some("s3cre"), Err(GuardRefusal::Token)),
            (Some("s3cret"), Ok(())),
        ] {
            let request = GuardedRequest {
                method: "GET",
                host: Some("perf.example:9000"),
                origin: None,
                token: given,
            };
            assert_eq!(address.admits(request, 9_000), expected, "{given:?}");
        }
    }
}
