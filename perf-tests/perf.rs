//! The performance requirements as tests.
fn main() {}
