//! Counters that say nothing: after a reset, on a standby, in an empty database.

use super::*;

/// As its counters are after a reset.
fn uncounted(table: TableFacts) -> TableFacts {
    TableFacts {
        live: 0.0,
        analyzed_s: None,
        vacuumed_s: None,
        ..table
    }
}

#[test]
fn rows_are_known_by_counters_or_by_the_planner_or_not_at_all() {
    let unknown = TableFacts {
        planner_rows: None,
        ..uncounted(table(1, "t"))
    };
    let with = |live: f64, dead: f64, table: &TableFacts| {
        let table = TableFacts {
            live,
            dead,
            ..table.clone()
        };
        (table.rows(), table.dead_share())
    };
    let counted = table(1, "t");
    let reset = uncounted(table(1, "t"));
    let table = [
        ("counted", with(6e5, 4e5, &counted), (Some(6e5), Some(0.4))),
        (
            "emptied and counted",
            with(0.0, 0.0, &counted),
            (Some(0.0), Some(0.0)),
        ),
        (
            "after a reset",
            with(0.0, 2e5, &reset),
            (Some(8e5), Some(0.2)),
        ),
        (
            "grown since",
            with(3e6, 1e6, &reset),
            (Some(3e6), Some(0.25)),
        ),
        (
            "made since the counters began",
            with(9e5, 1e5, &unknown),
            (Some(9e5), Some(0.1)),
        ),
        (
            "never analysed before a crash",
            with(10.0, 20.0, &unknown),
            (None, None),
        ),
    ];
    for (what, found, wanted) in table {
        assert_eq!(found, wanted, "{what}");
    }
}

#[test]
fn a_standby_counts_only_its_own_queries() {
    let mut facts = sound();
    facts.server.is_replica = true;
    facts.tables[0] = TableFacts {
        dead: 5e5,
        planner_rows: Some(1.5e6),
        ..uncounted(facts.tables[0].clone())
    };
    facts.indexes = vec![
        Index {
            scans: 0.0,
            ..index(12, "t_b", &["b"])
        },
        Index {
            is_valid: false,
            ..index(13, "t_c", &["c"])
        },
    ];
    let plan = planned(&facts);
    assert_eq!(plan.proposals, vec![]);
    assert_eq!(plan.overview.tables[0].dead, None);
    assert_eq!(plan.overview.tables[0].rows, Some(1e6));
    let whats: Vec<&str> = plan.findings.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(
        whats,
        [
            "index t_c is invalid",
            "indexes without an index scan (20 MiB): t_b; a standby counts only its own queries"
        ]
    );
    // What it does not count is not a reason to call an index cheap.
    let (planner_queries, asked) = asked();
    let plan = propose(&facts, &planner_queries, &asked, RuleThresholds::default());
    assert_eq!(plan.proposals[0].risk, Risk::Medium);
}

#[test]
fn counters_that_do_not_count_say_nothing() {
    let mut facts = sound();
    facts
        .settings
        .push(setting("track_counts", "off", None, "sighup"));
    facts.tables[0].dead = 5e5;
    facts.indexes.push(Index {
        scans: 0.0,
        ..index(12, "t_b", &["b"])
    });
    let plan = planned(&facts);
    assert_eq!(proposed(&facts), ["set track_counts to on (low)"]);
    assert_eq!((plan.counted_s, plan.overview.tables[0].dead), (None, None));
    assert!(
        finding_texts(&facts)[0].ends_with("it is not known since when index scans are counted"),
        "{:?}",
        finding_texts(&facts)
    );
}

#[test]
fn indexes_of_an_empty_database_are_left_alone() {
    let with = |bytes: u64, last: &[&str]| {
        let mut facts = sound();
        facts.tables[0].live = 0.0;
        facts.tables[0].heap_bytes = 0;
        facts.indexes = vec![index(11, "t_a", &["a"]), index(12, "t_other", last)];
        for index in &mut facts.indexes {
            index.bytes = bytes;
            index.scans = 0.0;
        }
        (proposed(&facts), finding_texts(&facts))
    };
    let nothing: Vec<String> = Vec::new();
    let duplicates = "duplicate indexes that are nearly empty: t_other (of t_a)".to_owned();
    assert_eq!(with(8192, &["a"]), (nothing.clone(), vec![duplicates]));
    assert_eq!(with(8192, &["a", "b"]), (nothing.clone(), nothing.clone()));
    let duplicate = vec!["drop index t_other on t (low)".to_owned()];
    assert_eq!(with(64 << 10, &["a"]), (duplicate, nothing.clone()));
    let redundant = vec!["drop index t_a on t (high)".to_owned()];
    assert_eq!(with(64 << 10, &["a", "b"]), (redundant, nothing));
}

#[test]
fn what_is_called_alike_elsewhere_is_shown_with_its_schema() {
    let mut facts = sound();
    facts.server.counted_s = Some(3_600.0);
    facts.indexes = ["public", "tenant"]
        .iter()
        .zip(11..)
        .map(|(schema, oid)| Index {
            schema: (*schema).to_owned(),
            scans: 0.0,
            ..index(oid, "t_a", &[if oid == 11 { "a" } else { "b" }])
        })
        .collect();
    assert_eq!(
        finding_texts(&facts),
        [
            "indexes without an index scan (40 MiB): t_a, tenant.t_a; index scans have been counted for 60 min"
        ]
    );
}

#[test]
fn tables_whose_counters_begin_at_0_are_judged_by_what_the_planner_knows() {
    let with = |table: TableFacts| {
        let mut facts = sound();
        facts.tables = vec![table];
        facts.indexes.clear();
        proposed(&facts)
    };
    let table: Vec<(&str, TableFacts, Vec<&str>)> = vec![
        (
            "restored: rows are known of its index, and there are no statistics",
            TableFacts {
                has_statistics: Some(false),
                ..uncounted(table(1, "t"))
            },
            vec!["analyze t (low)"],
        ),
        (
            "analysed before a reset of counters, or on a standby",
            uncounted(table(1, "t")),
            vec![],
        ),
        (
            "the same, by a role that may not see statistics",
            TableFacts {
                has_statistics: None,
                ..uncounted(table(1, "t"))
            },
            vec![],
        ),
        (
            "never analysed, by a role that may not see it",
            TableFacts {
                has_statistics: None,
                planner_rows: None,
                ..uncounted(table(1, "t"))
            },
            vec!["analyze t (low)"],
        ),
        (
            "a few changed rows after a reset are not all rows",
            TableFacts {
                changed: 5e3,
                dead: 5e3,
                ..uncounted(table(1, "t"))
            },
            vec![],
        ),
        (
            "many are",
            TableFacts {
                dead: 5e5,
                ..uncounted(table(1, "t"))
            },
            vec!["vacuum t (low)"],
        ),
        (
            "nothing but dead rows is known",
            TableFacts {
                dead: 2e3,
                planner_rows: None,
                has_statistics: Some(true),
                ..uncounted(table(1, "t"))
            },
            vec![],
        ),
    ];
    for (what, table, wanted) in table {
        assert_eq!(with(table), wanted, "{what}");
    }
}
