//! A request as each version of HTTP has it.

use http::header::{CONNECTION, HOST, HeaderName, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, Method, Request, Uri};

use super::RequestError;
use crate::profile::Destination;

/// What HTTP/2 says of a request in other words, or not at all (RFC 9113, 8.2.2).
const NOT_IN_HTTP2: [HeaderName; 7] = [
    HOST,
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// All of a request as HTTP/1.1 writes it.
pub(super) fn wire(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Box<[u8]> {
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let mut wire = format!("{method} {path} HTTP/1.1\r\n").into_bytes();
    for (name, value) in headers {
        let parts: [&[u8]; 4] = [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"];
        parts.iter().for_each(|part| wire.extend_from_slice(part));
    }
    wire.extend_from_slice(b"\r\n");
    wire.extend_from_slice(body);
    wire.into_boxed_slice()
}

/// The scheme of a destination that HTTP/2 may be spoken to.
pub(super) fn scheme(destination: &Destination) -> Option<Scheme> {
    destination
        .may_speak_http2()
        .then(|| match destination.origin.scheme() {
            "https" => Scheme::HTTPS,
            _ => Scheme::HTTP,
        })
}

/// A request's head as HTTP/2 takes it: the host is a part of its address.
///
/// # Errors
/// When the host's header is none.
pub(super) fn http2(
    method: &Method,
    scheme: Scheme,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Box<Request<()>>, RequestError> {
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let host = headers.get(HOST).map_or(&b""[..], HeaderValue::as_bytes);
    let uri = Uri::builder()
        .scheme(scheme)
        .authority(host)
        .path_and_query(path)
        .build()
        .map_err(|_| RequestError::HeaderValue("host".to_owned()))?;
    let mut request = Request::new(());
    *request.method_mut() = method.clone();
    *request.uri_mut() = uri;
    *request.headers_mut() = headers.clone();
    for name in &NOT_IN_HTTP2 {
        request.headers_mut().remove(name);
    }
    Ok(Box::new(request))
}
