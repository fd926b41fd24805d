//! TCP connections: to a host, to an address, to each address once.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::ConnectError;
use super::addresses::{AddressFound, AddressSlot, RoundTrip};
use super::resolver::Resolver;

/// Connects to the first address of a host that answers.
pub(super) async fn to_host(
    resolver: &Resolver,
    round_trip: &RoundTrip,
    until: Instant,
) -> Result<(TcpStream, Duration), ConnectError> {
    let known = resolver.addresses().await?;
    let count = known.addresses.len();
    let mut last = None;
    for (at, &address) in known.addresses.iter().enumerate() {
        // One that swallows everything (a broken IPv6 route) must leave time for the next.
        let now = Instant::now();
        let share = until.saturating_duration_since(now) / (count - at) as u32;
        let source = match timeout_at(now + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let round_trip = round_trip.of(now.elapsed());
                resolver.answers(&known, at).await;
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
    resolver.forget().await;
    Err(last.unwrap_or_else(|| resolver.unknown(io::ErrorKind::NotFound.into())))
}

/// Connects to one address.
pub(super) async fn to_address(place: &AddressSlot) -> Result<(TcpStream, Duration), ConnectError> {
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
pub(super) async fn to_each(found: Vec<SocketAddr>, within: Duration) -> Vec<AddressFound> {
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
    use super::*;

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
}
