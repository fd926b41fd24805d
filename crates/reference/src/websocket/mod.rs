//! `/api/v1/ws/{user_id}`: who is let in, what is said, and to whom.

mod handshake;
mod hub;
mod late;
mod message;
mod socket;

pub(super) use handshake::{ENDPOINT, Upgrade, accept, endpoint_of};
pub(super) use hub::{Hub, ping_all};
pub(super) use socket::serve;
