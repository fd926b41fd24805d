//! Whether processors are what is waited for: all of them, the one of a single thread, or those of the whole machine.

use super::case::{Case, Topic, topics};
use super::observed::judged;
use crate::record::{Times, figure};
use crate::requirement::{Source, Unit, format};

/// Processors used less than this, in percent, are not what is waited for.
const IDLE_PERCENT: f64 = 50.0;
/// Processors used more than this, in percent, make answers wait.
const BUSY_PERCENT: f64 = 80.0;
/// From here on a machine has none left, in percent.
const FULL_PERCENT: f64 = 90.0;

/// Slow while the processors idle: something else is waited for.
pub(super) fn idle_and_slow(case: &Case<'_>) -> Option<String> {
    let limit = case.time_limit()?;
    let slow = Times::of(&case.summary.service)?.p95 >= limit;
    let used = Processors::of(case)?;
    let is_idle =
        slow && used.worst() < IDLE_PERCENT && machine(case).is_none_or(|full| full < FULL_PERCENT);
    let waits =
        "it waits for the database, for locks, for a pool of connections or for another service";
    let thread = used.thread.map_or_else(String::new, |thread| {
        format!(" (its busiest thread {} of one)", share(thread))
    });
    is_idle.then(|| match used.source {
        Source::Target => format!(
            "the target says that it used only {} of its machine's processors while it was slow: {waits}, unless one \
             thread, which can use only one processor, does all its work",
            share(used.all)
        ),
        _ => format!(
            "the target used only {} of the processors{thread} while it was slow: {waits}",
            share(used.all)
        ),
    })
}

/// Nothing but more processors, or less work for them.
pub(super) fn busy(case: &Case<'_>) -> Option<String> {
    let told = topics(case.judgement).contains(&Topic::Processor);
    let used = Processors::of(case)?;
    let is_starved = || machine(case).is_some_and(|full| full >= FULL_PERCENT);
    if used.worst() < BUSY_PERCENT && (!told || is_starved()) {
        return None;
    }
    Some(match used.thread {
        Some(thread) if thread > used.all => format!(
            "the busiest thread of the target used {} of the one processor that a thread can use, all of the target {} of \
             its processors: run more worker processes, or take work off that thread; more processors alone change nothing",
            share(thread),
            share(used.all)
        ),
        _ => format!(
            "the target used {} of the processors: profile what it computes, cache more, or scale out (more \
             workers where processors are free, more machines where they are not)",
            share(used.all)
        ),
    })
}

/// A machine that is full, and not by the target.
pub(super) fn full_machine(case: &Case<'_>) -> Option<String> {
    let full = machine(case).filter(|full| *full >= FULL_PERCENT)?;
    let target = mean(case, Source::Process, figure::CPU)?;
    let own = mean(case, Source::Host, figure::CPU_OWN)?;
    (target < BUSY_PERCENT).then(|| {
        format!(
            "the processors of this machine were used to {}, by the target {} and by the load generator {}: what runs \
             beside the target takes from it; give the generator, or the others, a machine of their own",
            share(full),
            share(target),
            share(own)
        )
    })
}

/// Mean use of processors by the best source, in percent.
struct Processors {
    source: Source,
    /// Of all that the target may use.
    all: f64,
    /// Of one, by its busiest thread.
    thread: Option<f64>,
}

impl Processors {
    fn of(case: &Case<'_>) -> Option<Processors> {
        let of = |source, name| Some((source, mean(case, source, name)?));
        let (source, all) = of(Source::Process, figure::CPU_ALLOWED)
            .or_else(|| of(Source::Process, figure::CPU))
            .or_else(|| of(Source::Target, figure::CPU))?;
        Some(Processors {
            source,
            all,
            thread: mean(case, source, figure::CPU_THREAD),
        })
    }

    fn worst(&self) -> f64 {
        self.thread.map_or(self.all, |thread| thread.max(self.all))
    }
}

/// Mean use of the processors of the machine that the target runs on, all that runs there included.
fn machine(case: &Case<'_>) -> Option<f64> {
    let is_here = case.run.observed.local == Some(true);
    is_here
        .then(|| mean(case, Source::Host, figure::CPU))
        .flatten()
}

fn mean(case: &Case<'_>, source: Source, name: &str) -> Option<f64> {
    let values = judged(case, source, name)?;
    Some(values.iter().map(|(_, value)| value).sum::<f64>() / values.len() as f64)
}

fn share(percent: f64) -> String {
    format::show(Unit::Share, percent)
}
