//! All requests of a plan, ready for each of its users.

use std::sync::Arc;

use super::handshake::SocketTemplate;
use super::rendering::Rendering;
use super::request_template::{RequestTemplate, is_template};
use super::{Handshake, PreparedRequest, RequestError, TakenValues};
use crate::plan::{Endpoint, EndpointKind, Plan};
use crate::profile::Destination;
use crate::template::RenderError;

/// The requests of a plan. What is filled in for each request is shared by all users.
pub struct PlanRequests<'a> {
    plan: &'a Plan,
    destination: &'a Destination,
    templates: Vec<Option<Arc<RequestTemplate>>>,
    socket: Option<SocketTemplate>,
}

/// A request of one user, ready to be sent any number of times.
#[derive(Clone)]
pub struct UserRequest(Kind);

#[derive(Clone)]
enum Kind {
    /// The same each time.
    Fixed(PreparedRequest),
    /// Filled in each time.
    Marked(Arc<RequestTemplate>),
}

impl<'a> PlanRequests<'a> {
    /// Prepares what the requests of all users have in common.
    ///
    /// # Errors
    /// The first part of a request that HTTP cannot carry.
    pub fn new(
        plan: &'a Plan,
        destination: &'a Destination,
    ) -> Result<PlanRequests<'a>, RequestError> {
        let rendering = Arc::new(Rendering::new(plan, destination));
        let mut templates = Vec::new();
        for (index, endpoint) in plan.endpoints.iter().enumerate() {
            let is_marked =
                endpoint.kind == EndpointKind::Http && is_template(&plan.headers, endpoint);
            templates.push(if is_marked {
                let endpoint = (index, endpoint);
                let made = RequestTemplate::new(&plan.headers, endpoint, destination, &rendering);
                Some(Arc::new(made?))
            } else {
                None
            });
        }
        let socket = plan.socket.as_ref();
        let socket = socket
            .map(|socket| SocketTemplate::new(socket, &plan.headers, destination, &rendering));
        Ok(PlanRequests {
            plan,
            destination,
            socket: socket.transpose()?,
            templates,
        })
    }

    /// The requests of a user; of a `None`, those of a user that is not known by name.
    ///
    /// # Errors
    /// The first part of what it sends that HTTP cannot carry.
    pub fn of_user(&self, index: Option<usize>) -> Result<Arc<[UserRequest]>, RequestError> {
        let http = |(endpoint, _): &(&Endpoint, _)| endpoint.kind == EndpointKind::Http;
        let all = self.plan.endpoints.iter().zip(&self.templates).filter(http);
        all.map(|(endpoint, template)| {
            let Some(template) = template else {
                let user = index.and_then(|index| self.destination.user(index));
                let headers = &self.plan.headers;
                let made = PreparedRequest::of(headers, endpoint, self.destination, user)?;
                return Ok(UserRequest(Kind::Fixed(made)));
            };
            let user = index.unwrap_or_default() as u64;
            template.check_user(user)?;
            if !template.is_fixed() {
                return Ok(UserRequest(Kind::Marked(Arc::clone(template))));
            }
            let made = template.render(user, 0, &TakenValues::default());
            let made = made.map_err(|error| RequestError::Body(error.to_string()))?;
            Ok(UserRequest(Kind::Fixed(made)))
        })
        .collect()
    }

    /// The handshake of a user on a WebSocket; `None` where the plan has none.
    ///
    /// # Errors
    /// The first part of it that HTTP cannot carry.
    pub fn handshake(&self, index: usize) -> Result<Option<Handshake>, RequestError> {
        let socket = self.socket.as_ref();
        socket.map(|socket| socket.handshake(index)).transpose()
    }
}

impl UserRequest {
    /// The request that is the same each time; `None` where it is filled in.
    #[inline]
    pub fn fixed(&self) -> Option<&PreparedRequest> {
        match &self.0 {
            Kind::Fixed(request) => Some(request),
            Kind::Marked(_) => None,
        }
    }

    /// The request with this number in the plan, of this user of a connection, or else of the number's own.
    ///
    /// # Errors
    /// When a value is missing, or cannot stand in its place.
    pub fn filled_in(
        &self,
        user: Option<u64>,
        number: u64,
        taken: &TakenValues,
    ) -> Result<PreparedRequest, RenderError> {
        match &self.0 {
            Kind::Fixed(request) => Ok(request.clone()),
            Kind::Marked(template) => {
                let user = user.unwrap_or_else(|| template.user_of(number));
                template.render(user, number, taken)
            }
        }
    }
}

#[cfg(test)]
#[path = "plan_requests_tests.rs"]
mod tests;
