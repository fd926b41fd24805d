//! Scenarios that are run at one load after another, to find how much load a target sustains.

use std::time::Duration;

use serde::Serialize;

use super::Rate;
use crate::requirement::Check;

/// How the loads of a search follow one another, and what a load must keep to have held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Search {
    /// Which loads are tried.
    pub loads: Loads,
    /// What the target keeps at a load that it holds; never empty.
    pub holds: Vec<Check>,
    /// What the generator keeps at a load that it is up to.
    pub headroom: Vec<Check>,
}

/// The loads of a search.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum Loads {
    /// Ever more users, until the target breaks.
    Steps {
        /// How many users each step has, ascending; never empty.
        users: Vec<u32>,
        /// How the way back is looked at; `None` leaves it out.
        recovery: Option<RecoveryWatch>,
    },
    /// Ever higher rates, then ever narrower around the highest that holds.
    Capacity {
        /// The lowest rate that is tried.
        from: Rate,
        /// The highest rate that is tried.
        to: Rate,
        /// How far the rate that broke may lie above the one that held, as a share of it, in (0, 1).
        precision: f64,
    },
}

/// How the way back from the highest load is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RecoveryWatch {
    /// How long the first step's load is kept up once more.
    pub duration: Duration,
    /// How many times the first step's p95 counts as recovered, at least 1.
    pub within: f64,
    /// A p95 that counts as recovered, whatever the first step's was.
    pub or_below: Duration,
}
