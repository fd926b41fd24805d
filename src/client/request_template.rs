//! Requests that differ from one to the next: what is the same is written once, what is not is filled in for each.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Uri};

use super::body_template::BodyTemplate;
use super::rendering::{Given, Rendering, Sender};
use super::request::{lay_over, own_headers, without_query};
use super::wire_format::{http2, scheme};
use super::{PreparedRequest, RequestError, TakenValues};
use crate::plan::Endpoint;
use crate::profile::{Destination, Identity};
use crate::secret::Secret;
use crate::template::{
    BoundTemplate, Mark, Place, PlanValues, RenderError, Template, is_header_text,
};

/// One request of a plan in which something is filled in.
pub(super) struct RequestTemplate {
    /// Which of the plan's endpoints it is.
    endpoint: usize,
    rendering: Arc<Rendering>,
    /// What all requests have in common, without head and body.
    rest: PreparedRequest,
    path: BoundTemplate,
    /// The path as the profile writes it.
    shown: Box<str>,
    /// The rest of the first line, and the headers that are the same in all requests.
    fixed: Box<[u8]>,
    fields: Box<[(HeaderName, BoundTemplate)]>,
    body: BodyTemplate,
    has_length: bool,
    /// Whether the user's token is sent in a header.
    sends_token: bool,
    http2: Option<Box<Request<()>>>,
    secrets: Vec<Secret>,
}

/// Headers as they are layered: those with marks apart from the others.
struct Layers<'a> {
    fixed: HeaderMap,
    fields: Vec<(HeaderName, BoundTemplate)>,
    values: &'a PlanValues,
}

impl Layers<'_> {
    fn lay(&mut self, layer: &[(String, String)]) -> Result<(), RequestError> {
        let is_marked = |value: &str| Template::parse(value).has_marks();
        for (name, value) in layer {
            let parsed = header_name(name)?;
            self.remove(&parsed);
            if is_marked(value) {
                let bound = bind(value, Place::Header, self.values);
                let bound = bound.map_err(|_| RequestError::HeaderValue(name.clone()))?;
                self.fields.push((parsed, bound));
            }
        }
        let literal = |(name, value): &(String, String)| {
            let text = Template::parse(value).with(|_| String::new());
            (name.clone(), text)
        };
        let plain = layer.iter().filter(|(_, value)| !is_marked(value));
        let plain: Vec<(String, String)> = plain.map(literal).collect();
        lay_over(&mut self.fixed, &plain)
    }

    fn remove(&mut self, name: &HeaderName) {
        self.fixed.remove(name);
        self.fields.retain(|(known, _)| known != name);
    }

    fn has(&self, name: &HeaderName) -> bool {
        self.fixed.contains_key(name) || self.fields.iter().any(|(known, _)| known == name)
    }
}

fn header_name(name: &str) -> Result<HeaderName, RequestError> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| RequestError::HeaderName(name.to_owned()))
}

pub(super) fn bind(
    text: &str,
    place: Place,
    values: &PlanValues,
) -> Result<BoundTemplate, RenderError> {
    BoundTemplate::new(&Template::parse(text), place, values)
}

/// Whether a request says something else each time, or is not a text that can be sent as it stands.
pub(super) fn is_template(common: &[(String, String)], endpoint: &Endpoint) -> bool {
    let has_braces = |text: &str| text.contains('{') && differs(text);
    let headers = common.iter().chain(&endpoint.headers);
    has_braces(&endpoint.path)
        || has_braces(&endpoint.body)
        || !endpoint.content.is_text()
        || headers.into_iter().any(|(_, value)| has_braces(value))
}

/// Whether a text is not sent as it stands: it has marks, or literals that look like marks.
fn differs(text: &str) -> bool {
    let template = Template::parse(text);
    template.has_marks() || template.with(|_| String::new()) != text
}

impl RequestTemplate {
    /// Prepares an endpoint's request for all users.
    ///
    /// # Errors
    /// The first part of it that HTTP cannot carry.
    pub(super) fn new(
        common: &[(String, String)],
        (index, endpoint): (usize, &Endpoint),
        destination: &Destination,
        rendering: &Arc<Rendering>,
    ) -> Result<RequestTemplate, RequestError> {
        let values = &rendering.plan;
        let mut layers = Layers {
            fixed: own_headers(destination, None)?,
            fields: Vec::new(),
            values,
        };
        layers.lay(common)?;
        layers.lay(&endpoint.headers)?;
        let own = destination.user(0).map_or(&[][..], |user| &user.headers);
        let mut is_own = false;
        for (name, _) in own {
            let name = header_name(name)?;
            is_own |= name == AUTHORIZATION;
            layers.remove(&name);
        }
        let wrong_path = || RequestError::Path(without_query(&endpoint.path).to_owned());
        let method = Method::from_bytes(endpoint.method.as_bytes())
            .map_err(|_| RequestError::Method(endpoint.method.clone()))?;
        let path = bind(&endpoint.path, Place::Url, values).map_err(|_| wrong_path())?;
        let body = BodyTemplate::new(endpoint, values)
            .map_err(|error| RequestError::Body(error.to_string()))?;
        let has_length = !layers.has(&CONTENT_LENGTH) && !layers.has(&TRANSFER_ENCODING);
        let head = http_head(&layers.fixed);
        let http2 = scheme(destination)
            .map(|scheme| http2(&method, scheme, &Uri::from_static("/"), &layers.fixed));
        Ok(RequestTemplate {
            endpoint: index,
            rendering: Arc::clone(rendering),
            sends_token: endpoint.auth && !is_own && !layers.has(&AUTHORIZATION),
            rest: PreparedRequest::without_content(method, &endpoint.expect),
            path,
            shown: without_query(&endpoint.path).into(),
            fixed: head.into_boxed_slice(),
            fields: layers.fields.into(),
            body,
            has_length,
            http2: http2.transpose()?,
            secrets: secrets(common, endpoint, values),
        })
    }

    /// Checks what a user brings along: its name, its token and its headers.
    ///
    /// # Errors
    /// What HTTP cannot carry of it.
    pub(super) fn check_user(&self, user: u64) -> Result<(), RequestError> {
        if let Some(token) = self.rendering.token(user).filter(|_| self.sends_token)
            && !is_header_text(token.reveal())
        {
            return Err(RequestError::Token);
        }
        let Some(identity) = self.rendering.identity(user) else {
            return Ok(());
        };
        lay_over(&mut HeaderMap::new(), &identity.headers)?;
        let named = self.fields.iter().find(|(_, value)| value.names_the_user());
        match named {
            Some((name, _)) if !is_header_text(&identity.user) => {
                Err(RequestError::HeaderValue(name.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// The user of the request with this number, where it is not the connection's.
    pub(super) fn user_of(&self, number: u64) -> u64 {
        self.rendering.user_of(number)
    }

    /// Whether it is the same each time, but for who sends it.
    pub(super) fn is_fixed(&self) -> bool {
        let mut fields = self.fields.iter();
        self.path.as_static().is_some()
            && fields.all(|(_, value)| value.as_static().is_some())
            && self.body.is_fixed()
    }

    /// The request with this number in the plan, of this user.
    ///
    /// # Errors
    /// When a value is missing, or cannot stand in its place.
    pub(super) fn render(
        self: &Arc<Self>,
        user: u64,
        number: u64,
        taken: &TakenValues,
    ) -> Result<PreparedRequest, RenderError> {
        let sender = Sender::new(
            &self.rendering,
            (self.endpoint, user, number),
            Given::Taken(taken),
        );
        let body = self.body.render(&sender)?;
        let head = self.fixed.len() + self.rest.method().as_str().len();
        let mut wire = Vec::with_capacity(head + body.len() + 256);
        wire.extend_from_slice(self.rest.method().as_str().as_bytes());
        wire.push(b' ');
        let path = wire.len();
        sender.write(&self.path, &mut wire)?;
        let path = path..wire.len();
        check_path(&wire[path.clone()], &self.path)?;
        wire.extend_from_slice(&self.fixed);
        let mut ranges = Vec::new();
        for (name, value) in &self.fields {
            begin_line(&mut wire, name.as_str());
            let from = wire.len();
            sender.write(value, &mut wire)?;
            if self.http2.is_some() {
                ranges.push(from..wire.len());
            }
            wire.extend_from_slice(b"\r\n");
        }
        self.write_user(sender.marks.user, &mut wire);
        if self.has_length && (self.has_content() || !body.is_empty()) {
            begin_line(&mut wire, CONTENT_LENGTH.as_str());
            wire.extend_from_slice(body.len().to_string().as_bytes());
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(b"\r\n");
        wire.extend_from_slice(&body);
        let http2 = match &self.http2 {
            Some(base) => Some(self.http2_head(
                base,
                (&wire, path, &ranges),
                sender.marks.user,
                body.len(),
            )?),
            None => None,
        };
        // HTTP/1.1 has it behind its head.
        let body = if http2.is_some() { body } else { Bytes::new() };
        Ok(self.rest.with(wire, body, http2, Arc::clone(self)))
    }

    fn has_content(&self) -> bool {
        matches!(
            *self.rest.method(),
            Method::POST | Method::PUT | Method::PATCH
        )
    }

    /// Appends the header lines of a user.
    fn write_user(&self, user: u64, wire: &mut Vec<u8>) {
        if let Some(token) = self.rendering.token(user).filter(|_| self.sends_token) {
            begin_line(wire, AUTHORIZATION.as_str());
            wire.extend_from_slice(b"Bearer ");
            wire.extend_from_slice(token.reveal().as_bytes());
            wire.extend_from_slice(b"\r\n");
        }
        let identity = self.rendering.identity(user);
        for (name, value) in identity.iter().flat_map(|user: &&Identity| &user.headers) {
            begin_line(wire, &name.to_ascii_lowercase());
            wire.extend_from_slice(value.as_bytes());
            wire.extend_from_slice(b"\r\n");
        }
    }

    /// The head as HTTP/2 takes it, from that of HTTP/1.1.
    fn http2_head(
        &self,
        base: &Request<()>,
        (wire, path, fields): (&[u8], Range<usize>, &[Range<usize>]),
        user: u64,
        length: usize,
    ) -> Result<Box<Request<()>>, RenderError> {
        let mut head = Box::new(base.clone());
        let mut parts = base.uri().clone().into_parts();
        let path = PathAndQuery::try_from(&wire[path]).map_err(|_| RenderError::Path)?;
        parts.path_and_query = Some(path);
        *head.uri_mut() = Uri::from_parts(parts).map_err(|_| RenderError::Path)?;
        let headers = head.headers_mut();
        let mut set = |name: HeaderName, value: &[u8]| -> Result<(), RenderError> {
            let wrong = |_| RenderError::Header(name.to_string());
            let mut value = HeaderValue::from_bytes(value).map_err(wrong)?;
            value.set_sensitive(true);
            headers.insert(name, value);
            Ok(())
        };
        for ((name, _), field) in self.fields.iter().zip(fields) {
            set(name.clone(), &wire[field.clone()])?;
        }
        if let Some(token) = self.rendering.token(user).filter(|_| self.sends_token) {
            set(
                AUTHORIZATION,
                format!("Bearer {}", token.reveal()).as_bytes(),
            )?;
        }
        let identity = self.rendering.identity(user);
        for (name, value) in identity.iter().flat_map(|user: &&Identity| &user.headers) {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| RenderError::Header(name.clone()))?;
            set(name, value.as_bytes())?;
        }
        if self.has_length && (self.has_content() || length > 0) {
            set(CONTENT_LENGTH, length.to_string().as_bytes())?;
        }
        Ok(head)
    }

    /// The path as the profile writes it, without its query.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The variables that stand in it.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(Secret::reveal)
    }
}

fn begin_line(wire: &mut Vec<u8>, name: &str) {
    wire.extend_from_slice(name.as_bytes());
    wire.extend_from_slice(b": ");
}

/// The rest of the first line, and the lines of these headers.
fn http_head(headers: &HeaderMap) -> Vec<u8> {
    let mut head = b" HTTP/1.1\r\n".to_vec();
    for (name, value) in headers {
        begin_line(&mut head, name.as_str());
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head
}

/// A value that is a dot or two would make another path of it on the way.
fn check_path(path: &[u8], template: &BoundTemplate) -> Result<(), RenderError> {
    if template.as_static().is_some() {
        return Ok(());
    }
    let path = path.split(|byte| *byte == b'?').next().unwrap_or_default();
    let mut segments = path.split(|byte| *byte == b'/');
    let has_dots = segments.any(|segment| segment == b"." || segment == b"..");
    if has_dots {
        Err(RenderError::Path)
    } else {
        Ok(())
    }
}

/// The variables that a request names.
fn secrets(common: &[(String, String)], endpoint: &Endpoint, values: &PlanValues) -> Vec<Secret> {
    let headers = common.iter().chain(&endpoint.headers);
    let mut texts: Vec<&str> = headers.map(|(_, value)| value.as_str()).collect();
    texts.extend([endpoint.path.as_str(), endpoint.body.as_str()]);
    texts.extend(super::body_template::part_texts(&endpoint.content));
    let mut secrets = Vec::new();
    for text in texts {
        for mark in Template::parse(text).marks() {
            if let Mark::Env(name) = &mark.mark {
                secrets.extend(values.variables.get(name).cloned());
            }
        }
    }
    secrets
}

impl fmt::Debug for RequestTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rest.method(), self.shown)
    }
}
