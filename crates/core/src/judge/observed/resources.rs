//! What the target's processes use of what they can use.

use super::known::{KnownFigure, gauge};
use crate::record::{RunResult, SourceSeries, figure};
use crate::requirement::Source;
use crate::requirement::{Unit, format};
use crate::statistics::MeanBlock;

/// From here on a machine has no processor time left, in percent.
const FULL_PERCENT: f64 = 90.0;

/// The processors that the processes may use, the one that the busiest thread can use, and a machine that is full:
/// whichever is fullest.
///
/// A service whose work is one thread's is at its end with one processor full, however many are idle; and one on a
/// machine that others have filled cannot use more, however little it uses.
pub(super) fn processors(seen: &SourceSeries, run: &RunResult) -> Result<KnownFigure, String> {
    let machine = gauge(seen, figure::CPU, run)?;
    let mut parts = Vec::new();
    match gauge(seen, figure::CPU_ALLOWED, run) {
        Ok(allowed) if allowed != machine => {
            let most = seen.last(figure::PROCESSORS_ALLOWED).unwrap_or(1.0);
            parts.push((
                format!(", of the {} that it may use", processors_of(most)),
                allowed,
            ));
        }
        _ => parts.push((String::new(), machine)),
    }
    if let Ok(thread) = gauge(seen, figure::CPU_THREAD, run) {
        let what = ", its busiest thread, of the one processor that a thread can use";
        parts.push((what.to_owned(), thread));
    }
    parts.extend(full_machine(run));
    Ok(KnownFigure::Worst(parts))
}

/// All that runs beside the load generator on a machine that is full; `None` where processor time is left.
///
/// What the generator takes is not counted: it can be given another machine, and then the target has that time.
fn full_machine(run: &RunResult) -> Option<(String, Vec<MeanBlock>)> {
    let host = run.observed.seen(Source::Host)?;
    let ms = |nanos: u64| (nanos / 1_000_000).cast_signed();
    let mean = |name: &str| {
        let values = host.between(name, ms(run.window.from), ms(run.window.to));
        let sum: f64 = values.iter().map(|(_, value)| value).sum();
        (!values.is_empty()).then(|| sum / values.len() as f64)
    };
    let (all, own) = (mean(figure::CPU)?, mean(figure::CPU_OWN)?);
    if run.observed.local == Some(false) || all < FULL_PERCENT {
        return None;
    }
    let what = format!(
        ", on a machine whose processors are {} used, {} by the load generator: all but that",
        format::show(Unit::Share, all),
        format::show(Unit::Share, own)
    );
    Some((what, gauge(host, figure::CPU, run).ok()?))
}

/// The memory of the machine, or what a limit leaves of it.
pub(super) fn memory(seen: &SourceSeries, run: &RunResult) -> Result<KnownFigure, String> {
    let machine = gauge(seen, figure::MEMORY, run)?;
    let parts = match gauge(seen, figure::MEMORY_ALLOWED, run) {
        Ok(allowed) => (
            ", of the memory that its cgroup may use".to_owned(),
            allowed,
        ),
        Err(_) => (String::new(), machine),
    };
    Ok(KnownFigure::Worst(vec![parts]))
}

/// `1.5 processors`
fn processors_of(count: f64) -> String {
    if (count - 1.0).abs() < f64::EPSILON {
        return "processor".to_owned();
    }
    format!("{} processors", (count * 100.0).round() / 100.0)
}
