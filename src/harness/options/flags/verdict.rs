//! The flags of verdicts, and of what is made of them.

use std::path::PathBuf;

use crate::diagnostic::{Diagnostic, Spanned};
use crate::harness::options::flags::value::{
    Optional, Or, Read as _, Switch, Value, YesNo, any, name, path, secret,
};
use crate::harness::options::flags::{Ab, Flag, Rerun};
use crate::harness::options::formats::formats;
use crate::harness::options::raw_args::Typed;
use crate::harness::session::main::default_folder;
use crate::profile::quantity;
use crate::report::Format;
use crate::secret::Secret;

flags! {
    /// How a session is judged and reported.
    VerdictFlags {
        confidence: Option<Spanned<f64>> = Value("SHARE", quantity::confidence),
            "confidence", ["PERF_CONFIDENCE"], Last, Applies,
            "Confidence that a verdict requires: 95, 95 % or 0.95";
        strict: bool = YesNo,
            "strict", ["PERF_STRICT"], Last, NoEffect,
            "Requirements of severity `target` fail too, instead of warning";
        report_dir: PathBuf = Or(Value("DIR", path), default_folder),
            "report-dir", ["PERF_REPORT_DIR"], Never, NoEffect,
            "Where reports go, into latest and a folder of the session's own; target/perf by default";
        formats: Vec<Format> = Or(Value("A,B", formats), || Format::ALL.to_vec()),
            "report", ["PERF_REPORT"], Never, NoEffect,
            "Only these reports: {formats}; all of them by default";
        baseline: Option<String> = Value("NAME", name),
            "baseline", ["PERF_BASELINE"], Last, NoEffect,
            "Another test, baseline::no_regression: whether the target got worse than in the sessions kept under \
             this name. A path where it has a / in it or ends in .json";
        save_baseline: Option<String> = Value("NAME", name),
            "save-baseline", ["PERF_SAVE_BASELINE"], Never, NoEffect,
            "Keep the session under this name, beside others that are there, for --baseline";
        fingerprint: bool = Switch,
            "fingerprint", [], Never, NoEffect,
            "Print what all sessions of a baseline must share (machine, version and plans) as one word, and run \
             no load: for baseline names where machines or plans change";
        dashboard: Option<Spanned<String>> = Optional(any),
            "dashboard", ["PERF_DASHBOARD"], Never, NoEffect,
            "Show the running session in a browser, at http://127.0.0.1:9595/dashboard/performance; \
             `--dashboard=ADDRESS` for another address or port. It stays up after the tests while a page is open";
        dashboard_token: Option<Secret> = Value("TOKEN", |text| Ok(secret(text))),
            "dashboard-token", ["PERF_DASHBOARD_TOKEN"], Never, NoEffect,
            "Token that viewers must present; required on an address that other machines can reach. Every local user \
             can read it in the process list: prefer the variable";
    }
}

/// The variable with the token that viewers of a dashboard must present.
pub fn dashboard_token_variable() -> &'static str {
    VerdictFlags::dashboard_token().variables[0]
}
