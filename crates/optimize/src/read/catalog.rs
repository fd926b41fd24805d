//! Tables, indexes and foreign keys.

/// Only what holds rows itself and belongs to the database's owner's own schemas. A column that is computed when it is
/// read (version 18 and later) takes no index.
pub(super) const TABLES: &str = "SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, \
     CASE WHEN pg_relation_size(c.oid) = 0 THEN 0 WHEN c.relpages > 0 AND c.reltuples >= 0 THEN c.reltuples::float8 \
       * (pg_relation_size(c.oid)::float8 / current_setting('block_size')::float8) / c.relpages END AS planner_rows, \
     CASE WHEN EXISTS (SELECT FROM pg_stats p WHERE p.schemaname = n.nspname AND p.tablename = c.relname \
         AND NOT p.inherited) THEN true \
       WHEN has_any_column_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid) THEN false \
       END AS has_statistics, coalesce(s.n_live_tup, 0)::float8 AS live, \
     coalesce(s.n_dead_tup, 0)::float8 AS dead, coalesce(s.n_mod_since_analyze, 0)::float8 AS changed, \
     coalesce(pg_relation_size(c.oid), 0) AS heap_bytes, \
     EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass \
       AND d.deptype = 'e') AS is_extensions, coalesce(s.seq_scan, 0)::float8 AS seq_scans, coalesce(s.seq_tup_read, 0)::float8 AS seq_rows, coalesce(s.idx_scan, 0)::float8 AS index_scans, \
     coalesce(s.n_tup_ins + s.n_tup_upd + s.n_tup_del, 0)::float8 AS writes, \
     extract(epoch FROM now() - greatest(s.last_vacuum, s.last_autovacuum))::float8 AS vacuumed_s, \
     extract(epoch FROM now() - greatest(s.last_analyze, s.last_autoanalyze))::float8 AS analyzed_s, \
     coalesce((SELECT option_value IN ('false', 'off', 'no', '0') FROM pg_options_to_table(c.reloptions) \
       WHERE option_name = 'autovacuum_enabled'), false) AS no_autovacuum, \
     coalesce((SELECT option_value::float8 FROM pg_options_to_table(c.reloptions) \
       WHERE option_name = 'fillfactor'), 100) AS fillfactor, \
     CASE WHEN NOT pg_has_role(c.relowner, 'USAGE') THEN pg_get_userbyid(c.relowner) END AS owner, \
     pg_has_role(c.relowner, 'USAGE') \
       OR (SELECT pg_has_role(b.datdba, 'USAGE') FROM pg_database b WHERE b.datname = current_database()) \
       OR CASE WHEN current_setting('server_version_num')::int >= 170000 \
         THEN has_table_privilege(c.oid, 'MAINTAIN') ELSE false END AS may_vacuum, \
     coalesce((SELECT json_agg(json_build_object('name', a.attname, 'kind', format_type(a.atttypid, a.atttypmod), \
         'is_ordered', a.attgenerated <> 'v' AND EXISTS (SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod WHERE m.amname = 'btree' \
           AND o.opcdefault AND (o.opcintype = a.atttypid OR o.opcintype = t.typbasetype \
             OR (o.opcintype = 'anyenum'::regtype AND t.typtype = 'e') \
             OR (o.opcintype = 'text'::regtype AND a.atttypid = 'varchar'::regtype))), \
         'distinct', p.n_distinct, 'nulls', p.null_frac, 'width', p.avg_width) ORDER BY a.attnum) \
       FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid \
       LEFT JOIN pg_stats p ON p.schemaname = n.nspname AND p.tablename = c.relname AND p.attname = a.attname \
         AND NOT p.inherited \
       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns \
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid \
     WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
     AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'";

/// An index is needed by what rests on it: a constraint, the order of rows, a replica's identity, an extension, a
/// partitioned parent. So is one with properties that its definition does not show, and what would be lost with it:
/// a dependency on an extension, statistics of its expressions.
///
/// Its tablespace is not in the definition either and is put where it belongs. Who may not see what others build sees
/// that they do, and takes every invalid index for one that is being built.
pub(super) const INDEXES: &str = "SELECT i.indexrelid::bigint AS oid, i.indrelid::bigint AS \"table\", n.nspname AS schema, \
     c.relname AS name, concat(left(w.whole, length(w.whole) - coalesce(length(w.condition), 0)), \
       ' TABLESPACE ' || (SELECT quote_ident(p.spcname) FROM pg_tablespace p WHERE p.oid = c.reltablespace), \
       w.condition) AS definition, \
     (SELECT json_agg(a.attname ORDER BY k.place) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place) \
       LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number > 0 \
       WHERE k.place <= i.indnkeyatts) AS columns, \
     coalesce((SELECT json_agg(a.attname ORDER BY k.place) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place) \
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number \
       WHERE k.place > i.indnkeyatts), '[]') AS included, \
     (SELECT json_agg(concat_ws('/', (i.indclass::oid[])[p], (i.indcollation::oid[])[p], (i.indoption::int2[])[p], \
         a.attoptions::text) ORDER BY p) FROM generate_series(0, i.indnkeyatts - 1) AS p \
       LEFT JOIN pg_attribute a ON a.attrelid = i.indexrelid AND a.attnum = p + 1) AS \"order\", \
     CASE WHEN m.amname <> 'btree' THEN c.reloptions::text END AS options, \
     pg_get_expr(i.indexprs, i.indrelid) AS expressions, pg_get_expr(i.indpred, i.indrelid) AS predicate, \
     m.amname AS method, i.indisunique AS is_unique, i.indisvalid AND i.indisready AS is_valid, \
     NOT i.indimmediate AS is_deferrable, i.indisexclusion AS is_exclusion, \
     coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false) AS is_nulls_equal, \
     EXISTS (SELECT FROM pg_stat_progress_create_index b WHERE b.datname = current_database() \
       AND coalesce(b.relid = i.indrelid, true)) AS is_building, \
     i.indisprimary OR i.indisexclusion OR i.indisclustered OR i.indisreplident \
       OR EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid) \
       OR EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = i.indexrelid) \
       OR EXISTS (SELECT FROM pg_depend d WHERE d.objid = i.indexrelid AND d.classid = 'pg_class'::regclass \
         AND d.deptype IN ('e', 'x')) \
       OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0) \
       OR EXISTS (SELECT FROM pg_depend d WHERE d.objid = i.indrelid AND d.classid = 'pg_class'::regclass \
         AND d.deptype = 'e') AS is_needed, \
     coalesce(pg_relation_size(i.indexrelid), 0) AS bytes, coalesce(s.idx_scan, 0)::float8 AS scans, \
     obj_description(i.indexrelid, 'pg_class') AS comment \
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_class t ON t.oid = i.indrelid JOIN pg_am m ON m.oid = c.relam \
     LEFT JOIN pg_stat_all_indexes s ON s.indexrelid = i.indexrelid \
     CROSS JOIN LATERAL (SELECT coalesce(pg_get_indexdef(i.indexrelid), '') AS whole, \
       ' WHERE ' || pg_get_expr(i.indpred, i.indrelid) AS condition) w \
     WHERE c.relkind = 'i' AND t.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
     AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%' ORDER BY n.nspname, c.relname";

pub(super) const FOREIGN_KEYS: &str = "SELECT k.conrelid::bigint AS \"table\", k.conname AS name, k.confrelid::bigint AS referenced, \
     k.confdeltype IN ('c', 'n', 'd') AS cascades, \
     (SELECT json_agg(a.attname ORDER BY p.place) FROM unnest(k.conkey) WITH ORDINALITY AS p(number, place) \
       JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.number) AS columns \
     FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
     WHERE k.contype = 'f' AND t.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
     ORDER BY k.conname";

/// Names that new indexes may not have: those of everything else that is called as they would be.
pub(super) const TAKEN: &str = "SELECT n.nspname AS schema, c.relname AS name FROM pg_class c \
     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname LIKE '%\\_perf\\_idx%' \
     AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = c.oid AND c.relkind = 'i' AND NOT i.indisvalid)";
