use super::*;
use crate::facts::{Column, Index, TableFacts};

fn table(oid: u32, name: &str, columns: &[&str]) -> TableFacts {
    let column = |(place, name): (usize, &&str)| Column {
        name: (*name).to_owned(),
        kind: "bigint".to_owned(),
        is_ordered: !name.starts_with("json"),
        distinct: Some(-1.0 / (place + 1) as f64),
        nulls: Some(0.0),
        width: Some(8.0),
    };
    TableFacts {
        oid,
        schema: "public".to_owned(),
        name: name.to_owned(),
        planner_rows: Some(1e6),
        columns: columns.iter().enumerate().map(column).collect(),
        ..TableFacts::default()
    }
}

fn known() -> Vec<TableFacts> {
    vec![
        table(
            1,
            "messages",
            &[
                "id",
                "conversation_id",
                "user_id",
                "role",
                "created_at",
                "jsonb",
            ],
        ),
        table(
            2,
            "conversations",
            &["id", "user_id", "status", "updated_at"],
        ),
        table(3, "Users", &["id", "Email"]),
    ]
}

/// `messages: = a b | < c | join d | order e-`
fn shown_uses(text: &str) -> String {
    let tables = known();
    let name = |oid: u32| &tables.iter().find(|table| table.oid == oid).unwrap().name;
    let uses = uses(text, &tables).unwrap_or_else(|error| panic!("{text}: {error}"));
    let lines = uses.iter().map(|one| {
        let mut line = format!("{}:", name(one.table));
        for (sign, columns) in [("=", &one.equal), ("<", &one.range), ("join", &one.join)] {
            if !columns.is_empty() {
                line = format!("{line} {sign} {}", columns.join(" "));
            }
        }
        if !one.order.is_empty() {
            let order = one.order.iter();
            let order: Vec<String> = order
                .map(|(name, down)| format!("{name}{}", if *down { "-" } else { "" }))
                .collect();
            line = format!("{line} order {}", order.join(" "));
        }
        line
    });
    lines.collect::<Vec<_>>().join("; ")
}

#[test]
fn statements_are_read_for_what_they_look_for() {
    let table = [
        (
            "SELECT * FROM messages WHERE conversation_id = $1",
            "messages: = conversation_id",
        ),
        (
            "select m.id from public.messages as m where m.user_id = $1 and m.created_at > now() - $2::interval \
             order by created_at desc limit $3",
            "messages: = user_id < created_at order created_at-",
        ),
        (
            "SELECT * FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE c.user_id = $1 AND \
             c.status IN ($2, $3)",
            "messages: join conversation_id; conversations: = user_id status join id",
        ),
        (
            "SELECT count(*) FROM messages WHERE $1 <= created_at AND created_at BETWEEN $2 AND $3 AND role IS NULL",
            "messages: < created_at",
        ),
        (
            "UPDATE messages SET role = $1 WHERE id = ANY($2)",
            "messages: = id",
        ),
        (
            "DELETE FROM messages USING conversations WHERE conversations.id = messages.conversation_id AND \
             conversations.status = $1",
            "messages: join conversation_id; conversations: = status join id",
        ),
        (
            "WITH c AS (SELECT id FROM conversations WHERE user_id = $1) SELECT * FROM messages WHERE \
             conversation_id IN (SELECT id FROM c)",
            "messages: = conversation_id; conversations: = user_id",
        ),
        (
            "SELECT (SELECT count(*) FROM messages WHERE messages.conversation_id = c.id) FROM conversations c \
             ORDER BY c.updated_at DESC, c.id DESC LIMIT $1",
            "conversations: order updated_at- id-; messages: = conversation_id",
        ),
        (
            "SELECT * FROM \"Users\" WHERE \"Email\" = $1",
            "Users: = Email",
        ),
        (
            "SELECT * FROM messages JOIN conversations USING (user_id)",
            "messages: join user_id; conversations: join user_id",
        ),
        (
            "SELECT * FROM messages, conversations WHERE messages.conversation_id = conversations.id",
            "messages: join conversation_id; conversations: join id",
        ),
        (
            "INSERT INTO messages SELECT * FROM conversations WHERE status = $1",
            "conversations: = status",
        ),
        // Nothing that an index of columns could serve.
        (
            "SELECT * FROM messages WHERE lower(role) = $1 OR user_id = $2",
            "",
        ),
        (
            "SELECT * FROM messages WHERE role <> $1 AND NOT user_id = $2",
            "",
        ),
        ("SELECT * FROM messages ORDER BY created_at NULLS FIRST", ""),
        ("SELECT * FROM elsewhere WHERE id = $1", ""),
        ("SELECT * FROM users WHERE \"Email\" = $1", ""),
        (
            "SELECT * FROM messages m, conversations c WHERE user_id = $1",
            "",
        ),
    ];
    for (text, wanted) in table {
        assert_eq!(shown_uses(text), wanted, "{text}");
    }
}

#[test]
fn what_is_no_statement_is_told() {
    for text in [
        "SELEKT 1",
        "SELECT * FROM messages WHERE (",
        "SELECT * FROM messages WHERE content LIKE 'a...",
    ] {
        assert!(uses(text, &known()).is_err(), "{text}");
    }
}

#[test]
fn nothing_that_is_typed_makes_it_panic() {
    for text in [
        "",
        ";",
        "SELECT",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "\0",
        "SELECT $1",
        "VALUES ($1)",
    ] {
        let _ = uses(text, &known());
    }
}

fn keys(text: &str, indexes: &[Index]) -> Vec<String> {
    let tables = known();
    let uses = uses(text, &tables).unwrap();
    let of = |one: &Use| tables.iter().find(|table| table.oid == one.table).unwrap();
    uses.iter()
        .flat_map(|one| candidates(one, of(one), indexes))
        .map(|candidate| candidate.key())
        .collect()
}

fn index(table: u32, columns: &[&str]) -> Index {
    Index {
        table,
        columns: columns
            .iter()
            .map(|name| Some((*name).to_owned()))
            .collect(),
        method: "btree".to_owned(),
        is_valid: true,
        ..Index::default()
    }
}

#[test]
fn candidates_begin_with_what_is_equal() {
    // Of the columns of `messages`, an earlier one tells more rows apart.
    let table = [
        (
            "SELECT * FROM messages WHERE conversation_id = $1",
            vec!["conversation_id"],
        ),
        (
            "SELECT * FROM messages WHERE user_id = $1 ORDER BY created_at DESC",
            vec!["user_id, created_at", "user_id"],
        ),
        (
            "SELECT * FROM messages WHERE role = $1 AND user_id = $2 AND created_at > $3",
            vec![
                "user_id, role",
                "user_id, role, created_at",
                "user_id",
                "role",
            ],
        ),
        (
            "SELECT * FROM messages WHERE user_id = $1 ORDER BY created_at DESC, id",
            vec!["user_id, created_at DESC, id", "user_id"],
        ),
        ("SELECT * FROM messages WHERE jsonb = $1", vec![]),
        (
            "SELECT * FROM messages m JOIN conversations c ON m.conversation_id = c.id WHERE m.role = $1",
            vec!["role", "conversation_id", "conversation_id, role", "id"],
        ),
    ];
    for (text, wanted) in table {
        assert_eq!(keys(text, &[]), wanted, "{text}");
    }
}

#[test]
fn what_is_there_already_is_no_candidate() {
    let text = "SELECT * FROM messages WHERE role = $1 AND user_id = $2";
    assert_eq!(
        keys(text, &[index(1, &["role", "user_id", "id"])]),
        ["user_id"]
    );
    assert_eq!(keys(text, &[index(2, &["role", "user_id"])]).len(), 3);
    let partial = Index {
        predicate: Some("role = 'x'".to_owned()),
        ..index(1, &["user_id", "role"])
    };
    let broken = Index {
        is_valid: false,
        ..index(1, &["user_id", "role"])
    };
    let hash = Index {
        method: "hash".to_owned(),
        ..index(1, &["user_id"])
    };
    assert_eq!(keys(text, &[partial, broken, hash]).len(), 3);
}

#[test]
fn names_fit_whatever_the_columns_are_called() {
    let long = "ü".repeat(60);
    let table = table(9, &long, &[&long]);
    let candidate = Candidate {
        table: 9,
        columns: vec![(long.clone(), false)],
        free: 1,
    };
    for (number, end) in [(1, "_perf_idx"), (12, "_perf_idx12")] {
        let name = candidate.name(&table, number);
        assert!(name.len() <= 63 && name.ends_with(end), "{name}");
    }
}
