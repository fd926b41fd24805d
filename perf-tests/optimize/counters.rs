//! Counters that say nothing: after a reset, a crash or a restore, on a standby, in an empty database.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::database::{Database, FEW, one_error, optimize, output_text, proposed};
use crate::support::servers::{PASSWORD, Postgres};

/// A few of many rows, each of which dies and is written again.
const FEW_CHANGES: &str = "UPDATE messages SET role = 'changed' WHERE id <= 2000";

/// What is proposed to look after tables, which depends on how many rows there are.
fn care(plan: &Value) -> Vec<&str> {
    let kinds = ["vacuum", "analyze", "reindex"];
    let all = kinds.iter().flat_map(|kind| proposed(plan, kind));
    all.map(|one| one["what"].as_str().expect("what it does"))
        .collect()
}

fn table<'a>(plan: &'a Value, name: &str) -> &'a Value {
    let tables = plan["overview"]["tables"].as_array().expect("tables");
    let found = tables.iter().find(|table| table["name"] == name);
    found.unwrap_or_else(|| panic!("{name}: {plan:#}"))
}

fn assert_rows_are_known(plan: &Value) {
    let messages = table(plan, "messages");
    let rows = messages["rows"].as_f64().expect("rows");
    assert!((rows / FEW as f64 - 1.0).abs() < 0.05, "{messages:#}");
    let dead = messages["dead"].as_f64().expect("a share");
    assert!(dead > 0.0 && dead < 10.0, "{messages:#}");
    assert_eq!(care(plan), Vec::<&str>::new());
}

#[test]
fn rows_and_statistics_outlive_a_reset_and_a_crash() {
    let mut database = Database::with(FEW);
    let off = "ALTER TABLE messages SET (autovacuum_enabled = off)";
    database.server.sql(off);
    database.server.sql("SELECT pg_stat_reset()");
    database.server.sql(FEW_CHANGES);
    let counted = "SELECT n_live_tup || ' ' || n_dead_tup FROM pg_stat_user_tables WHERE relname = 'messages'";
    database.until(counted, "0 2000");
    assert_rows_are_known(&database.plan());
    // What a crash discards, no reset has a time of.
    database.server.sql("CHECKPOINT");
    database.server.stop();
    database.server.start_again();
    database.server.sql(FEW_CHANGES);
    database.until(counted, "0 2000");
    let plan = database.plan();
    assert_rows_are_known(&plan);
    let counted = plan["counted_s"].as_f64().expect("since the crash");
    assert!(counted < 60.0, "{counted}");
}

#[test]
fn a_restored_database_is_to_be_analysed_and_its_counters_are_young() {
    let database = Database::with(FEW);
    // Alone: what is written in the same transaction counts as changed since.
    database.server.sql("ANALYZE");
    let folder = database.folder.path();
    let dump = folder.join("dump");
    let run = |program: &str, arguments: &[&str]| {
        let mut command = database.server.command(program);
        let ended = command.args(arguments).output().expect("it runs");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{program}: {said}");
    };
    run("pg_dump", &["-Fc", "-f", dump.to_str().expect("a path")]);
    run("createdb", &["restored"]);
    run(
        "pg_restore",
        &["-d", "restored", dump.to_str().expect("a path")],
    );
    let url = database.server.url().replace("/postgres", "/restored");
    let of = |url: &str| -> Value {
        let asked = optimize(url, folder, &["--format", "json"]).output();
        let asked = asked.expect("it runs");
        assert_eq!(asked.status.code(), Some(0), "{}", output_text(&asked));
        serde_json::from_slice(&asked.stdout).expect("JSON")
    };
    let (old, restored) = (of(&database.server.url()), of(&url));
    let age = |plan: &Value| plan["counted_s"].as_f64().expect("an age");
    assert!(
        age(&restored) < age(&old),
        "a database is younger than its server"
    );
    assert_eq!(care(&old), Vec::<&str>::new());
    let cared = care(&restored);
    assert!(cared.contains(&"analyze messages"), "{cared:?}");
    assert!(
        !cared.iter().any(|what| what.starts_with("vacuum")),
        "{cared:?}"
    );
}

/// A standby of this server.
fn standby(of: &Postgres) -> Postgres {
    Postgres::start_prepared(&[], |data: &Path| {
        std::fs::remove_dir_all(data).expect("the data of a server that never ran");
        let mut copy = of.command("pg_basebackup");
        copy.arg("-D")
            .arg(data)
            .args(["-R", "-X", "stream", "-c", "fast"]);
        let copied = copy.output().expect("pg_basebackup");
        assert!(
            copied.status.success(),
            "{}",
            String::from_utf8_lossy(&copied.stderr)
        );
        let settings = data.join("postgresql.auto.conf");
        let mut text = std::fs::read_to_string(&settings).expect("settings");
        text = text.replace("user=perf", &format!("user=perf password={PASSWORD}"));
        std::fs::write(&settings, text).expect("settings");
        // They belong to whoever copied them.
        let owner = Command::new("chown")
            .arg("-R")
            .arg("--reference")
            .arg(data.parent().expect("its folder"))
            .arg(data)
            .status();
        assert!(owner.expect("chown runs").success());
    })
}

#[test]
fn a_standby_is_looked_at_and_left_alone() {
    let database = Database::with(FEW);
    let standby = standby(&database.server);
    let folder = TempDir::new().expect("a folder");
    let asked = |arguments: &[&str]| {
        let asked = optimize(&standby.url(), folder.path(), arguments).output();
        asked.expect("it runs")
    };
    let plan = asked(&["--format", "json", "--unused-after", "0s"]);
    let plan: Value = serde_json::from_slice(&plan.stdout).expect("JSON");
    assert_eq!(care(&plan), Vec::<&str>::new());
    let messages = table(&plan, "messages");
    assert!(
        messages["dead"].is_null() && messages["rows"].as_f64() > Some(50_000.0),
        "{messages:#}"
    );
    let dropped: Vec<&str> = proposed(&plan, "drop_index")
        .iter()
        .filter_map(|one| one["what"].as_str())
        .collect();
    assert!(
        dropped
            .iter()
            .any(|what| what.contains("messages_created_again")),
        "{plan:#}"
    );
    assert!(
        !dropped.iter().any(|what| what.contains("messages_role")),
        "{dropped:?}"
    );
    let applied = asked(&["--apply"]);
    assert_eq!(applied.status.code(), Some(1), "{}", output_text(&applied));
    assert!(
        one_error(&output_text(&applied)).contains("is a standby"),
        "{}",
        output_text(&applied)
    );
}

#[test]
fn an_empty_schema_with_duplicates_has_nothing_to_propose() {
    let database = Database::empty();
    database.server.sql(
        "CREATE TABLE agents (id bigserial PRIMARY KEY, organization_id bigint, name text);
         CREATE INDEX ix_agents_id ON agents (id);
         CREATE INDEX ix_agents_organization ON agents (organization_id);
         CREATE INDEX ix_agents_organization_name ON agents (organization_id, name)",
    );
    let asked = database.optimize(&["--check", "--unused-after", "0s"]);
    let told = output_text(&asked);
    assert_eq!(asked.status.code(), Some(0), "{told}");
    assert!(
        told.contains("Nothing is proposed") && told.contains("ix_agents_id (of agents_pkey)"),
        "{told}"
    );
}

#[test]
fn one_impossible_index_does_not_keep_the_others_from_being_built() {
    let database = Database::with(FEW).used(5);
    let before = database.server.schema();
    database.server.sql(
        "CREATE TABLE notes (id bigserial PRIMARY KEY, tag text NOT NULL, filled text NOT NULL);
         INSERT INTO notes (tag, filled) SELECT 'tag ' || n, repeat('x', 100) FROM generate_series(1, 60000) n;
         INSERT INTO notes (tag, filled) SELECT string_agg(md5(n::text), ''), '' FROM generate_series(1, 1000) n;
         ANALYZE notes",
    );
    let asked = "SELECT id FROM notes WHERE tag = 'tag 7'";
    database.server.sql(&[asked; 60].join(";"));
    let plan = database.plan();
    let missing = proposed(&plan, "create_index");
    let is_impossible = |one: &&&Value| one["object"] == "public.notes_tag_perf_idx";
    let impossible = missing.iter().find(is_impossible);
    let impossible = impossible.unwrap_or_else(|| panic!("{plan:#}"));
    let all = missing.len();
    assert!(all > 1, "{plan:#}");
    assert_eq!(impossible["number"], 1, "it is tried first: {plan:#}");
    let ids: Vec<&str> = missing
        .iter()
        .filter_map(|one| one["id"].as_str())
        .collect();
    let applied = database.optimize(&["--apply", "--only", &ids.join(",")]);
    let told = output_text(&applied);
    assert_eq!(applied.status.code(), Some(1), "{told}");
    let error = one_error(&told);
    let wanted = format!("1 of {all} changes were not applied: 1. ");
    assert!(
        error.contains(&wanted) && error.contains("too long for a B-tree"),
        "{told}"
    );
    let built = database.indexes();
    assert_eq!(built.len(), all - 1, "{built:?}");
    assert!(
        !built
            .iter()
            .any(|name| name.contains("notes") || name.contains("invalid")),
        "{built:?}"
    );
    database.server.run_file(&database.undo_file());
    database.server.sql("DROP TABLE notes");
    assert_eq!(database.server.schema(), before);
}
