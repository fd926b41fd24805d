//! How far the server is with an index.

use std::fmt::Write as _;

use tokio_postgres::{Client, SimpleQueryMessage};

/// How far the process is; `None` when it builds no index, or that may not be seen.
pub(super) async fn of(client: &Client, pid: i32) -> Option<(String, Option<f64>)> {
    let query = format!(
        "SELECT /* agentos-perf */ phase, CASE WHEN blocks_total > 0 THEN 100.0 * blocks_done / blocks_total \
         WHEN tuples_total > 0 THEN 100.0 * tuples_done / tuples_total END, current_locker_pid \
         FROM pg_stat_progress_create_index WHERE pid = {pid}"
    );
    let messages = client.simple_query(&query).await.ok()?;
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    })?;
    let mut phase = row.get(0)?.to_owned();
    if let Some(locker) = row.get(2).filter(|pid| *pid != "0") {
        let _ = write!(phase, " (process {locker})");
    }
    let percent = row.get(1).and_then(|percent| percent.parse().ok());
    Some((phase, percent))
}
