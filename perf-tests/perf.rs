//! The performance requirements of the profile, one test each: see the README for how to run them.

use std::process::ExitCode;

fn main() -> ExitCode {
    agentos_perf::harness::main()
}
