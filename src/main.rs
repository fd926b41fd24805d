//! The `agentos-perf` command.

use std::process::ExitCode;

use agentos_perf::cli::{self, ServeArgs};
use clap::{Parser, Subcommand};

/// Performance requirements as cargo tests.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the embedded `AgentOS`.
    Serve(ServeArgs),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(args) => cli::serve(args),
    }
}
