//! The session as it happens, in a browser: the report's own parts, sent again whenever they change.
//!
//! What the load engine does for it is one look a second at its counters, and only while a page is open; all
//! else happens on a thread of its own.

mod events;
mod guard;
mod page;
mod server;
mod shared_view;
mod view;

pub use guard::{Address, AddressError};
pub use server::{DashboardServer, ServerError};
pub use shared_view::{CurrentLoad, SharedView};
pub use view::{View, is_about};
