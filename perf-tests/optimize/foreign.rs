//! On a schema that nobody here has made: Zabbix's, as its Debian package brings it. It has 173 tables with 226 foreign
//! keys, its own rows of templates, and a workload that is well known. What else a database may hold is added to it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use agentos_perf::optimize::planner::{AskError, Planner};
use serde_json::Value;

use crate::database::{Database, id, output_text, proposed};

/// Where `test.sh` puts the package.
const PACKAGE: &str = "target/tools/zabbix/usr/share/zabbix-server-pgsql";
/// What is asked, a line each.
const STATEMENTS: &str = include_str!("foreign/statements.sql");
/// How often everything is asked, so that the server has something to count.
const TIMES: usize = 4;
/// How often what is to be found is asked besides: what costs next to nothing is not worth an index.
const MORE_TIMES: usize = 60;

/// The statements that may be proposed, by how they begin.
const HARMLESS: [&str; 7] = [
    "CREATE INDEX CONCURRENTLY ",
    "DROP INDEX CONCURRENTLY IF EXISTS ",
    "VACUUM (ANALYZE) ",
    "ANALYZE ",
    "REINDEX INDEX CONCURRENTLY ",
    "ALTER SYSTEM SET ",
    "SELECT pg_reload_conf()",
];

/// Whoever may ask the server anything has his statements among those that it has counted.
#[test]
fn what_looks_like_one_statement_is_run_as_one_or_not_at_all() {
    let database = Database::empty();
    database.server.sql("CREATE TABLE dear (id int)");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let url = database.server.url();
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
            .await
            .expect("a connection");
        tokio::spawn(connection);
        // Both ways of asking, the one of version 16 too.
        for major in [15, 16] {
            let planner = Planner::begin(&client, major).await.expect("a planner");
            for text in [
                "SELECT 1; COMMIT; DROP TABLE dear",
                "SELECT 1; COMMIT; DROP TABLE dear; --",
                "SELECT $1::int; ROLLBACK; DROP TABLE dear; SELECT 1",
                "SELECT 1 /* ; */ ; COMMIT; DROP TABLE dear",
            ] {
                let refused = planner.explain(text).await;
                let is_refused = matches!(&refused, Err(AskError::Refused(said)) if said.contains("multiple commands"));
                assert!(is_refused, "{text}: {refused:?}");
            }
            if major == 15 {
                let asked = planner.explain("SELECT * FROM dear WHERE id = $1 -- ;").await;
                assert_eq!(asked.expect("a plan").scanned, ["dear"]);
            }
            planner.end().await.expect("an end");
        }
    });
    assert_eq!(database.server.sql("SELECT count(*) FROM dear"), "0");
}

/// What is there to be found, under names that need care; by how far an index goes beyond is the planner's to say.
const NAMED: [&str; 13] = [
    r#" ON "Mixed Case"."Some ""quoted"" Table" ("Group By""#,
    r#" ON "select"."window" ("where""#,
    "_perf_idx3 ON public.taken (wanted",
    "(b23456789012345678901234567890123456789012345678901234567890123",
    "(b2345678901234567890123456789012345678901234567890123456789012_",
    r#"DROP INDEX CONCURRENTLY IF EXISTS "Mixed Case"."Double; DROP TABLE hosts; --""#,
    "DROP INDEX CONCURRENTLY IF EXISTS public.oddities_nulls_again",
    "DROP INDEX CONCURRENTLY IF EXISTS public.deferred_double",
    "DROP INDEX CONCURRENTLY IF EXISTS public.strangers_double_2",
    "DROP INDEX CONCURRENTLY IF EXISTS public.doubled_elsewhere",
    "DROP INDEX CONCURRENTLY IF EXISTS public.doubled_wholly_elsewhere",
    r#"REINDEX INDEX CONCURRENTLY public."Bloated ""Id""""#,
    "VACUUM (ANALYZE) public.sessions",
];

/// What keeps rows apart, points elsewhere or has something resting on it.
const KEPT: &str = "SELECT indexrelid::regclass FROM pg_catalog.pg_index WHERE indisunique OR indisexclusion OR indisclustered \
     OR indisreplident UNION ALL SELECT DISTINCT conindid::regclass FROM pg_constraint WHERE conindid <> 0 ORDER BY 1";

/// Foreign keys whose rows an index finds, whatever the order of its columns.
const SERVED: &str = "SELECT conrelid::regclass || ' ' || conname FROM pg_constraint WHERE contype = 'f' AND EXISTS (SELECT FROM \
     pg_catalog.pg_index WHERE indrelid = conrelid AND indisvalid AND indpred IS NULL AND (indkey::int2[])[0:cardinality(conkey) - 1] \
     @> conkey) ORDER BY 1";

#[test]
fn of_a_foreign_schema_nothing_is_lost() {
    let database = foreign();
    let sql = |query: &str| database.server.sql(query);
    for _ in 0..TIMES {
        answers(&database);
    }
    let (_, hostile) = STATEMENTS.split_once("hostile").expect("a title");
    let often: Vec<&str> = hostile.lines().skip(1).take(5).collect();
    sql(&often.repeat(MORE_TIMES).join(";\n"));
    let before = database.server.schema();
    // So that what is compared is not nothing.
    assert!(sql(SERVED).lines().count() > 200 && sql(KEPT).lines().count() > 170);
    let (answered, kept, served) = (answers(&database), sql(KEPT), sql(SERVED));

    let plan = database.plan();
    assert_eq!(database.server.schema(), before, "a look changes nothing");
    harmless(&plan);
    for kind in [
        "create_index",
        "drop_index",
        "vacuum",
        "analyze",
        "reindex",
        "setting",
    ] {
        assert!(!proposed(&plan, kind).is_empty(), "{kind}: {plan:#}");
    }
    found(&plan, &NAMED);
    left_alone(&plan);

    // First what needs no thought, then all the rest, and both taken back.
    let first = applied(&database, "first", &["--apply"]);
    assert!(answers(&database) == answered, "other answers");
    let rest = database.plan();
    harmless(&rest);
    left_alone(&rest);
    // No more than so many are proposed at once, and those of keys that nobody counted come last.
    found(&rest, &[r#" ON "select"."window" ("user""#]);
    let high = |plan: &Value| -> BTreeSet<String> {
        let all = plan["proposals"].as_array().expect("proposals").iter();
        let high = all.filter(|one| one["risk"] == "high");
        high.map(|one| id(one).to_owned()).collect()
    };
    assert!(
        high(&plan).is_subset(&high(&rest)),
        "what needs thought was applied: {plan:#} {rest:#}"
    );
    // Autovacuum is on by now, and may have swept or looked at what was to be.
    let mut only = proposed(&rest, "create_index");
    only.extend(proposed(&rest, "drop_index"));
    only.extend(proposed(&rest, "setting"));
    let only: Vec<&str> = only.into_iter().map(id).collect();
    let second = applied(&database, "second", &["--apply", "--only", &only.join(",")]);
    assert!(answers(&database) == answered, "other answers");
    assert_eq!(sql(KEPT), kept, "what keeps rows apart");
    let still = sql(SERVED);
    let still: BTreeSet<&str> = still.lines().collect();
    for key in served.lines() {
        assert!(still.contains(key), "no index finds the rows of {key}");
    }
    assert_eq!(
        sql("SELECT count(*) FROM pg_catalog.pg_index WHERE NOT indisvalid"),
        "0"
    );

    for undo in [second, first] {
        database.server.run_file(&undo);
    }
    assert_eq!(database.server.schema(), before, "the way back");
}

fn found(plan: &Value, all_wanted: &[&str]) {
    let statements = statements(plan);
    for wanted in all_wanted {
        let is_there = statements
            .iter()
            .any(|statement| statement.contains(wanted));
        assert!(is_there, "{wanted}: {statements:#?}");
    }
}

/// What is not to be touched.
fn left_alone(plan: &Value) {
    let statements = statements(plan);
    for unwanted in [
        "kept_",
        "keyed_",
        "_pkey",
        "extensions_own",
        "oddities_lower_with_statistics",
        "oddities_extended",
        "parted_at",
        "parted_1_at_idx",
    ] {
        let mut dropped = statements.iter().filter(|statement| {
            statement.starts_with("DROP") || statement.contains("ON public.extensions_own")
        });
        assert!(
            !dropped.any(|statement| statement.contains(unwanted)),
            "{unwanted}: {statements:#?}"
        );
    }
}

fn harmless(plan: &Value) {
    for statement in statements(plan) {
        assert!(
            HARMLESS.iter().any(|begin| statement.starts_with(begin)),
            "{statement}"
        );
    }
}

fn statements(plan: &Value) -> Vec<&str> {
    let proposals = plan["proposals"].as_array().expect("proposals").iter();
    let statements = proposals.flat_map(|one| one["sql"].as_array().expect("statements"));
    statements
        .map(|statement| statement.as_str().expect("a text"))
        .collect()
}

/// Applies, and tells where the way back is.
fn applied(database: &Database, name: &str, arguments: &[&str]) -> PathBuf {
    let all = [&["--unused-after", "0s"], arguments].concat();
    let applied = database.optimize(&all);
    assert_eq!(applied.status.code(), Some(0), "{}", output_text(&applied));
    let undo = database.folder.path().join(name);
    std::fs::rename(database.undo_file(), &undo).expect("a way back");
    undo
}

/// What everything that is asked answers.
fn answers(database: &Database) -> String {
    let lines = STATEMENTS.lines();
    let asked: Vec<&str> = lines.filter(|line| !line.starts_with("--")).collect();
    database.server.sql(&asked.join(";\n"))
}

fn foreign() -> Database {
    let database = Database::empty();
    // When rows are swept is not left to chance; that nobody sweeps is to be found.
    let set = database.folder.path().join("set.sql");
    let switched = "ALTER SYSTEM SET autovacuum = off;\nSELECT pg_reload_conf();\nCREATE EXTENSION pg_stat_statements;\n";
    std::fs::write(&set, switched).expect("a file");
    database.server.run_file(&set);
    for name in ["schema.sql.gz", "images.sql.gz", "data.sql.gz"] {
        database
            .server
            .run_file(&unpacked(name, database.folder.path()));
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("perf-tests/optimize/foreign");
    for name in ["rows.sql", "hostile.sql"] {
        database.server.run_file(&here.join(name));
    }
    database
}

fn unpacked(name: &str, folder: &Path) -> PathBuf {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(PACKAGE)
        .join(name);
    assert!(
        packed.is_file(),
        "{} is missing: test.sh fetches it, or `apt-get download zabbix-server-pgsql` and `dpkg-deb -x` into \
         target/tools/zabbix",
        packed.display()
    );
    let text = Command::new("gzip")
        .arg("-dc")
        .arg(&packed)
        .output()
        .expect("gzip");
    assert!(text.status.success(), "{}", packed.display());
    let path = folder.join(name.trim_end_matches(".gz"));
    std::fs::write(&path, text.stdout).expect("a file");
    path
}
