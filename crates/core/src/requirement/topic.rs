//! What requirements are about.

/// What a requirement is about, and so which advice concerns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Response times.
    Times,
    /// Failed requests.
    Errors,
    /// Requests answered per second.
    Throughput,
    /// The health endpoint.
    Health,
    /// Outages and restarts of the target.
    Outages,
    /// WebSockets.
    Sockets,
    /// The load generator itself.
    Generator,
    /// The target's cache.
    Cache,
    /// Database queries.
    Queries,
    /// The target's processors.
    Processor,
    /// The target's memory.
    Memory,
    /// The times that the target reports itself.
    OwnTimes,
    /// What a search found.
    Search,
}
