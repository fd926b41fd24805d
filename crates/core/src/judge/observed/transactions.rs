//! How many transactions of a `PostgreSQL` failed, which it does not count.
//!
//! It counts those that were rolled back: all that failed, and all that were rolled back without a failure, as pools
//! do with every connection they hand out or take back. Of deadlocks, conflicts and sessions that were ended it is certain
//! that a statement failed. The truth lies between the two. Where the server's log can be read, the errors in it are what
//! failed.

use super::known::{KnownFigure, counted, untold, unusable};
use crate::record::{SourceSeries, figure};
use crate::requirement::format;
use crate::statistics::Block;

/// Between which shares the failed transactions lie.
pub(super) fn errors(seen: &SourceSeries) -> Result<KnownFigure, String> {
    if seen.last(figure::QUERIES).is_none() || seen.last(figure::ROLLBACKS).is_none() {
        return Err(untold());
    }
    if let Some(blocks) = logged(seen) {
        return counted(
            blocks,
            "transactions",
            "transactions had an error in the server's log",
        );
    }
    // Before version 14 it does not count how sessions ended.
    let counts_sessions = seen.last(figure::ENDED_SESSIONS).is_some();
    let rises = seen.rises([
        figure::QUERIES,
        figure::ROLLBACKS,
        figure::DEADLOCKS,
        figure::CONFLICTS,
        if counts_sessions {
            figure::ENDED_SESSIONS
        } else {
            figure::QUERIES
        },
    ]);
    let (mut least, mut most) = (Vec::new(), Vec::new());
    for [all, rolled_back, deadlocks, conflicts, ended] in rises.ok_or_else(unusable)? {
        let ended = if counts_sessions { ended } else { 0.0 };
        let cancelled = deadlocks + conflicts;
        // A session that had no transaction open left none behind that failed.
        let certain = (cancelled + ended).min(rolled_back).max(cancelled);
        let block = |hits: f64| Block {
            hits: hits.min(all),
            trials: all,
        };
        least.push(block(certain));
        most.push(block(rolled_back.max(certain)));
    }
    let sum = |blocks: &[Block], of: fn(&Block) -> f64| -> u64 {
        blocks.iter().map(of).sum::<f64>().round() as u64
    };
    let all = sum(&most, |block| block.trials);
    if all == 0 {
        return Err("no transactions were counted during the run".to_owned());
    }
    let why = format!(
        "{} of {} transactions were rolled back, and PostgreSQL does not count how many of these failed: connection \
         pools roll back, too, when they check or reset a connection; {} failed for certain (deadlocks, conflicts, ended \
         sessions)",
        format::count(sum(&most, |block| block.hits)),
        format::count(all),
        format::count(sum(&least, |block| block.hits)),
    );
    let problems = seen.problems.iter().map(|problem| format!("; {problem}"));
    let why = why + &problems.collect::<String>();
    Ok(KnownFigure::Between { least, most, why })
}

/// Errors in the server's log; `None` unless it was read for as long as transactions were counted.
fn logged(seen: &SourceSeries) -> Option<Vec<Block>> {
    if seen.span(figure::LOGGED_ERRORS)? != seen.span(figure::QUERIES)? {
        return None;
    }
    let rises = seen.rises([
        figure::QUERIES,
        figure::LOGGED_ERRORS,
        figure::DEADLOCKS,
        figure::CONFLICTS,
    ])?;
    let (mut blocks, mut ahead) = (Vec::new(), 0.0);
    for [all, errors, deadlocks, conflicts] in rises {
        // A log that misses what is certain is set to keep less than errors for some role.
        ahead += errors.max(deadlocks + conflicts);
        // Transactions are counted up to a second later than their errors are logged.
        let hits = all.min(ahead);
        ahead -= hits;
        blocks.push(Block { hits, trials: all });
    }
    if ahead > 0.0 {
        blocks.push(Block {
            hits: ahead,
            trials: ahead,
        });
    }
    Some(blocks)
}
