//! What becomes of it when something goes wrong: one clear message, and nothing half done.

use std::net::TcpListener;

use tempfile::TempDir;

use crate::database::{Database, FEW, Open, id, one_error, optimize, output_text, proposed};
use crate::support::servers::PASSWORD;

#[test]
fn who_does_not_get_in_is_told_why() {
    let database = Database::empty();
    let folder = TempDir::new().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let table = [
        (
            database.server.url_as("perf", "wrong"),
            "password authentication failed",
        ),
        (
            database.server.url_as("stranger", "wrong"),
            "password authentication failed",
        ),
        (
            database.server.url().replace("/postgres", "/nowhere"),
            "does not exist",
        ),
        (format!("postgres://perf@127.0.0.1:{nobody}/x"), "refused"),
        (
            "mysql://here".to_owned(),
            "the URL of MySQL, not of PostgreSQL",
        ),
    ];
    for (url, wanted) in table {
        let asked = optimize(&url, folder.path(), &[]).output().unwrap();
        let told = output_text(&asked);
        assert_eq!(asked.status.code(), Some(2), "{told}");
        assert!(one_error(&told).contains(wanted), "{wanted}: {told}");
    }
}

#[test]
fn passwords_come_from_where_they_are_kept() {
    let database = Database::empty();
    let port = database.server.port();
    let bare = format!("postgres://perf@127.0.0.1:{port}/postgres");
    let folder = TempDir::new().unwrap();
    let asked = optimize(&bare, folder.path(), &[]).output().unwrap();
    assert_eq!(asked.status.code(), Some(2), "{}", output_text(&asked));

    let asked = optimize(&bare, folder.path(), &[])
        .env("PGPASSWORD", PASSWORD)
        .output()
        .unwrap();
    assert_eq!(asked.status.code(), Some(0), "{}", output_text(&asked));

    let service = folder.path().join("services");
    std::fs::write(
        &service,
        format!(
            "[ours]\nhost=127.0.0.1\nport={port}\nuser=perf\ndbname=postgres\npassword={PASSWORD}\n"
        ),
    )
    .unwrap();
    let mut command = optimize(&bare, folder.path(), &[]);
    command
        .env_remove("DATABASE_URL")
        .env("PGSERVICE", "ours")
        .env("PGSERVICEFILE", &service);
    let asked = command.output().unwrap();
    assert_eq!(asked.status.code(), Some(0), "{}", output_text(&asked));

    let kept = folder.path().join(".pgpass");
    std::fs::write(&kept, format!("127.0.0.1:{port}:*:perf:{PASSWORD}\n")).unwrap();
    let asked = optimize(&bare, folder.path(), &[]).output().unwrap();
    assert!(
        output_text(&asked).contains("chmod 600"),
        "{}",
        output_text(&asked)
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o600)).unwrap();
        let asked = optimize(&bare, folder.path(), &[]).output().unwrap();
        assert_eq!(asked.status.code(), Some(0), "{}", output_text(&asked));
    }
}

#[test]
fn all_that_is_wrong_with_flags_is_told_at_once() {
    let folder = TempDir::new().unwrap();
    let arguments = [
        "--lock-timeout",
        "soon",
        "--server-memory",
        "much",
        "--profile",
        "x",
    ];
    let asked = optimize("nonsense", folder.path(), &arguments)
        .output()
        .unwrap();
    let told = output_text(&asked);
    assert_eq!(asked.status.code(), Some(2));
    for wanted in [
        "--lock-timeout",
        "--server-memory",
        "--database-url",
        "--verify",
    ] {
        assert!(told.contains(wanted), "{wanted}: {told}");
    }
}

#[test]
fn an_empty_database_has_nothing_to_propose() {
    let database = Database::empty();
    let asked = database.optimize(&["--check", "--server-memory", "100MiB"]);
    let told = output_text(&asked);
    assert_eq!(asked.status.code(), Some(0), "{told}");
    assert!(
        told.contains("Nothing is proposed") && told.contains("there is no pg_stat_statements"),
        "{told}"
    );
}

#[test]
fn a_role_that_may_only_watch_is_told_what_it_does_not_see() {
    let database = Database::with(FEW).used(20);
    database
        .server
        .sql("CREATE ROLE watcher LOGIN PASSWORD 'w'; GRANT pg_monitor TO watcher");
    database
        .server
        .sql("CREATE ROLE stranger LOGIN PASSWORD 's'");
    let as_role = |user: &str, password: &str, arguments: &[&str]| {
        let url = database.server.url_as(user, password);
        let asked = optimize(&url, database.folder.path(), arguments)
            .output()
            .unwrap();
        (asked.status.code(), output_text(&asked))
    };
    let (code, told) = as_role("watcher", "w", &["--unused-after", "0s"]);
    assert_eq!(code, Some(0), "{told}");
    for wanted in [
        "pg_read_all_data",
        "HypoPG",
        "drop index messages_created_again",
    ] {
        assert!(told.contains(wanted), "{wanted}: {told}");
    }
    let (code, told) = as_role("stranger", "s", &[]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("GRANT pg_monitor TO stranger"), "{told}");

    let before = database.server.schema();
    let plan = database.plan();
    let double = id(proposed(&plan, "drop_index")[0]);
    let arguments = ["--unused-after", "0s", "--apply", "--only", double];
    let (code, told) = as_role("watcher", "w", &arguments);
    assert_eq!(code, Some(2), "{told}");
    assert!(
        one_error(&told).contains("the table belongs to perf"),
        "{told}"
    );
    assert_eq!(database.server.schema(), before);
}

#[test]
fn who_owns_a_part_changes_that_and_leaves_the_rest() {
    let database = Database::with(FEW).used(20);
    database.server.sql(
        "CREATE ROLE part LOGIN PASSWORD 'p'; GRANT pg_monitor TO part; GRANT ALL ON SCHEMA public TO part; \
         CREATE TABLE owned (id bigint, told text); INSERT INTO owned SELECT n, n::text FROM generate_series(1, 5000) n; \
         CREATE INDEX owned_once ON owned (id); CREATE INDEX owned_twice ON owned (id); ALTER TABLE owned OWNER TO part",
    );
    let url = database.server.url_as("part", "p");
    let as_part = |arguments: &[&str]| {
        let asked = optimize(&url, database.folder.path(), arguments).output();
        asked.expect("it runs")
    };
    let plan = as_part(&["--format", "json"]);
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).expect("a plan");
    let all = plan["proposals"].as_array().expect("proposals");
    let (mine, others): (Vec<_>, Vec<_>) = all.iter().partition(|one| one["role"].is_null());
    let owned = |one: &&serde_json::Value| one["what"].as_str().unwrap_or("").contains("owned");
    assert!(!mine.is_empty() && mine.iter().all(owned), "{mine:?}");
    assert!(!others.is_empty() && others.iter().all(|one| one["role"] == "perf"));

    let applied = as_part(&["--apply"]);
    let told = output_text(&applied);
    assert_eq!(applied.status.code(), Some(0), "{told}");
    assert!(told.contains("the tables belong to perf"), "{told}");
    let indexes = "SELECT string_agg(relname, ' ') FROM pg_class WHERE relname LIKE 'owned\\_%'";
    assert_eq!(database.server.sql(indexes).trim(), "owned_once");
    assert!(database.indexes().is_empty());
}

const TWICE: &str = "ALTER TABLE users SET (autovacuum_enabled = false); UPDATE users SET email = email || 'x'; \
     UPDATE users SET email = email || 'y'";
/// Whether the server has counted that.
const DEAD: &str = "SELECT pg_stat_force_next_flush(); SELECT (n_dead_tup > 1000)::text FROM pg_stat_all_tables \
     WHERE relname = 'users'";

#[test]
fn rows_that_somebody_may_still_see_are_told() {
    const LOOKED: &str =
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class LIMIT 1";
    let database = Database::with(FEW);
    // Older, and of no account here.
    let _elsewhere = Open::elsewhere(&database, LOOKED);
    database.server.sql("CREATE TABLE meanwhile ()");
    let open = Open::with(&database, LOOKED);
    database.server.sql(TWICE);
    database.until(DEAD, "\ntrue");
    let plan = database.plan();
    let sweep = id(proposed(&plan, "vacuum")[0]).to_owned();
    let swept = database.optimize(&["--apply", "--only", &sweep]);
    let text = output_text(&swept);
    assert_eq!(swept.status.code(), Some(0), "{text}");
    let stays = text.lines().find(|line| line.contains("dead rows remain"));
    assert!(stays.is_some_and(|line| line.contains("(open)")), "{text}");
    drop(open);
    std::fs::remove_file(database.undo_file()).expect("it was written");
    let swept = database.optimize(&["--apply", "--only", &sweep]);
    let text = output_text(&swept);
    assert!(
        swept.status.success() && !text.contains("dead rows remain"),
        "{text}"
    );
}

/// As where a company's rules for names are kept by the server.
#[test]
fn what_the_server_made_otherwise_is_not_called_done() {
    let database = Database::with(FEW).used(20);
    database.server.sql(
        "CREATE FUNCTION renamed() RETURNS event_trigger LANGUAGE plpgsql AS $$ DECLARE made record; BEGIN \
           FOR made IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP \
             EXECUTE format('ALTER INDEX %s RENAME TO ours', made.object_identity); END LOOP; END $$; \
         CREATE EVENT TRIGGER rules ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION renamed()",
    );
    let plan = database.plan();
    let missing = id(proposed(&plan, "create_index")[0]);
    let applied = database.optimize(&["--apply", "--only", missing]);
    let text = output_text(&applied);
    assert_eq!(applied.status.code(), Some(1), "{text}");
    assert!(
        one_error(&text).contains("not in effect when read back"),
        "{text}"
    );
}
