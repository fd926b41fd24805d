//! What the target's processes use of what they can use.

use super::known::{Known, gauge};
use crate::record::{RunResult, Seen, figure};

/// The processors that the processes may use, and the one that the busiest thread can use: whichever is fuller.
///
/// A service whose work is one thread's is at its end with one processor full, however many are idle.
pub(super) fn processors(seen: &Seen, run: &RunResult) -> Result<Known, String> {
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
    Ok(Known::Worst(parts))
}

/// The memory of the machine, or what a limit leaves of it.
pub(super) fn memory(seen: &Seen, run: &RunResult) -> Result<Known, String> {
    let machine = gauge(seen, figure::MEMORY, run)?;
    let parts = match gauge(seen, figure::MEMORY_ALLOWED, run) {
        Ok(allowed) => (
            ", of the memory that its cgroup may use".to_owned(),
            allowed,
        ),
        Err(_) => (String::new(), machine),
    };
    Ok(Known::Worst(vec![parts]))
}

/// `1.5 processors`
fn processors_of(count: f64) -> String {
    if (count - 1.0).abs() < f64::EPSILON {
        return "processor".to_owned();
    }
    format!("{} processors", (count * 100.0).round() / 100.0)
}
