use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::time::{Instant, sleep};

use super::ServeError;

const BACKLOG: u32 = 4096;
/// Connections that were just dropped may hold the port for a moment.
const PATIENCE: Duration = Duration::from_secs(5);

/// Listens on an address.
pub(super) fn listen(addr: SocketAddr) -> Result<TcpListener, ServeError> {
    reserve(addr)
        .and_then(|socket| socket.listen(BACKLOG))
        .map_err(|source| ServeError::Listen { addr, source })
}

/// A socket that holds the port without listening, so that connects are refused.
fn reserve(addr: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if addr.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    // On Windows this would let two programs share a port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    Ok(socket)
}

/// Refuses connects until `over` completes, then listens again on the same port.
///
/// The port stays reserved meanwhile: no other socket gets it, not even as the near end of a connect.
pub(super) async fn refuse(
    addr: SocketAddr,
    over: impl Future<Output = ()>,
) -> Result<TcpListener, ServeError> {
    let failed = |source| ServeError::Listen { addr, source };
    let patience = Instant::now() + PATIENCE;
    let socket = loop {
        match reserve(addr) {
            Ok(socket) => break socket,
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < patience => {
                sleep(Duration::from_millis(5)).await;
            }
            Err(error) => return Err(failed(error)),
        }
    };
    over.await;
    socket.listen(BACKLOG).map_err(failed)
}
