//! The `agentos-perf` command.
fn main() {}
