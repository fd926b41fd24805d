//! The server, its counters and current activity.

pub(super) const SERVER: &str = "SELECT current_setting('server_version_num')::int AS version, \
     current_setting('server_version') AS version_name, current_database() AS database, current_user AS role, \
     CASE WHEN has_database_privilege(current_database(), 'CONNECT') THEN pg_database_size(current_database()) END AS bytes, \
     (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser, \
     pg_has_role('pg_read_all_stats', 'USAGE') AS is_monitor, pg_is_in_recovery() AS is_replica";

/// What is known of the age of the database's counters: when they were reset, when the server's fixed counters (here:
/// the archiver's) began, as a crash discards all of them, and the oldest that they have recorded or that is connected.
pub(super) const AGES: &str = "SELECT extract(epoch FROM now() - d.stats_reset)::float8 AS reset_s, \
     (SELECT extract(epoch FROM now() - stats_reset)::float8 FROM pg_stat_archiver) AS discarded_s, \
     extract(epoch FROM now() - least( \
       (SELECT min(backend_start) FROM pg_stat_activity a WHERE a.datid = d.datid AND a.pid <> pg_backend_pid()), \
       (SELECT min(least(last_vacuum, last_autovacuum, last_analyze, last_autoanalyze)) \
         FROM pg_stat_user_tables)))::float8 AS seen_s \
     FROM pg_stat_database d WHERE d.datname = current_database()";

/// When a database was created is only in its folder, which few roles may look into.
pub(super) const CREATED: &str = "SELECT extract(epoch FROM now() - \
     (pg_stat_file(concat('base/', oid, '/PG_VERSION'), true)).modification)::float8 AS created_s \
     FROM pg_database WHERE datname = current_database()";

/// Since when `pg_stat_statements` has counted: its counters are set back by themselves.
pub(super) fn statements_counted(schema: &str) -> String {
    format!(
        "SELECT extract(epoch FROM now() - stats_reset)::float8 AS counted_s FROM {schema}.pg_stat_statements_info"
    )
}

pub(super) const COUNTERS: &str = "SELECT blks_hit::float8 AS blocks_hit, blks_read::float8 AS blocks_read, \
     temp_bytes::float8 AS temp_bytes, temp_files::float8 AS temp_files, deadlocks::float8 AS deadlocks \
     FROM pg_stat_database WHERE datname = current_database()";

pub(super) const CONNECTIONS: &str = "SELECT count(*) AS used, current_setting('max_connections')::int AS most, \
     count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS idle_in_transaction \
     FROM pg_stat_activity WHERE backend_type = 'client backend' OR backend_type IS NULL";

pub(super) const SETTINGS: &str = "SELECT name, setting, unit, context, source FROM pg_settings WHERE name IN \
     ('shared_buffers', 'work_mem', 'maintenance_work_mem', 'effective_cache_size', 'random_page_cost', \
     'seq_page_cost', 'autovacuum', 'track_counts', 'max_connections', 'max_wal_size', 'checkpoint_timeout', 'jit', \
     'default_statistics_target', 'shared_preload_libraries', 'fsync', 'full_page_writes', \
     'autovacuum_vacuum_scale_factor', 'idle_in_transaction_session_timeout', 'huge_pages')";

/// Only those that may see files may see these.
pub(super) const ALTERED: &str = "SELECT name, setting FROM pg_file_settings \
     WHERE sourcefile LIKE '%postgresql.auto.conf'";

pub(super) const TRANSACTIONS: &str = "SELECT pid, state, application_name AS application, \
     extract(epoch FROM clock_timestamp() - xact_start)::float8 AS open_s FROM pg_stat_activity \
     WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid() AND backend_type = 'client backend' \
     ORDER BY xact_start LIMIT 20";

pub(super) const WAITS: &str = "SELECT pid, to_json(pg_blocking_pids(pid)) AS blocked_by, \
     extract(epoch FROM clock_timestamp() - coalesce(state_change, query_start))::float8 AS waits_s \
     FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() LIMIT 20";

/// In which schema `pg_stat_statements` is.
pub(super) const STATEMENTS_SCHEMA: &str = "SELECT n.nspname AS schema FROM pg_extension e \
     JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'";

/// The costly ones: in all, in mean, in blocks. The columns of times have had these names since version 13.
pub(super) fn statements(schema: &str) -> String {
    format!(
        "SELECT id, text, calls, total_ms, rows, blocks_read, blocks_hit, temp_blocks FROM (SELECT *, \
         row_number() OVER (ORDER BY total_ms DESC) AS by_total, \
         row_number() OVER (ORDER BY total_ms / greatest(calls, 1) DESC) AS by_mean, \
         row_number() OVER (ORDER BY blocks_read DESC) AS by_blocks FROM (SELECT max(s.queryid)::text AS id, \
         s.query AS text, sum(s.calls)::float8 AS calls, sum(s.total_exec_time)::float8 AS total_ms, \
         sum(s.rows)::float8 AS rows, sum(s.shared_blks_read)::float8 AS blocks_read, \
         sum(s.shared_blks_hit)::float8 AS blocks_hit, sum(s.temp_blks_written)::float8 AS temp_blocks \
         FROM {schema}.pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid \
         WHERE d.datname = current_database() AND s.queryid IS NOT NULL AND s.query NOT LIKE '%/* agentos-perf */%' \
         AND s.query ~* '^[\\s(]*(/\\*.*?\\*/\\s*)*(select|with|update|delete|insert|merge)\\M' \
         GROUP BY s.query) all_of_them) ranked WHERE by_total <= 60 OR by_mean <= 20 OR by_blocks <= 20 \
         ORDER BY total_ms DESC"
    )
}
