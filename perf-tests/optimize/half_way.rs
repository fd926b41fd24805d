//! What becomes of a change that is broken off half way: nothing is left, or what is left is told and found again.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};

use crate::database::{Database, FEW, Open, id, one_error, output_text, proposed};
use crate::support::servers::{Postgres, signal};

/// As it is while `CREATE INDEX CONCURRENTLY` waits for a transaction that is open.
const WAITING: &str =
    "SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting for%'";

/// What every build of an index on the table waits for.
const WRITES: &str =
    "INSERT INTO messages (conversation_id, role, content) VALUES (1, 'user', 'x')";

fn apply(database: &Database, more: &[&str]) -> Child {
    let plan = database.plan();
    let missing = proposed(&plan, "create_index");
    let only: Vec<&str> = missing.iter().map(|one| id(one)).collect();
    let only = only.join(",");
    let arguments = [&["--apply", "--only", &only], more].concat();
    let mut command = database.command(&arguments);
    command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs")
}

fn ended(mut child: Child) -> (Option<i32>, String) {
    let mut told = String::new();
    let mut stderr = child.stderr.take().expect("a pipe");
    stderr.read_to_string(&mut told).expect("text");
    (child.wait().expect("it ends").code(), told)
}

#[test]
fn a_lock_that_is_not_to_be_had_leaves_nothing_behind() {
    let database = Database::with(FEW).used(20);
    let before = database.server.schema();
    let open = Open::with(
        &database,
        "LOCK TABLE messages IN SHARE UPDATE EXCLUSIVE MODE",
    );
    let (code, told) = ended(apply(&database, &["--lock-timeout", "300ms"]));
    assert_eq!(code, Some(1), "{told}");
    assert!(one_error(&told).contains("lock timeout"), "{told}");
    assert!(
        one_error(&told).contains("it left nothing behind"),
        "{told}"
    );
    assert_eq!(database.server.schema(), before);
    drop(open);
    let (code, told) = ended(apply_again(&database));
    assert_eq!(code, Some(0), "{told}");
    database.server.run_file(&database.undo_file());
    assert_eq!(database.server.schema(), before);
}

#[test]
fn a_transaction_of_another_is_waited_for_longer_than_a_lock() {
    let database = Database::with(FEW).used(20);
    let open = Open::with(&database, WRITES);
    let child = apply(&database, &["--lock-timeout", "100ms"]);
    database.until(WAITING, "1");
    // Many times the limit for locks, as the server's own clock has it.
    database.server.sql("SELECT pg_sleep(1)");
    database.until(WAITING, "1");
    drop(open);
    let (code, told) = ended(child);
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn an_index_that_was_half_dropped_comes_back() {
    let database = Database::with(FEW).used(20);
    let before = database.server.schema();
    let plan = database.plan();
    let double = id(proposed(&plan, "drop_index")[0]).to_owned();
    let open = Open::with(&database, WRITES);
    let mut command = database.command(&["--unused-after", "0s", "--apply", "--only", &double]);
    let child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let half = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
    database.until(half, "1");
    signal(&child, "INT");
    let (code, told) = ended(child);
    assert_eq!(code, Some(1), "{told}");
    assert!(one_error(&told).contains("half dropped"), "{told}");
    drop(open);
    assert_eq!(database.server.sql(half), "1");
    database.server.run_file(&database.undo_file());
    assert_eq!(database.server.sql(half), "0");
    assert_eq!(database.server.schema(), before);
}

#[test]
fn a_build_whose_process_is_ended_is_not_called_swept_away() {
    let database = Database::with(FEW).used(20);
    let open = Open::with(&database, WRITES);
    let child = apply(&database, &[]);
    database.until(WAITING, "1");
    database
        .server
        .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index");
    let (code, told) = ended(child);
    assert_eq!(code, Some(1), "{told}");
    let error = one_error(&told);
    assert!(
        error.contains("run it again") && !error.contains("it left nothing behind"),
        "{told}"
    );
    drop(open);
    assert!(
        database
            .indexes()
            .iter()
            .any(|name| name.contains("invalid"))
    );
}

/// With another way back, as the first is there already.
fn apply_again(database: &Database) -> Child {
    std::fs::remove_file(database.undo_file()).expect("the first way back");
    apply(database, &[])
}

#[test]
fn an_interrupt_in_the_middle_of_a_build_leaves_nothing_behind() {
    let database = Database::with(FEW).used(20);
    let open = Open::with(&database, WRITES);
    let child = apply(&database, &["--lock-timeout", "1s"]);
    database.until(WAITING, "1");
    signal(&child, "INT");
    // The build ends; sweeping it away waits for the same transaction.
    database.until("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%' AND state = 'active'", "0");
    drop(open);
    let (code, told) = ended(child);
    assert_eq!(code, Some(1), "{told}");
    assert!(one_error(&told).contains("interrupted at"), "{told}");
    assert_eq!(database.indexes(), Vec::<String>::new());
    let (code, told) = ended(apply_again(&database));
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn one_that_is_killed_is_gone_on_with_by_the_next() {
    let database = Database::with(FEW).used(20);
    let open = Open::with(&database, WRITES);
    let mut child = apply(&database, &["--lock-timeout", "1s"]);
    database.until(WAITING, "1");
    child.kill().unwrap();
    child.wait().unwrap();
    // The server does not know yet, and goes on: nobody else may begin.
    let plan = database.plan();
    let asked = database.optimize(&["--apply", "--only", id(proposed(&plan, "drop_index")[0])]);
    assert_eq!(asked.status.code(), Some(1), "{}", output_text(&asked));
    assert!(
        one_error(&output_text(&asked)).contains("another run is changing"),
        "{}",
        output_text(&asked)
    );
    database
        .server
        .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index");
    database.until("SELECT count(*) FROM pg_stat_progress_create_index", "0");
    drop(open);
    assert!(
        database
            .indexes()
            .iter()
            .any(|name| name.contains("invalid")),
        "{:?}",
        database.indexes()
    );

    let (code, told) = ended(apply_again(&database));
    assert_eq!(code, Some(0), "{told}");
    let indexes = database.indexes();
    assert!(
        !indexes.is_empty()
            && indexes
                .iter()
                .all(|name| !name.contains("invalid") && !name.ends_with('2')),
        "{indexes:?}"
    );
}

#[test]
fn a_server_that_goes_in_the_middle_is_told_and_found_again() {
    let mut database = Database::with(FEW).used(20);
    let open = Open::with(&database, WRITES);
    let child = apply(&database, &["--lock-timeout", "1s"]);
    database.until(WAITING, "1");
    database.server.stop();
    let (code, told) = ended(child);
    assert_eq!(code, Some(1), "{told}");
    assert!(one_error(&told).contains("run it again"), "{told}");
    drop(open);
    database.server.start_again();
    assert!(
        database
            .indexes()
            .iter()
            .any(|name| name.contains("invalid"))
    );
    let database = database.used(20);
    let (code, told) = ended(apply_again(&database));
    assert_eq!(code, Some(0), "{told}");
    assert!(
        database
            .indexes()
            .iter()
            .all(|name| !name.contains("invalid")),
        "{:?}",
        database.indexes()
    );
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing_behind() {
    // Small segments, so that the log of writes is not what has no room.
    let mut database = Database::on(Postgres::start_with(&["--wal-segsize=1"]), 10 * FEW);
    database.server.sql("VACUUM FREEZE");
    database.server.start_again_with_files_up_to(2 << 20);
    let database = database.used(20);
    let before = database.server.schema();
    let (code, told) = ended(apply(&database, &[]));
    assert_eq!(code, Some(1), "{told}");
    let error = one_error(&told);
    assert!(
        error.contains("it left nothing behind") && error.contains("could not"),
        "{told}"
    );
    assert_eq!(database.server.schema(), before);
}

#[test]
fn progress_is_told_and_the_way_back_is_there_before_anything_is_changed() {
    let database = Database::with(FEW).used(20);
    let open = Open::with(&database, WRITES);
    let mut child = apply(&database, &["--lock-timeout", "1s"]);
    let stderr = child.stderr.take().unwrap();
    let waits = BufReader::new(stderr)
        .lines()
        .map(Result::unwrap)
        .find(|line| line.contains("waiting for"));
    assert!(waits.unwrap().contains("process"), "whom it waits for");
    let undo = std::fs::read_to_string(database.undo_file()).unwrap();
    assert!(undo.contains("DROP INDEX CONCURRENTLY IF EXISTS"), "{undo}");
    drop(open);
    assert!(child.wait().unwrap().code().is_some());
}
