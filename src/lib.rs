//! Performance requirements as cargo tests: load a service, and judge each requirement with its confidence interval.
//!
//! Most users need one function. A test target without libtest's harness (`harness = false`) runs a profile's requirements, one
//! test each, and takes the arguments that cargo, nextest and IDEs pass:
//!
//! ```no_run
//! // tests/perf.rs
//! # #[cfg(feature = "harness")]
//! fn main() -> std::process::ExitCode {
//!     agentos_perf::harness::main()
//! }
//! # #[cfg(not(feature = "harness"))]
//! # fn main() {}
//! ```
//!
//! The parts can be used alone: a profile becomes plans and requirements, a plan becomes a record, and a requirement is judged
//! on records.
//!
//! ```no_run
//! use agentos_perf::{
//!     Destination, Evidence, Observer, Overrides, ProfileSource, RunProgress, RunResult, judge,
//!     load_profile, render_diagnostics, run_plan,
//! };
//!
//! /// Shows nothing, and lets each run go on to its planned end.
//! struct Quiet;
//!
//! impl Observer for Quiet {
//!     fn progress(&mut self, _: RunProgress) {}
//!     fn is_settled(&mut self, _: &RunResult, _: &[u64]) -> bool {
//!         true
//!     }
//!     fn is_interrupted(&mut self) -> bool {
//!         false
//!     }
//!     fn processor_time(&mut self) -> std::time::Duration {
//!         std::time::Duration::ZERO
//!     }
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let source = ProfileSource::parse("perf.toml")?;
//!     let profile = load_profile(&source, &Overrides::default())
//!         .map_err(|wrong| render_diagnostics(&wrong))?;
//!     let target = profile.target.as_ref().ok_or("the profile names no target")?;
//!     let destination = Destination {
//!         origin: target.origin.clone(),
//!         token: None,
//!         insecure: false,
//!         http: profile.http,
//!         users: Default::default(),
//!     };
//!     let plan = profile.plan("api").ok_or("there is no scenario `api`")?;
//!     let run = run_plan(plan, &destination, &mut Quiet)?;
//!     for requirement in &profile.requirements {
//!         let evidence = Evidence { runs: vec![&run], ..Evidence::default() };
//!         println!("{}: {:?}", requirement.name, judge(requirement, &evidence, profile.confidence).verdict);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `cli` (default) | the command `agentos-perf`, with all of the others |
//! | `harness` | [`harness::main`]: requirements as tests, reports, server-side metrics, the live dashboard |
//! | `reference` | an embedded AgentOS that is loaded when no target is named (crate `agentos-reference`) |
//! | `optimize` | the database optimizer (crate `agentos-perf-optimize`) |
//! | `otlp` | sending a session's figures to an OpenTelemetry collector |
//!
//! Modules that this page does not show are for this project's own command and tests, and change without notice.
#![forbid(unsafe_code)]

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod client;
#[cfg(feature = "harness")]
#[doc(hidden)]
pub mod dashboard;
#[cfg(all(any(test, fuzzing), feature = "harness"))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "harness")]
pub mod harness;
#[doc(hidden)]
pub mod load;
#[cfg(feature = "evidence")]
#[doc(hidden)]
pub mod monitor;
#[doc(hidden)]
pub mod profile;
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod store;
#[doc(hidden)]
pub mod timers;

#[doc(hidden)]
pub use agentos_perf_core::{
    baseline, diagnostic, hint, judge, model, plan, record, requirement, search, secret,
    statistics, template, text,
};
#[cfg(feature = "optimize")]
#[doc(hidden)]
pub use agentos_perf_optimize as optimize;
#[cfg(feature = "evidence")]
#[doc(hidden)]
pub use agentos_perf_optimize::connection;
#[cfg(feature = "reference")]
#[doc(hidden)]
pub use agentos_reference as reference;

// Profiles.
#[doc(inline)]
pub use diagnostic::{Diagnostic, Origin, render_diagnostics};
#[doc(inline)]
pub use profile::{
    Destination, HttpVersion, Overrides, Profile, ProfileSource, Target, load as load_profile,
};
#[doc(inline)]
pub use secret::Secret;

// Plans.
#[doc(inline)]
pub use plan::{
    Arrivals, Bounds, Bursts, ConstantRate, Endpoint, EndpointKind, Loads, Phases, Plan,
    PoissonRate, Rate, Search, Socket, ThinkingUsers,
};

// Runs and their records.
#[doc(inline)]
pub use load::{Observer, RunError, RunProgress, run as run_plan};
#[doc(inline)]
pub use record::{
    Counts, EndpointResult, EndpointSummary, Excerpt, Histogram, Outcome, RunResult, Sample,
    Second, Status, Summary, Times, Window,
};

// Requirements and verdicts.
#[doc(inline)]
pub use judge::{Evidence, intervals, judge};
#[doc(inline)]
pub use requirement::{
    Better, Check, CheckJudgement, Comparison, Estimate, Judgement, Limit, LimitError, Metric,
    Population, Requirement, Scope, Severity, Source, TestVerdict, Unit, Verdict,
};

// Reports.
#[doc(inline)]
pub use baseline::{BaselineComparison, compare as compare_reports};
#[doc(inline)]
pub use report::{Format, RenderError, Report, RunReport};
