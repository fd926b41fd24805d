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
        for part in parts {
            wire.extend_from_slice(part);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&'static str, &'static str)]) -> Result<Box<Request<()>>, RequestError> {
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.append(*name, HeaderValue::from_static(value));
        }
        let uri = Uri::from_static("/agents?page=1");
        http2(&Method::GET, Scheme::HTTPS, &uri, &all)
    }

    #[test]
    fn http2_has_the_host_in_the_address_and_nothing_of_the_connection() {
        let request = of(&[
            ("host", "shop.example:8443"),
            ("connection", "keep-alive"),
            ("transfer-encoding", "chunked"),
            ("te", "gzip"),
            ("x-key", "1"),
        ]);
        let request = request.unwrap();
        let address = "https://shop.example:8443/agents?page=1";
        assert_eq!(request.uri().to_string(), address);
        let left: Vec<&str> = request.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(left, ["x-key"]);
    }

    #[test]
    fn a_host_that_is_none_cannot_be_an_address() {
        let refused = of(&[("host", "shop example")]).unwrap_err();
        assert_eq!(refused, RequestError::HeaderValue("host".to_owned()));
    }
}
