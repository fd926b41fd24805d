use proptest::prelude::*;

use super::*;

/// As `SQLAlchemy` writes them: the same list in each.
const LIST: &str = "SELECT agents.id AS agents_id, agents.name AS agents_name, agents.organization_id AS agents_organization_id, \
                    agents.created_at AS agents_created_at";

#[test]
fn statements_show_what_tells_them_apart() {
    let by_time = format!(
        "{LIST} FROM agents WHERE agents.organization_id = $1 ORDER BY agents.created_at DESC LIMIT $2"
    );
    let by_type =
        format!("{LIST} FROM agents WHERE agents.organization_id = $1 AND agents.type = $2");
    let of_users = format!(
        "{LIST} FROM agents JOIN users ON users.id = agents.owner_id WHERE users.email = $1"
    );
    let shown = excerpts(&[&by_time, &by_type, &of_users, "SELECT 1"], 60);
    assert_eq!(
        shown,
        [
            "SELECT … FROM agents WHERE agents.organization_id = $1 ORDE…",
            "SELECT … FROM agents WHERE agents.organization_id = $1 AND…",
            "SELECT … FROM agents JOIN users ON users.id = agents.owner_…",
            "SELECT 1"
        ]
    );
    let shown = excerpts(&[&by_time, &by_type], 50);
    assert!(
        shown[0].contains("ORDER BY") && shown[1].contains("agents.type"),
        "{shown:?}"
    );
    let shown = excerpts(&[&by_time, &by_type], 120);
    assert_eq!(
        shown,
        [
            "SELECT … FROM agents WHERE agents.organization_id = $1 ORDER BY agents.created_at DESC LIMIT $2",
            "SELECT … FROM agents WHERE agents.organization_id = $1 AND agents.type = $2"
        ]
    );
}

#[test]
fn lists_are_left_out_and_conditions_stay() {
    let table = [
        (
            "UPDATE agents SET name = $1, type = $2, status = $3, updated_at = $4 WHERE agents.id = $5",
            "UPDATE agents SET … WHERE agents.id = $5",
        ),
        (
            "INSERT INTO agents (id, name, organization_id, created_at, updated_at) VALUES ($1, $2, $3, $4, \
             $5, $6, $7)",
            "INSERT INTO agents (…) VALUES (…)",
        ),
        (
            "SELECT id FROM agents WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AND type = $11",
            "SELECT id FROM agents WHERE id IN (…) AND type = $11",
        ),
        (
            "SELECT a.id, extract(epoch FROM a.at) AS at, (SELECT max(b.x) FROM b) AS most FROM a WHERE a.id = $1",
            "SELECT … FROM a WHERE a.id = $1",
        ),
        (
            "SELECT 'FROM here, and a text that is long', \"FROM\" FROM a WHERE a.organization_id = $1",
            "SELECT … FROM a WHERE a.organization_id = $1",
        ),
        (
            "WITH x AS (SELECT a.first_of_all, a.second_of_all FROM a WHERE a.id = $1) SELECT * FROM x",
            "WITH x AS (SELECT … FROM a WHERE a.id = $1) SELECT * FROM x",
        ),
        ("SELECT * FROM a", "SELECT * FROM a"),
        ("SELECT", "SELECT"),
    ];
    for (text, wanted) in table {
        assert_eq!(excerpt(text, 66), wanted, "{text}");
    }
}

#[test]
fn what_differs_far_behind_or_nowhere() {
    let long = "x".repeat(300);
    let (a, b) = (format!("{long}a{long}"), format!("{long}b{long}"));
    let shown = excerpts(&[&a, &b, &a], 40);
    assert_eq!(shown[0], shown[2]);
    assert!(
        shown[0].contains('a') && shown[1].contains('b'),
        "{shown:?}"
    );
    // One is the beginning of the other.
    let shown = excerpts(&[&long, &a], 40);
    assert_ne!(shown[0], shown[1]);
    assert_eq!(excerpts(&[" a\n b ", "a b"], 40), ["a b", "a b"]);
}

proptest! {
    #[test]
    fn different_texts_look_different_and_are_short(
        texts in proptest::collection::vec("(SELECT [a-c, ]{0,60} FROM |[é(]{0,40}|x{0,50})[a-b()' ]{0,40}", 1..8),
    ) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let shown = excerpts(&texts, 30);
        for (at, one) in shown.iter().enumerate() {
            prop_assert!(one.chars().count() <= 30, "{one}");
            for other in 0..at {
                let same = one_line(texts[at]) == one_line(texts[other]);
                prop_assert_eq!(same, *one == shown[other], "{:?} {:?}", texts[at], texts[other]);
            }
        }
    }
}
