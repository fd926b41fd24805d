//! What becomes of it when something goes wrong: one clear message, and nothing half done.

use std::net::TcpListener;

use tempfile::TempDir;

use crate::database::{Database, FEW, id, one_error, optimize, proposed, told};
use crate::servers::PASSWORD;

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
        ("mysql://here".to_owned(), "does not begin with postgres://"),
    ];
    for (url, wanted) in table {
        let asked = optimize(&url, folder.path(), &[]).output().unwrap();
        let told = told(&asked);
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
    assert_eq!(asked.status.code(), Some(2), "{}", told(&asked));

    let asked = optimize(&bare, folder.path(), &[])
        .env("PGPASSWORD", PASSWORD)
        .output()
        .unwrap();
    assert_eq!(asked.status.code(), Some(0), "{}", told(&asked));

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
    assert_eq!(asked.status.code(), Some(0), "{}", told(&asked));

    let kept = folder.path().join(".pgpass");
    std::fs::write(&kept, format!("127.0.0.1:{port}:*:perf:{PASSWORD}\n")).unwrap();
    let asked = optimize(&bare, folder.path(), &[]).output().unwrap();
    assert!(told(&asked).contains("chmod 600"), "{}", told(&asked));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o600)).unwrap();
        let asked = optimize(&bare, folder.path(), &[]).output().unwrap();
        assert_eq!(asked.status.code(), Some(0), "{}", told(&asked));
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
    let told = told(&asked);
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
    let told = told(&asked);
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
        (asked.status.code(), told(&asked))
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
    assert_eq!(code, Some(1), "{told}");
    assert!(one_error(&told).contains("run it as the owner"), "{told}");
    assert_eq!(database.server.schema(), before);
}

#[test]
fn what_the_server_passes_over_is_not_called_done() {
    let database = Database::with(FEW);
    database.server.sql("CREATE ROLE watcher LOGIN PASSWORD 'w'; GRANT pg_monitor TO watcher; ALTER TABLE users SET (autovacuum_enabled = false); UPDATE users SET email = email || 'x'; UPDATE users SET email = email || 'y'");
    database.until("SELECT pg_stat_force_next_flush(); SELECT (n_dead_tup > 1000)::text FROM pg_stat_all_tables WHERE relname = 'users'", "\ntrue");
    let plan = database.plan();
    let sweep = id(proposed(&plan, "vacuum")[0]).to_owned();
    let url = database.server.url_as("watcher", "w");
    let arguments = ["--apply", "--only", &sweep];
    let asked = optimize(&url, database.folder.path(), &arguments)
        .output()
        .unwrap();
    let told_why = told(&asked);
    assert_eq!(asked.status.code(), Some(1), "{told_why}");
    assert!(
        one_error(&told_why).contains("not done when it is read back"),
        "{told_why}"
    );
    std::fs::remove_file(database.undo_file()).unwrap();
    let asked = database.optimize(&arguments);
    assert_eq!(asked.status.code(), Some(0), "{}", told(&asked));
}
