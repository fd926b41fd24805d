//! The command line, the environment, and files of users and tokens.

pub(super) mod ab_flags;
pub(super) mod args;
pub(super) mod flags;
pub(super) mod formats;
pub(super) mod help;
#[cfg(feature = "otlp")]
pub(super) mod otlp_flags;
pub(super) mod raw_args;
pub(super) mod rerun_command;
pub(super) mod resolve;
pub(super) mod token;
pub(super) mod users_file;
pub(super) mod users_heading;
