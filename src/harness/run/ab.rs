//! Two targets under the same load by turns, so that what disturbs the machine disturbs both alike.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use crate::baseline::{compare_pairs, table};
use crate::client::Asking;
use crate::harness::options::ab_flags::idle;
use crate::harness::options::args::Args;
use crate::harness::options::flags::target::TargetFlags;
use crate::harness::options::flags::verdict::VerdictFlags;
use crate::harness::options::resolve::resolve;
use crate::harness::output::progress::Progress;
use crate::harness::output::streams::{note, note_text, print_or_fail};
use crate::harness::run::identity::Identities;
use crate::harness::run::interrupt::on_interrupt;
use crate::harness::run::open_files::raise_limit;
use crate::harness::run::recovery::Question;
use crate::harness::run::scenario::{Failure, Questions, ScenarioRun};
use crate::load::{SocketEngine, failed_run, is_second_first};
use crate::monitor::{EvidenceSources, GivenSources};
use crate::plan::Plan;
use crate::profile::{Destination, Profile};
use crate::record::{RunProblem, RunResult};

/// The least of a turn that is judged: connections must be made first, and a p95 needs some requests.
const LEAST: Duration = Duration::from_secs(2);
/// What comes before it in each turn.
const WARM_UP: Duration = Duration::from_secs(1);

const WORSE: u8 = 1;
const USAGE: u8 = 2;

/// One target.
pub(in crate::harness) struct ComparedTarget {
    pub(in crate::harness) args: Args,
    pub(in crate::harness) profile: Profile,
    identities: Identities,
}

/// Loads two targets by turns with every scenario at one load, and judges the ratio of their figures.
///
/// Each target has its turn `turns` times. `flags` are those of the tests; a confidence in them goes before `confidence`. Exit code 0 when nothing is shown to be worse at `after`, 1 when something is, 2 when
/// they can't be compared.
pub fn compare_by_turns(
    before: &str,
    after: &str,
    turns: u32,
    confidence: f64,
    flags: &[OsString],
) -> ExitCode {
    let confidence = VerdictFlags::confidence().given(&confidence.to_string());
    let flags = [&confidence[..], flags].concat();
    match by_turns(before, after, turns, &flags) {
        Ok(code) => code,
        Err(told) => {
            note_text(&told);
            ExitCode::from(USAGE)
        }
    }
}

fn by_turns(before: &str, after: &str, turns: u32, flags: &[OsString]) -> Result<ExitCode, String> {
    let sides = match (side(before, flags), side(after, flags)) {
        (Ok(before), Ok(after)) => [before, after],
        (before, after) => {
            let wrong = before.err().into_iter().chain(after.err());
            let mut wrong: Vec<crate::diagnostic::Diagnostic> = wrong.flatten().collect();
            // What is wrong with the flags of both is told once.
            crate::diagnostic::sort_diagnostics(&mut wrong);
            return Err(crate::diagnostic::render_diagnostics(&wrong));
        }
    };
    let interrupted = Arc::new(AtomicBool::new(false));
    on_interrupt(&interrupted);
    raise_limit();
    let mut progress = Progress::on_stderr(false);
    let mut pairs = Vec::new();
    for index in 0..sides[0].profile.plans.len() {
        if sides[0].profile.plans[index].search.is_none() && !interrupted.load(Ordering::Relaxed) {
            let made = scenario(&sides, index, turns, &interrupted, &mut progress)
                .map_err(|problem| format!("error: {}\n  {}\n", problem.what, problem.advice))?;
            pairs.extend(made);
        }
    }
    if interrupted.load(Ordering::Relaxed) {
        note("perf: interrupted; what was compared until then:");
    }
    let comparison = compare_pairs(&pairs, sides[0].profile.confidence);
    if comparison.compared.is_empty() {
        return Err("error: nothing could be compared: there is no scenario at one load that was run often enough\n".to_owned());
    }
    let code = match comparison.worse().next() {
        Some(_) => ExitCode::from(WORSE),
        // What was not loaded to its end is not shown to be as good.
        None if interrupted.load(Ordering::Relaxed) || !comparison.unsettled.is_empty() => {
            ExitCode::from(USAGE)
        }
        None => ExitCode::SUCCESS,
    };
    Ok(print_or_fail(&table(&comparison), code))
}

/// A target with what the flags make of the profile, or all that is wrong with them.
pub(in crate::harness) fn side(
    url: &str,
    flags: &[OsString],
) -> Result<ComparedTarget, Vec<crate::diagnostic::Diagnostic>> {
    let words = flags
        .iter()
        .cloned()
        .chain(TargetFlags::target_url().given(url));
    let environment = std::env::vars_os().collect();
    let idle = idle(flags);
    let (args, profile) = match resolve(words, &environment) {
        Ok(resolved) if idle.is_empty() => resolved,
        Ok(_) => return Err(idle),
        Err(wrong) => return Err([idle, wrong].concat()),
    };
    Ok(ComparedTarget {
        args,
        profile,
        identities: Identities::default(),
    })
}

impl ComparedTarget {
    pub(in crate::harness) fn destination(&self, plan: &Plan) -> Result<Destination, RunProblem> {
        let target = self.args.target.as_ref().ok_or_else(|| RunProblem {
            what: "there is no target".to_owned(),
            advice: "name two URLs".to_owned(),
        })?;
        let destination = Destination {
            origin: target.origin.clone(),
            token: self.args.token.clone(),
            insecure: self.args.flags.target.insecure,
            http: self.profile.http,
            users: Arc::default(),
        };
        self.identities.join(
            plan,
            &self.profile.identity,
            &self.args.credentials,
            destination,
        )
    }
}

/// A target with a plan that it has been asked for once.
struct Ready<'a> {
    side: &'a ComparedTarget,
    plan: Plan,
    turns: u32,
    destination: Destination,
    watched: EvidenceSources,
}

impl Ready<'_> {
    fn new<'a>(
        side: &'a ComparedTarget,
        plan: &Plan,
        turns: u32,
        interrupted: &AtomicBool,
        progress: &mut Progress,
    ) -> Result<Ready<'a>, RunProblem> {
        let destination = side.destination(plan)?;
        let question = Question {
            plan,
            destination: &destination,
            asking: Asking {
                redirects: side.profile.rules.redirects,
                minted: side.args.credentials.mints(),
            },
            interrupted,
        };
        let asked = question.ask("", progress);
        let asked = asked.map_err(|failure| Failure::from(failure).problem)?;
        Ok(Ready {
            side,
            plan: turn_of(&asked.plan, turns),
            turns,
            watched: EvidenceSources {
                destination: destination.clone(),
                plan: side.profile.evidence.clone(),
                given: GivenSources::default(),
            },
            destination,
        })
    }

    fn turn(&self, number: u32, interrupted: &AtomicBool, progress: &mut Progress) -> RunResult {
        let loading = ScenarioRun {
            profile: &self.side.profile,
            plan: &self.plan,
            destination: &self.destination,
            watched: &self.watched,
            engine: &SocketEngine,
            interrupted,
            board: None,
            after: None,
            minted: false,
        };
        let place = format!(
            ", turn {number} of {} at {}",
            self.turns, self.destination.origin
        );
        let questions = Questions {
            is_settled: &|_, _| true,
            is_open_by_correlation_alone: &|_, _| false,
        };
        let made = loading.once(&self.plan, questions, &place, None, progress);
        made.unwrap_or_else(|error| {
            let problem = RunProblem {
                what: error.to_string(),
                advice: String::new(),
            };
            failed_run(&self.plan, SystemTime::now(), problem)
        })
    }
}

/// The same load for a turn: its part of the time, and neither more nor less.
fn turn_of(plan: &Plan, turns: u32) -> Plan {
    let mut turn = plan.clone();
    turn.phases.ramp_up = Duration::ZERO;
    turn.phases.warm_up = WARM_UP;
    turn.phases.measure = (plan.phases.measure / turns).max(LEAST);
    turn.phases.extend = Duration::ZERO;
    turn.phases.settle = None;
    turn
}

/// Each target's turns in one scenario, in pairs whose order is drawn from the seed of the plan.
fn scenario(
    sides: &[ComparedTarget; 2],
    index: usize,
    turns: u32,
    interrupted: &AtomicBool,
    progress: &mut Progress,
) -> Result<Vec<(RunResult, RunResult)>, RunProblem> {
    let [before, after] = sides;
    let ready = [
        Ready::new(
            before,
            &before.profile.plans[index],
            turns,
            interrupted,
            progress,
        )?,
        Ready::new(
            after,
            &after.profile.plans[index],
            turns,
            interrupted,
            progress,
        )?,
    ];
    let seed = ready[0].plan.seed;
    let mut pairs = Vec::new();
    for number in 1..=turns {
        let mut turn = |side: usize| ready[side].turn(number, interrupted, progress);
        let pair = if is_second_first(seed, number) {
            let after = turn(1);
            (turn(0), after)
        } else {
            let before = turn(0);
            (before, turn(1))
        };
        if interrupted.load(Ordering::Relaxed) {
            break;
        }
        pairs.push(pair);
    }
    Ok(pairs)
}
