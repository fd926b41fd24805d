//! The whole way on a large database: found, proposed, applied, faster, taken back.

use std::time::Instant;

use serde_json::Value;

use crate::database::{Database, MANY, id, output_text, proposed};

#[test]
fn a_missing_index_is_found_built_and_taken_back() {
    let database = Database::with(MANY).used(20);
    let before = database.server.schema();

    let plan = database.plan();
    assert_eq!(database.server.schema(), before, "a look changes nothing");
    let missing = proposed(&plan, "create_index");
    let of_messages = missing
        .iter()
        .find(|one| what(one).contains("on messages (conversation_id"));
    let of_messages = of_messages.unwrap_or_else(|| panic!("{plan:#}"));
    assert_eq!(of_messages["proof"], "planner", "{of_messages:#}");
    assert!(
        of_messages["why"][0]
            .as_str()
            .unwrap()
            .contains("calls took"),
        "{of_messages:#}"
    );
    let dropped: Vec<&str> = proposed(&plan, "drop_index")
        .into_iter()
        .map(what)
        .collect();
    for name in [
        "messages_created_again",
        "messages_role",
        "conversations_user ",
    ] {
        assert!(
            dropped
                .iter()
                .any(|what| format!("{what} ").contains(&format!("drop index {name}"))),
            "{name}: {dropped:?}"
        );
    }
    assert!(
        !dropped.iter().any(|what| what.contains("_pkey")),
        "{dropped:?}"
    );
    assert!(
        plan["overview"]["statements"][0]["total_ms"]
            .as_f64()
            .unwrap()
            > 0.0
            && plan["overview"]["hit_ratio"].is_number(),
        "{plan:#}"
    );
    assert_eq!(database.optimize(&["--check"]).status.code(), Some(3));

    let slow = p95_ms(&database);
    let only: Vec<&str> = missing
        .iter()
        .chain(&proposed(&plan, "drop_index"))
        .map(|one| id(one))
        .collect();
    let applied =
        database.optimize(&["--unused-after", "0s", "--apply", "--only", &only.join(",")]);
    assert_eq!(applied.status.code(), Some(0), "{}", output_text(&applied));
    assert_ne!(database.server.schema(), before);
    let fast = p95_ms(&database);
    assert!(slow >= 10.0 * fast, "{slow} ms before, {fast} ms after");
    let again = database.plan();
    assert!(proposed(&again, "create_index").is_empty(), "{again:#}");

    database.server.run_file(&database.undo_file());
    assert_eq!(
        database.server.schema(),
        before,
        "the way back leads to where it began"
    );
}

fn what(proposal: &Value) -> &str {
    proposal["what"].as_str().expect("what it does")
}

/// Of the query that the index is for, in the same run of the test before and after.
fn p95_ms(database: &Database) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&database.server.url(), tokio_postgres::NoTls).await.expect("a connection");
        tokio::spawn(connection);
        let asked = client
            .prepare("SELECT * FROM messages WHERE conversation_id = $1 ORDER BY created_at DESC LIMIT 20")
            .await
            .expect("a statement");
        let mut took = Vec::new();
        for conversation in 1..=60_i64 {
            let begun = Instant::now();
            client.query(&asked, &[&conversation]).await.expect("an answer");
            took.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        took.sort_by(f64::total_cmp);
        took[took.len() * 95 / 100]
    })
}
