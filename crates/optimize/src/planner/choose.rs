//! Which indexes are worth proposing: each candidate is tried, the best is kept, and the rest is asked about again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::ask::{AskError, Planner};
use super::explained::Explained;
use super::guess::unproved;
use crate::connection::excerpt::excerpts;
use crate::facts::Facts;
use crate::planner_query::{Advice, PlannerAnswers, PlannerQuery};
use crate::workload::{Candidate, candidates, uses};

/// What saves less of a statement's cost does not matter: the planner's figures are not so exact.
const LEAST_SAVED: f64 = 0.2;
/// What saves less of all statements' time than this is not worth an index that every write pays for.
const LEAST_SHARE: f64 = 0.005;
/// A table that is smaller is read from end to end faster than by an index.
const SMALLEST: u64 = 1 << 20;
/// The time limit; over a slow line every query takes its time. What was found by then is proposed.
const LONGEST: Duration = Duration::from_secs(120);
/// As many indexes are proposed at most.
pub(super) const MOST: usize = 20;
/// As much of a statement is shown.
const LONGEST_TEXT: usize = 120;
/// Of candidates that save about as much, the narrower one is the better.
const ABOUT: f64 = 0.95;

/// A query with the indexes that could serve it.
pub(super) struct OpenQuery {
    pub(super) at: usize,
    pub(super) before: Explained,
    pub(super) candidates: Vec<Candidate>,
}

/// Asks the planner about every index that could serve the queries.
///
/// # Errors
/// If the connection is lost.
pub async fn advise(
    planner: &Planner<'_>,
    planner_queries: &[PlannerQuery],
    facts: &Facts,
) -> Result<PlannerAnswers, AskError> {
    let mut asked = PlannerAnswers::default();
    let mut open = Vec::new();
    let texts: Vec<&str> = planner_queries
        .iter()
        .map(|one| one.text.as_str())
        .collect();
    let texts = excerpts(&texts, LONGEST_TEXT);
    for (at, planner_query) in planner_queries.iter().enumerate() {
        let candidates = match possible(planner_query, facts) {
            Err(told) => {
                asked.unasked.push(format!("{}: {told}", texts[at]));
                continue;
            }
            Ok(candidates) if candidates.is_empty() => continue,
            Ok(candidates) => candidates,
        };
        match planner.explain(&planner_query.text).await {
            Ok(before) => open.push(OpenQuery {
                at,
                before,
                candidates,
            }),
            Err(AskError::Gone(said)) => return Err(AskError::Gone(said)),
            Err(AskError::Refused(said)) => {
                asked.unasked.push(format!("{}: {said}", texts[at]));
            }
        }
    }
    if let Some(why) = planner.blind() {
        asked.blind = Some(why.to_owned());
        asked.advice = unproved(&open, facts);
        return Ok(asked);
    }
    let until = Instant::now() + LONGEST;
    asked.advice = proved(planner, planner_queries, open, facts, until).await?;
    asked.is_cut_short = Instant::now() >= until;
    Ok(asked)
}

fn possible(planner_query: &PlannerQuery, facts: &Facts) -> Result<Vec<Candidate>, String> {
    let uses = uses(&planner_query.text, &facts.tables).map_err(|error| error.to_string())?;
    let mut found: Vec<Candidate> = Vec::new();
    for one in &uses {
        let table = facts
            .table(one.table)
            .filter(|table| table.heap_bytes >= SMALLEST && !table.is_extensions);
        let Some(table) = table else { continue };
        let indexes: Vec<_> = facts.indexes_of(table.oid).cloned().collect();
        for candidate in candidates(one, table, &indexes) {
            let same = found
                .iter_mut()
                .find(|other| other.table == candidate.table && other.columns == candidate.columns);
            match same {
                // What equals a value somewhere says more than what is only joined.
                Some(other) => other.free = other.free.max(candidate.free),
                None => found.push(candidate),
            }
        }
    }
    Ok(found)
}

/// What the planner uses once it believes that it is there.
async fn proved(
    planner: &Planner<'_>,
    planner_queries: &[PlannerQuery],
    mut open: Vec<OpenQuery>,
    facts: &Facts,
    until: Instant,
) -> Result<Vec<Advice>, AskError> {
    let first: Vec<(usize, f64)> = open.iter().map(|one| (one.at, one.before.cost)).collect();
    let mut kept: Vec<Advice> = Vec::new();
    while kept.len() < MOST && Instant::now() < until {
        let tried = all_tried(planner, planner_queries, &open, &kept, facts, until).await?;
        let Some(best) = best(&tried, planner_queries) else {
            break;
        };
        // From now on it is there: what others would add is what counts.
        kept.push(best);
        suppose_all(planner, &kept, facts).await?;
        for one in &mut open {
            if let Ok(now) = planner.explain(&planner_queries[one.at].text).await {
                one.before = now;
            }
            one.candidates.retain(|candidate| {
                !kept
                    .iter()
                    .any(|other| candidate.is_begun_by(&other.candidate))
            });
        }
    }
    // A later one may begin with an earlier one's columns, and stands for it then.
    let all: Vec<Candidate> = kept.iter().map(|one| one.candidate.clone()).collect();
    kept.retain(|one| {
        !all.iter()
            .any(|other| *other != one.candidate && one.candidate.is_begun_by(other))
    });
    let kept = used(planner, planner_queries, &first, kept, facts).await?;
    planner.forget_all().await?;
    Ok(kept)
}

/// What makes candidates the same: the table and the columns with their directions.
type CandidateKey<'a> = (u32, &'a [(String, bool)]);

async fn all_tried(
    planner: &Planner<'_>,
    planner_queries: &[PlannerQuery],
    open: &[OpenQuery],
    kept: &[Advice],
    facts: &Facts,
    until: Instant,
) -> Result<Vec<Advice>, AskError> {
    let mut tried: BTreeMap<CandidateKey<'_>, Advice> = BTreeMap::new();
    for one in open {
        for candidate in &one.candidates {
            if until <= Instant::now() {
                return Ok(tried.into_values().collect());
            }
            let found = tried_once(planner, planner_queries, one, candidate, kept, facts).await?;
            let Some((saved, bytes)) = found else {
                continue;
            };
            let key = (candidate.table, candidate.columns.as_slice());
            let advice = tried.entry(key).or_insert_with(|| Advice {
                candidate: candidate.clone(),
                bytes: Some(bytes),
                serves: Vec::new(),
            });
            advice.serves.push((one.at, Some(saved)));
        }
    }
    Ok(tried.into_values().collect())
}

/// What each serves when all are there, against how it was when none was; those that serve nothing are dropped.
async fn used(
    planner: &Planner<'_>,
    planner_queries: &[PlannerQuery],
    first: &[(usize, f64)],
    mut kept: Vec<Advice>,
    facts: &Facts,
) -> Result<Vec<Advice>, AskError> {
    let names = suppose_all(planner, &kept, facts).await?;
    for one in &mut kept {
        one.serves.clear();
    }
    for (at, before) in first {
        let after = match planner.explain(&planner_queries[*at].text).await {
            Err(AskError::Gone(said)) => return Err(AskError::Gone(said)),
            Err(AskError::Refused(_)) => continue,
            Ok(after) => after,
        };
        let saved = 1.0 - after.cost / before.max(1e-9);
        for (one, name) in kept.iter_mut().zip(&names) {
            if saved >= LEAST_SAVED && after.indexes.contains(name) {
                one.serves.push((*at, Some(saved)));
            }
        }
    }
    kept.retain(|one| !one.serves.is_empty());
    let worth = |one: &Advice| one.saved_ms(planner_queries);
    kept.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
    Ok(kept)
}

/// What a candidate saves of a statement's cost and how large it is; `None` when it is not used, or hardly.
async fn tried_once(
    planner: &Planner<'_>,
    planner_queries: &[PlannerQuery],
    one: &OpenQuery,
    candidate: &Candidate,
    kept: &[Advice],
    facts: &Facts,
) -> Result<Option<(f64, u64)>, AskError> {
    let Some(table) = facts.table(candidate.table) else {
        return Ok(None);
    };
    suppose_all(planner, kept, facts).await?;
    let supposed = match planner.suppose(&candidate.sql(table, false)).await {
        Err(AskError::Gone(said)) => return Err(AskError::Gone(said)),
        Err(AskError::Refused(_)) => return Ok(None),
        Ok(supposed) => supposed,
    };
    let after = match planner.explain(&planner_queries[one.at].text).await {
        Err(AskError::Gone(said)) => return Err(AskError::Gone(said)),
        Err(AskError::Refused(_)) => return Ok(None),
        Ok(after) => after,
    };
    let saved = 1.0 - after.cost / one.before.cost.max(1e-9);
    let is_used = after.indexes.contains(&supposed.0);
    Ok((is_used && saved >= LEAST_SAVED).then_some((saved, supposed.1)))
}

/// Creates exactly these hypothetical indexes; returns their names.
async fn suppose_all(
    planner: &Planner<'_>,
    kept: &[Advice],
    facts: &Facts,
) -> Result<Vec<String>, AskError> {
    planner.forget_all().await?;
    let mut names = Vec::new();
    for one in kept {
        let name = match facts.table(one.candidate.table) {
            Some(table) => planner.suppose(&one.candidate.sql(table, false)).await?.0,
            None => String::new(),
        };
        names.push(name);
    }
    Ok(names)
}

/// The one that saves most; of those that save about as much, the narrowest.
fn best(tried: &[Advice], planner_queries: &[PlannerQuery]) -> Option<Advice> {
    let all: f64 = planner_queries.iter().filter_map(|one| one.total_ms).sum();
    let worth = |advice: &Advice| -> f64 {
        let uncounted = advice
            .serves
            .iter()
            .filter(|(at, _)| planner_queries[*at].total_ms.is_none());
        // What was not counted comes behind all that was.
        let uncounted: f64 = uncounted.filter_map(|(_, share)| *share).sum();
        advice.saved_ms(planner_queries) + 1e-6 * uncounted
    };
    let is_worthwhile = |advice: &&Advice| {
        let counted = advice.saved_ms(planner_queries);
        let is_uncounted = advice
            .serves
            .iter()
            .any(|(at, _)| planner_queries[*at].total_ms.is_none());
        counted > LEAST_SHARE * all || is_uncounted
    };
    let most = tried
        .iter()
        .filter(is_worthwhile)
        .map(worth)
        .fold(0.0, f64::max);
    let near = tried
        .iter()
        .filter(is_worthwhile)
        .filter(|advice| worth(advice) >= ABOUT * most);
    near.min_by_key(|advice| advice.candidate.columns.len())
        .cloned()
}
