//! What makes a load, for those who need not know how.

use super::observer::Observer;
use super::run::{RunError, run};
use crate::plan::Plan;
use crate::profile::Destination;
use crate::record::RunResult;

/// Runs plans against destinations.
pub trait Engine {
    /// Runs a plan, blocking until its last outcome.
    ///
    /// # Errors
    /// When no worker can be started, or the destination or a request is impossible.
    fn run(
        &self,
        plan: &Plan,
        destination: &Destination,
        observer: &mut dyn Observer,
    ) -> Result<RunResult, RunError>;
}

/// The load generator itself: threads, sockets and the time of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SocketEngine;

impl Engine for SocketEngine {
    fn run(
        &self,
        plan: &Plan,
        destination: &Destination,
        observer: &mut dyn Observer,
    ) -> Result<RunResult, RunError> {
        run(plan, destination, observer)
    }
}
