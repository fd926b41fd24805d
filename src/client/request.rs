//! Requests as they are sent, built once and sent often.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderName,
    HeaderValue, TRANSFER_ENCODING, USER_AGENT,
};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, Method, Request, Uri};
use url::Position;

use super::request_template::RequestTemplate;
use super::wire_format::{http2, scheme, wire};
use crate::plan::Endpoint;
use crate::profile::{Destination, Identity};
use crate::record::Outcome;
use crate::secret::Secret;
use crate::template::is_header_text;

/// Why a request cannot be sent. Never shows a token or the value of a header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not an HTTP method.
    #[error("`{0}` is not an HTTP method")]
    Method(String),
    /// Not a path.
    #[error(
        "`{0}` is not a path: it must begin with `/` and contain no characters that URLs escape"
    )]
    Path(String),
    /// Not a header's name.
    #[error("`{0}` is not a header name")]
    HeaderName(String),
    /// Not a header's value.
    #[error("the value of header `{0}` holds characters that cannot be sent")]
    HeaderValue(String),
    /// The body cannot be made.
    #[error("the body cannot be filled in: {0}")]
    Body(String),
    /// The token cannot be a header's value.
    #[error("the token holds characters that cannot be sent")]
    Token,
    /// Not a regular expression.
    #[error("`{0}` is not a regular expression")]
    Pattern(String),
}

/// One request of a plan, ready to be sent any number of times.
#[derive(Clone)]
pub struct PreparedRequest {
    method: Method,
    /// The body, where HTTP/2 may be spoken.
    body: Bytes,
    expect: Arc<[u16]>,
    /// All of it as HTTP/1.1 writes it.
    wire: Vec<u8>,
    /// Its head as HTTP/2 takes it, where that may be spoken.
    http2: Option<Box<Request<()>>>,
    /// What it was filled in from.
    template: Option<Arc<RequestTemplate>>,
}

impl fmt::Debug for PreparedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedRequest")
            .field("request", &self.shown())
            .finish_non_exhaustive()
    }
}

impl PreparedRequest {
    /// Prepares an endpoint's request. Headers of the endpoint replace those of the plan (`common`) of the
    /// same name, and both replace the generator's own (`host`, `user-agent`, `authorization`).
    ///
    /// # Errors
    /// The first part of it that HTTP cannot carry.
    pub fn new(
        common: &[(String, String)],
        endpoint: &Endpoint,
        destination: &Destination,
    ) -> Result<PreparedRequest, RequestError> {
        PreparedRequest::of(common, endpoint, destination, None)
    }

    /// The same, of one virtual user: with its token and its headers, where it has some.
    ///
    /// # Errors
    /// The first part of it that HTTP cannot carry.
    pub fn of(
        common: &[(String, String)],
        endpoint: &Endpoint,
        destination: &Destination,
        user: Option<&Identity>,
    ) -> Result<PreparedRequest, RequestError> {
        let own = user.and_then(|user| user.token.as_ref());
        let token = own.or(destination.token.as_ref()).map(Secret::reveal);
        let mut headers = own_headers(destination, token.filter(|_| endpoint.auth))?;
        lay_over(&mut headers, common)?;
        lay_over(&mut headers, &endpoint.headers)?;
        if let Some(user) = user {
            lay_over(&mut headers, &user.headers)?;
        }
        let method = Method::from_bytes(endpoint.method.as_bytes())
            .map_err(|_| RequestError::Method(endpoint.method.clone()))?;
        let body = Bytes::from(endpoint.body.clone());
        let uri = parse_path(&endpoint.path)?;
        Ok(PreparedRequest {
            expect: endpoint.expect.as_slice().into(),
            ..PreparedRequest::assemble(method, &uri, headers, body, scheme(destination))?
        })
    }

    /// Prepares a GET that expects any status of success, with the headers of all requests (`common`).
    ///
    /// # Errors
    /// The first part of it that HTTP cannot carry.
    pub fn get(
        path: &str,
        auth: bool,
        common: &[(String, String)],
        destination: &Destination,
    ) -> Result<PreparedRequest, RequestError> {
        let token = destination.token.as_ref().filter(|_| auth);
        let mut headers = own_headers(destination, token.map(Secret::reveal))?;
        lay_over(&mut headers, common)?;
        let (uri, body) = (parse_path(path)?, Bytes::new());
        PreparedRequest::assemble(Method::GET, &uri, headers, body, scheme(destination))
    }

    /// The same request of another path.
    ///
    /// # Errors
    /// [`RequestError::Path`].
    pub fn at(&self, path: &str) -> Result<PreparedRequest, RequestError> {
        let uri = parse_path(path)?;
        let from = self.method.as_str().len() + 1;
        let (begin, old) = self.wire.split_at(from);
        let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let wire = [begin, path.as_bytes(), &old[self.path().len()..]].concat();
        let http2 = self.http2.as_ref().map(|http2| {
            let mut parts = http2.uri().clone().into_parts();
            parts.path_and_query = uri.path_and_query().cloned();
            let mut http2 = http2.clone();
            *http2.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
            http2
        });
        Ok(PreparedRequest {
            wire,
            http2,
            ..self.clone()
        })
    }

    /// One without head and body, as a beginning of those that are filled in.
    pub(super) fn without_content(method: Method, expect: &[u16]) -> PreparedRequest {
        PreparedRequest {
            method,
            body: Bytes::new(),
            expect: expect.into(),
            wire: Vec::new(),
            http2: None,
            template: None,
        }
    }

    /// The same with what was filled in.
    pub(super) fn with(
        &self,
        wire: Vec<u8>,
        body: Bytes,
        http2: Option<Box<Request<()>>>,
        template: Arc<RequestTemplate>,
    ) -> PreparedRequest {
        PreparedRequest {
            wire,
            body,
            http2,
            template: Some(template),
            ..self.clone()
        }
    }

    /// The same request with cookies, behind those of its own: `a=1; b=2`.
    ///
    /// # Errors
    /// When they hold characters that cannot be sent.
    pub(super) fn with_cookies(&self, cookies: &str) -> Result<PreparedRequest, RequestError> {
        if !is_header_text(cookies) {
            return Err(RequestError::HeaderValue("cookie".to_owned()));
        }
        let (head, body) = head_and_body(&self.wire);
        let is_cookie = |line: &&str| line.starts_with("cookie: ");
        let own = head.split("\r\n").filter(is_cookie);
        let own = own.filter_map(|line| line.split_once(": ").map(|(_, value)| value));
        let all = own.chain([cookies]).collect::<Vec<_>>().join("; ");
        let mut wire = Vec::with_capacity(self.wire.len() + all.len() + 16);
        for line in head.split("\r\n").filter(|line| !is_cookie(line)) {
            wire.extend_from_slice(line.as_bytes());
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(format!("cookie: {all}\r\n\r\n").as_bytes());
        wire.extend_from_slice(body);
        let mut next = PreparedRequest {
            wire,
            ..self.clone()
        };
        if let Some(http2) = &mut next.http2 {
            let mut value = HeaderValue::from_str(&all)
                .map_err(|_| RequestError::HeaderValue("cookie".to_owned()))?;
            value.set_sensitive(true);
            http2.headers_mut().insert(COOKIE, value);
        }
        Ok(next)
    }

    /// The request that a browser sends to where this one is redirected: 303 asks with GET, and so do 301 and 302 of a POST.
    ///
    /// # Errors
    /// [`RequestError::Path`].
    pub(super) fn redirected(
        &self,
        status: u16,
        path: &str,
    ) -> Result<PreparedRequest, RequestError> {
        let is_asked = matches!(self.method, Method::GET | Method::HEAD);
        let becomes_get = match status {
            303 => !is_asked,
            301 | 302 => self.method == Method::POST,
            _ => false,
        };
        if !becomes_get {
            return self.at(path);
        }
        let content = [
            CONTENT_TYPE,
            CONTENT_LENGTH,
            CONTENT_ENCODING,
            TRANSFER_ENCODING,
        ];
        let mut next = self.at(path)?;
        let (head, _) = head_and_body(&next.wire);
        let mut wire = Vec::with_capacity(head.len());
        for (at, line) in head.split("\r\n").enumerate() {
            let name = line.split_once(": ").map(|(name, _)| name);
            if at > 0 && content.iter().any(|known| name == Some(known.as_str())) {
                continue;
            }
            let line = match at {
                0 => line.replacen(self.method.as_str(), Method::GET.as_str(), 1),
                _ => line.to_owned(),
            };
            wire.extend_from_slice(line.as_bytes());
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(b"\r\n");
        next.wire = wire;
        next.method = Method::GET;
        next.body = Bytes::new();
        if let Some(http2) = &mut next.http2 {
            *http2.method_mut() = Method::GET;
            for name in &content {
                http2.headers_mut().remove(name);
            }
        }
        Ok(next)
    }

    /// Expects any status of success. A `scheme` is given where HTTP/2 may be spoken.
    fn assemble(
        method: Method,
        uri: &Uri,
        mut headers: HeaderMap,
        body: Bytes,
        scheme: Option<Scheme>,
    ) -> Result<PreparedRequest, RequestError> {
        let has_content = matches!(method, Method::POST | Method::PUT | Method::PATCH);
        if !headers.contains_key(CONTENT_LENGTH)
            && !headers.contains_key(TRANSFER_ENCODING)
            && (has_content || !body.is_empty())
        {
            headers.insert(CONTENT_LENGTH, body.len().into());
        }
        let is_http2 = scheme.is_some();
        let http2 = scheme.map(|scheme| http2(&method, scheme, uri, &headers));
        Ok(PreparedRequest {
            wire: wire(&method, uri, &headers, &body).into_vec(),
            http2: http2.transpose()?,
            template: None,
            method,
            body: if is_http2 { body } else { Bytes::new() },
            expect: (200..300).collect(),
        })
    }

    /// Whether sending it twice does no more than sending it once.
    pub fn is_idempotent(&self) -> bool {
        self.method.is_idempotent()
    }

    /// What an answer with this status and a whole body ends in.
    pub fn judge(&self, status: u16) -> Outcome {
        match status {
            _ if self.expect.contains(&status) => Outcome::Ok,
            429 => Outcome::RateLimited,
            _ => Outcome::Status(status),
        }
    }

    pub(super) fn path(&self) -> &str {
        let line = self.wire.get(self.method.as_str().len() + 1..);
        let line = line.unwrap_or_default();
        let end = line.iter().position(|byte| *byte == b' ').unwrap_or(0);
        std::str::from_utf8(&line[..end]).unwrap_or("/")
    }

    /// Whether something in it was filled in.
    pub(super) fn is_filled_in(&self) -> bool {
        self.template.is_some()
    }

    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    pub(super) fn body(&self) -> Bytes {
        self.body.clone()
    }

    pub(super) fn expects(&self, status: u16) -> bool {
        self.expect.contains(&status)
    }

    /// Its secrets: tokens, and the values of the profile's headers.
    pub(super) fn secrets(&self) -> Vec<&str> {
        let variables = self.template.iter().flat_map(|template| template.secrets());
        variables.chain(header_values(&self.wire)).collect()
    }

    /// Method and path, as they are shown: what is filled in stays a mark.
    pub(super) fn shown(&self) -> String {
        let path = match &self.template {
            Some(template) => template.shown(),
            None => without_query(self.path()),
        };
        format!("{} {path}", self.method)
    }

    /// All of it as HTTP/1.1 writes it.
    pub(super) fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// Its head as HTTP/2 takes it; `None` where that is never spoken.
    pub(super) fn http2(&self) -> Option<&Request<()>> {
        self.http2.as_deref()
    }
}

/// A POST of a JSON document, with the headers of all requests (`common`) and those of the user who logs in (`own`).
///
/// # Errors
/// The first part of it that HTTP cannot carry.
pub fn login_request(
    path: &str,
    body: &serde_json::Value,
    [common, own]: [&[(String, String)]; 2],
    destination: &Destination,
) -> Result<PreparedRequest, RequestError> {
    let mut headers = own_headers(destination, None)?;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    lay_over(&mut headers, common)?;
    lay_over(&mut headers, own)?;
    let (uri, body) = (parse_path(path)?, Bytes::from(body.to_string()));
    Ok(PreparedRequest {
        expect: Arc::from([200]),
        ..PreparedRequest::assemble(Method::POST, &uri, headers, body, scheme(destination))?
    })
}

fn parse_path(path: &str) -> Result<Uri, RequestError> {
    let parsed = path.starts_with('/').then(|| path.parse::<PathAndQuery>());
    match parsed {
        Some(Ok(parsed)) => Ok(Uri::from(parsed)),
        // A query may hold a token.
        _ => Err(RequestError::Path(without_query(path).to_owned())),
    }
}

/// What may be shown of a path.
pub(super) fn without_query(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}

pub(super) fn own_headers(
    destination: &Destination,
    token: Option<&str>,
) -> Result<HeaderMap, RequestError> {
    let mut headers = HeaderMap::with_capacity(4);
    let host = &destination.origin[Position::BeforeHost..Position::AfterPort];
    let host = HeaderValue::from_str(host).map_err(|_| RequestError::HeaderValue("host".into()))?;
    headers.insert(HOST, host);
    headers.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!("agentos-perf/", env!("CARGO_PKG_VERSION"))),
    );
    if let Some(token) = token {
        let mut value =
            HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| RequestError::Token)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

/// The head of a request as HTTP/1.1 writes it, without its last line ends, and the body.
fn head_and_body(wire: &[u8]) -> (&str, &[u8]) {
    let end = wire.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or(wire.len());
    let head = std::str::from_utf8(&wire[..end]).unwrap_or_default();
    (head, wire.get(end + 4..).unwrap_or_default())
}

/// The values of the headers of a request that the profile or the user brings along, and what stands behind their schemes.
fn header_values(wire: &[u8]) -> impl Iterator<Item = &str> {
    let (head, _) = head_and_body(wire);
    let own = [HOST, USER_AGENT, CONTENT_LENGTH, CONTENT_TYPE];
    let lines = head.split("\r\n").skip(1);
    let lines = lines.filter_map(|line| line.split_once(": "));
    lines
        .filter(move |(name, _)| !own.iter().any(|known| known == name))
        .flat_map(|(_, value)| [Some(value), value.split_once(' ').map(|(_, rest)| rest)])
        .flatten()
}

/// The values of headers that are secrets.
pub(super) fn sensitive(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.values().filter(|value| value.is_sensitive());
    let texts = values.filter_map(|value| value.to_str().ok());
    // Behind the scheme there is the secret itself.
    texts.flat_map(|text| {
        let rest = text.split_once(' ').map(|(_, rest)| rest);
        std::iter::once(text).chain(rest)
    })
}

pub(super) fn lay_over(
    headers: &mut HeaderMap,
    layer: &[(String, String)],
) -> Result<(), RequestError> {
    let mut fresh = HeaderMap::with_capacity(layer.len());
    for (name, value) in layer {
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| RequestError::HeaderName(name.clone()))?;
        let mut value =
            HeaderValue::from_str(value).map_err(|_| RequestError::HeaderValue(name.clone()))?;
        // Keys and cookies of profiles are secret as well.
        value.set_sensitive(true);
        fresh.append(parsed, value);
    }
    headers.extend(fresh);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::HttpVersion;
    use crate::secret::Secret;

    fn destination() -> Destination {
        Destination {
            origin: "http://[::1]:8000".parse().unwrap(),
            token: Some(Secret::new("eyJ.x")),
            insecure: false,
            http: HttpVersion::Auto,
            users: std::sync::Arc::default(),
        }
    }

    fn endpoint() -> Endpoint {
        Endpoint {
            name: "agents".into(),
            kind: crate::plan::EndpointKind::Http,
            method: "GET".into(),
            path: "/agents?page=1".into(),
            weight: 1,
            headers: vec![("x-key".into(), "endpoint".into())],
            body: String::new(),
            auth: true,
            expect: vec![200],
            ..Endpoint::default()
        }
    }

    #[test]
    fn layers_of_headers_replace_and_lists_of_one_layer_add() {
        let common = [
            ("X-Key".to_owned(), "plan".to_owned()),
            ("user-agent".to_owned(), "mine".to_owned()),
            ("accept".to_owned(), "a".to_owned()),
            ("accept".to_owned(), "b".to_owned()),
        ];
        let request = PreparedRequest::new(&common, &endpoint(), &destination()).unwrap();
        let head = String::from_utf8(request.wire().to_vec()).unwrap();
        let all = |name: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            let named = lines.filter(|(known, _)| *known == name);
            named.map(|(_, value)| value).collect::<Vec<_>>()
        };
        assert_eq!(all("x-key"), ["endpoint"]);
        assert_eq!(all("user-agent"), ["mine"]);
        assert_eq!(all("accept"), ["a", "b"]);
        assert_eq!(all("host"), ["[::1]:8000"]);
        assert_eq!(all("authorization"), ["Bearer eyJ.x"]);
        assert_eq!(request.path(), "/agents?page=1");
    }

    #[test]
    fn the_token_goes_only_where_it_is_asked_for_and_is_never_shown() {
        let mut open = endpoint();
        open.auth = false;
        let request = PreparedRequest::new(&[], &open, &destination()).unwrap();
        assert!(!String::from_utf8_lossy(request.wire()).contains("authorization"));
        let request = PreparedRequest::new(&[], &endpoint(), &destination()).unwrap();
        assert!(!format!("{request:?}").contains("eyJ"));
    }

    #[test]
    fn what_cannot_be_sent_says_which_part() {
        let with = |change: fn(&mut Endpoint, &mut Destination)| {
            let (mut endpoint, mut destination) = (endpoint(), destination());
            change(&mut endpoint, &mut destination);
            let error = PreparedRequest::new(&[], &endpoint, &destination).unwrap_err();
            error.to_string()
        };
        let told = [
            with(|endpoint, _| endpoint.method = "GE T".into()),
            with(|endpoint, _| endpoint.path = "agents".into()),
            with(|endpoint, _| endpoint.path = "/a b?token=1".into()),
            with(|endpoint, _| endpoint.headers[0].0 = "x key".into()),
            with(|endpoint, _| endpoint.headers[0].1 = "a\nb".into()),
            with(|_, destination| destination.token = Some(Secret::new("a\nb"))),
        ];
        insta::assert_snapshot!(told.join("\n"), @r"
        `GE T` is not an HTTP method
        `agents` is not a path: it must begin with `/` and contain no characters that URLs escape
        `/a b` is not a path: it must begin with `/` and contain no characters that URLs escape
        `x key` is not a header name
        the value of header `x-key` holds characters that cannot be sent
        the token holds characters that cannot be sent
        ");
    }

    #[test]
    fn cookies_stand_behind_those_of_the_profile_and_are_secrets() {
        let mut endpoint = endpoint();
        endpoint.headers = vec![("Cookie".into(), "own=1".into())];
        let request = PreparedRequest::new(&[], &endpoint, &destination()).unwrap();
        let request = request.with_cookies("a=2; b=3").unwrap();
        let wire = String::from_utf8(request.wire().to_vec()).unwrap();
        assert_eq!(
            wire.matches("cookie: own=1; a=2; b=3\r\n").count(),
            1,
            "{wire}"
        );
        assert!(request.secrets().contains(&"own=1; a=2; b=3"));
        assert!(request.with_cookies("a=\n").is_err());
    }

    #[test]
    fn redirects_of_a_post_become_a_get_without_its_body() {
        for (method, status, expected) in [
            ("POST", 301, "GET"),
            ("POST", 302, "GET"),
            ("POST", 303, "GET"),
            ("POST", 307, "POST"),
            ("POST", 308, "POST"),
            ("PUT", 302, "PUT"),
            ("PUT", 303, "GET"),
            ("GET", 303, "GET"),
            ("HEAD", 303, "HEAD"),
        ] {
            let mut endpoint = endpoint();
            endpoint.method = method.into();
            endpoint.headers = vec![("content-type".into(), "text/plain".into())];
            endpoint.body = "hello".into();
            let request = PreparedRequest::new(&[], &endpoint, &destination()).unwrap();
            let wire = request
                .redirected(status, "/there")
                .unwrap()
                .wire()
                .to_vec();
            let wire = String::from_utf8(wire).unwrap();
            assert!(
                wire.starts_with(&format!("{expected} /there ")),
                "{method} {status}"
            );
            let kept = expected == method;
            assert_eq!(wire.ends_with("\r\n\r\nhello"), kept, "{method} {status}");
            assert_eq!(wire.contains("content-type"), kept, "{method} {status}");
            assert_eq!(wire.contains("content-length"), kept, "{method} {status}");
        }
    }

    #[test]
    fn an_expected_429_is_an_answer() {
        let mut limited = endpoint();
        let request = PreparedRequest::new(&[], &limited, &destination()).unwrap();
        assert_eq!(request.judge(429), Outcome::RateLimited);
        assert_eq!(request.judge(200), Outcome::Ok);
        assert_eq!(request.judge(204), Outcome::Status(204));
        limited.expect = vec![429];
        let request = PreparedRequest::new(&[], &limited, &destination()).unwrap();
        assert_eq!(request.judge(429), Outcome::Ok);
    }
}
