//! Dead rows that remain after a vacuum, and which transaction may still see them.

use super::session::ChangeSession;
use crate::name::literal;
use crate::rules::format::number;

/// As many as make a rule propose a vacuum.
const MANY: &str = "n_dead_tup >= 1000 AND n_dead_tup > 0.2 * (n_live_tup + n_dead_tup)";

/// Who holds back the removal of rows the longest; what it may not see it does not tell. Transactions of other databases
/// see no rows of this one.
const HOLDER: &str = "SELECT /* agentos-perf */ what FROM ( \
       SELECT concat('process ', pid, ' (', coalesce(nullif(application_name, ''), usename), '), whose transaction has been open for ', \
         (extract(epoch FROM clock_timestamp() - xact_start))::int, ' s') AS what, \
         greatest(age(backend_xmin), age(backend_xid)) AS age FROM pg_stat_activity \
         WHERE pid <> pg_backend_pid() AND coalesce(datname = current_database(), true) AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) \
       UNION ALL SELECT concat('the prepared transaction ', gid), age(transaction) FROM pg_prepared_xacts \
         WHERE database = current_database() \
       UNION ALL SELECT concat('the replication slot ', slot_name), age(xmin) FROM pg_replication_slots \
         WHERE xmin IS NOT NULL) held ORDER BY age DESC LIMIT 1";

/// The dead rows that remain in a table after a vacuum, and why; `None` if they are few.
pub(super) async fn remaining(session: &ChangeSession, table: &str) -> Option<String> {
    let dead = format!(
        "SELECT /* agentos-perf */ n_dead_tup FROM pg_stat_all_tables WHERE relid = to_regclass({}) AND {MANY}",
        literal(table)
    );
    let dead: f64 = session.first(&dead).await?.parse().ok()?;
    let holder = session.first(HOLDER).await;
    let holder = holder.unwrap_or_else(|| "a transaction that this role cannot see".to_owned());
    Some(format!(
        "{} dead rows remain, as they may still be visible to {holder}: end it, and vacuum again",
        number(dead)
    ))
}
