//! A figure on two sides, and how the later one stands.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Unit, format};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Figure {
    /// The median of the response times.
    #[serde(rename = "p50")]
    P50,
    /// Their 95th percentile.
    #[serde(rename = "p95")]
    P95,
    /// Their 99th percentile.
    #[serde(rename = "p99")]
    P99,
    /// The share of requests that failed.
    #[serde(rename = "failed")]
    Failed,
    /// Successful requests, per second.
    #[serde(rename = "req/s")]
    Throughput,
    /// The mean time of a statement in the database.
    #[serde(rename = "query")]
    Query,
}

impl Figure {
    /// In what it is measured.
    pub fn unit(self) -> Unit {
        match self {
            Figure::P50 | Figure::P95 | Figure::P99 | Figure::Query => Unit::Time,
            Figure::Failed => Unit::Share,
            Figure::Throughput => Unit::Rate,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Figure::P50 => "p50",
            Figure::P95 => "p95",
            Figure::P99 => "p99",
            Figure::Failed => "failed",
            Figure::Throughput => "req/s",
            Figure::Query => "query",
        })
    }
}

/// How a figure stands against what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Worse: significantly, and by more than the noise.
    Worse,
    /// Better: significantly, and by more than the noise.
    Better,
    /// Neither is shown, and much worse is ruled out.
    Same,
    /// Neither is shown, and much worse is not ruled out: the interval is too wide to tell.
    Open,
    /// A difference is shown that the load generator's own lateness may have made.
    Late,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Standing::Worse => "WORSE",
            Standing::Better => "better",
            Standing::Same => "no difference shown",
            Standing::Open | Standing::Late => "not settled",
        })
    }
}

/// How much a figure changed: after over before for times and rates; after less before, in percent, for shares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The change.
    pub value: f64,
    /// The lower end of its interval; `None` where it has none.
    pub low: Option<f64>,
    /// The upper end of its interval; `None` where it has none.
    pub high: Option<f64>,
}

/// One figure of one scenario on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The scenario, or the statement.
    pub scenario: String,
    /// What is compared.
    pub what: Figure,
    /// Before: the mean of its runs.
    pub before: f64,
    /// After: the mean of its runs.
    pub after: f64,
    /// How much it changed.
    pub change: Change,
    /// How the later side stands; `None` for what is reported and not judged.
    pub standing: Option<Standing>,
}

impl Compared {
    /// What it was, as people read it.
    pub fn was(&self) -> String {
        format::show(self.what.unit(), self.before)
    }

    /// What it is, as people read it.
    pub fn is(&self) -> String {
        format::show(self.what.unit(), self.after)
    }

    /// The change and where it may lie: `23 % more (11 to 38)`.
    pub fn changed(&self) -> String {
        let is_share = self.what.unit() == Unit::Share;
        let percent = |value: f64| {
            if is_share {
                value
            } else {
                100.0 * (value - 1.0)
            }
        };
        let value = percent(self.change.value);
        let direction = if value < 0.0 { "less" } else { "more" };
        let points = if is_share { " points" } else { " %" };
        let interval = match (self.change.low.map(percent), self.change.high.map(percent)) {
            (Some(low), Some(high)) => format!(" ({} to {})", short(low), short(high)),
            (Some(low), None) => format!(" (at least {})", short(low)),
            (None, Some(high)) => format!(" (at most {})", short(high)),
            (None, None) => String::new(),
        };
        format!("{}{points} {direction}{interval}", short(value.abs()))
    }

    /// How it stands, as people read it; nothing for what is not judged.
    pub fn stands(&self) -> String {
        self.standing
            .map_or_else(String::new, |one| one.to_string())
    }
}

fn short(value: f64) -> String {
    match value.abs() {
        size if size < 9.95 => format!("{value:.1}"),
        // Nearly all is not all.
        size if (99.5..100.0).contains(&size) => format!("{:.2}", value.clamp(-99.99, 99.99)),
        _ => format!("{value:.0}"),
    }
}
