//! The `agentos-perf` command.

use std::ffi::OsString;
use std::process::ExitCode;

use agentos_perf::cli::{self, CompareArgs, OptimizeArgs, ReportArgs, ServeArgs};
use agentos_perf::harness;
use clap::{Parser, Subcommand};

/// Performance requirements as tests.
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
    Report(ReportArgs),
    Compare(CompareArgs),
    Optimize(OptimizeArgs),
    /// Judge the requirements of a profile, as `cargo test --test perf` does, on a machine without cargo.
    #[command(disable_help_flag = true)]
    Test {
        /// The same flags; `agentos-perf test --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    if let Some(code) = harness::embedded_server() {
        return code;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            // What can't be written to stderr can't be said anywhere.
            let _ = error.print();
            return ExitCode::from(2);
        }
        Err(help) => return harness::after_printing(help.print(), ExitCode::SUCCESS),
    };
    match cli.command {
        Command::Serve(args) => cli::serve(args),
        Command::Report(args) => cli::report(&args),
        Command::Compare(args) => cli::compare(&args),
        Command::Optimize(args) => cli::optimize(&args),
        Command::Test { arguments } => harness::run(arguments),
    }
}
