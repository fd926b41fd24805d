//! Units of metrics and of their limits, and the direction that is better.

use serde::{Deserialize, Serialize};

/// The kind of quantity a metric is, and so the kind of limit it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// A time, shown in milliseconds.
    #[serde(rename = "ms")]
    Time,
    /// A part of a whole, shown in percent.
    #[serde(rename = "%")]
    Share,
    /// Events per second.
    #[serde(rename = "/s")]
    Rate,
    /// A plain number.
    #[serde(rename = "count")]
    Count,
}

impl Unit {
    /// The sign shown behind a value of this unit; empty for a plain number.
    pub fn sign(self) -> &'static str {
        match self {
            Unit::Time => "ms",
            Unit::Share => "%",
            Unit::Rate => "/s",
            Unit::Count => "",
        }
    }

    /// An example of a limit in this unit, for messages.
    pub fn example(self) -> &'static str {
        match self {
            Unit::Time => "< 200 ms",
            Unit::Share => "< 1 %",
            Unit::Rate => ">= 100/s",
            Unit::Count => "== 0",
        }
    }
}

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Less is better: limits are upper bounds.
    Lower,
    /// More is better: limits are lower bounds.
    Higher,
}
