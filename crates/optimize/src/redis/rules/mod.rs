//! From facts to findings; pure. A rule says something only when what it needs is known.

mod format;
mod keys;
mod memory;
mod server;
#[cfg(test)]
mod tests;

use super::facts::RedisFacts;
use crate::plan::Finding;

/// What is to be known of a Redis and what to do about it, the most urgent first.
pub fn findings(facts: &RedisFacts) -> Vec<Finding> {
    let rules: [fn(&RedisFacts) -> Option<Finding>; 17] = [
        // What fails now, or loses data.
        server::snapshot,
        server::log,
        memory::full,
        server::rejected,
        memory::swapped,
        // What will.
        memory::unlimited,
        memory::cannot_evict,
        server::clients,
        // What costs hits, time and memory.
        memory::evictions,
        server::hit_rate,
        keys::forgotten,
        keys::lasting,
        keys::big,
        memory::fragmented,
        server::fork,
        server::slow_commands,
        server::unsaved,
    ];
    rules.iter().filter_map(|rule| rule(facts)).collect()
}
