//! Which HTTP the target speaks.

use std::time::Duration;

use super::{ConnectError, Connector, PreflightFailure, preflight_advice as advice};
use crate::profile::{Destination, HttpVersion};

/// What is reported when the load is not sent in HTTP/1.1.
pub(super) fn note() -> String {
    "requests go over HTTP/2, one at a time on each connection".to_owned()
}

/// Where only HTTP/2 is wanted, the handshake reports that there is none, which is clearer than what comes
/// later.
///
/// # Errors
/// When the target speaks TLS and no HTTP/2.
pub(super) async fn look(
    destination: &Destination,
    connect: Duration,
) -> Result<(), PreflightFailure> {
    if destination.http != HttpVersion::Http2 {
        return Ok(());
    }
    let connector = Connector::new(destination)
        .map_err(|error| advice::unusable(&error.into(), destination))?;
    match connector.connect_http(connect).await {
        Err(error @ ConnectError::NoHttp2) => Err(PreflightFailure {
            what: format!("{}: {error}", advice::shown(destination)),
            advice: "Turn HTTP/2 on in the service, or take what it speaks by --http auto."
                .to_owned(),
            unreachable: true,
            silent: false,
        }),
        // Whatever else is wrong shows when the endpoints are asked.
        _ => Ok(()),
    }
}
