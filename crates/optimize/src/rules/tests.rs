mod counters;

use super::*;
use crate::facts::{
    Column, ConnectionCounts, DatabaseCounters, ForeignKey, Index, LockWait, ServerFacts, Setting,
    StatementFacts, TableFacts, Transaction,
};
use crate::plan::{ChangeKind, ChoiceError, Proof, Risk};
use crate::planner_query::Advice;
use crate::workload::Candidate;

const MIB: u64 = 1 << 20;
const DAY: f64 = 86_400.0;

fn column(name: &str) -> Column {
    Column {
        name: name.to_owned(),
        kind: "bigint".to_owned(),
        is_ordered: true,
        distinct: Some(-1.0),
        nulls: Some(0.0),
        width: Some(8.0),
    }
}

fn table(oid: u32, name: &str) -> TableFacts {
    TableFacts {
        oid,
        schema: "public".to_owned(),
        name: name.to_owned(),
        planner_rows: Some(1e6),
        has_statistics: Some(true),
        live: 1e6,
        heap_bytes: 60 * MIB,
        vacuumed_s: Some(100.0),
        analyzed_s: Some(100.0),
        fillfactor: 100.0,
        columns: ["a", "b", "c"].map(column).to_vec(),
        ..TableFacts::default()
    }
}

fn index(oid: u32, name: &str, columns: &[&str]) -> Index {
    Index {
        oid,
        table: 1,
        schema: "public".to_owned(),
        name: name.to_owned(),
        definition: format!(
            "CREATE INDEX {name} ON public.t USING btree ({})",
            columns.join(", ")
        ),
        columns: columns
            .iter()
            .map(|name| Some((*name).to_owned()))
            .collect(),
        order: columns.iter().map(|_| "1978/0/0".to_owned()).collect(),
        method: "btree".to_owned(),
        is_valid: true,
        bytes: 20 * MIB,
        scans: 5.0,
        ..Index::default()
    }
}

/// A database of one table with which nothing is wrong.
fn sound() -> Facts {
    Facts {
        server: ServerFacts {
            version: 150_008,
            version_name: "15.8".to_owned(),
            database: "app".to_owned(),
            bytes: Some(100 * MIB),
            role: "me".to_owned(),
            is_superuser: true,
            is_monitor: true,
            counted_s: Some(30.0 * DAY),
            ..ServerFacts::default()
        },
        memory: Some(8192 * MIB),
        counters: DatabaseCounters {
            blocks_hit: 99e3,
            blocks_read: 1e3,
            ..DatabaseCounters::default()
        },
        connections: ConnectionCounts {
            used: 5,
            most: 100,
            idle_in_transaction: 0,
        },
        settings: [
            ("shared_buffers", "262144", Some("8kB"), "postmaster"),
            ("effective_cache_size", "786432", Some("8kB"), "user"),
            ("work_mem", "4096", Some("kB"), "user"),
            ("random_page_cost", "1.1", None, "user"),
            ("autovacuum", "on", None, "sighup"),
            ("fsync", "on", None, "sighup"),
        ]
        .map(|(name, value, unit, context)| setting(name, value, unit, context))
        .to_vec(),
        tables: vec![table(1, "t")],
        indexes: vec![index(11, "t_a", &["a"])],
        statements: Some(Vec::new()),
        ..Facts::default()
    }
}

fn setting(name: &str, value: &str, unit: Option<&str>, context: &str) -> Setting {
    Setting {
        name: name.to_owned(),
        setting: value.to_owned(),
        unit: unit.map(str::to_owned),
        context: context.to_owned(),
        ..Setting::default()
    }
}

fn planned(facts: &Facts) -> OptimizerPlan {
    propose(
        facts,
        &[],
        &PlannerAnswers::default(),
        RuleThresholds::default(),
    )
}

/// What is proposed: `kind what (risk)`.
fn proposed(facts: &Facts) -> Vec<String> {
    let plan = planned(facts);
    let line = |one: &crate::plan::Proposal| format!("{} ({})", one.what, one.risk);
    plan.proposals.iter().map(line).collect()
}

fn finding_texts(facts: &Facts) -> Vec<String> {
    planned(facts)
        .findings
        .into_iter()
        .map(|finding| finding.what)
        .collect()
}

#[test]
fn of_a_sound_database_nothing_is_said() {
    let plan = planned(&sound());
    assert_eq!(
        (plan.proposals, plan.findings, plan.unseen),
        (vec![], vec![], vec![])
    );
}

#[test]
fn an_empty_database_has_nothing_to_say() {
    let empty = Facts {
        server: sound().server,
        ..Facts::default()
    };
    let plan = planned(&empty);
    assert_eq!((plan.proposals, plan.findings), (vec![], vec![]));
}

#[test]
fn an_empty_schema_has_nothing_to_propose() {
    let mut facts = sound();
    facts.tables[0] = TableFacts {
        live: 0.0,
        planner_rows: Some(0.0),
        has_statistics: Some(false),
        heap_bytes: 0,
        vacuumed_s: None,
        analyzed_s: None,
        ..table(1, "t")
    };
    facts.indexes.push(index(12, "t_a_again", &["a"]));
    facts.indexes.push(index(13, "t_unused", &["b"]));
    for index in &mut facts.indexes {
        (index.bytes, index.scans) = (8192, 0.0);
    }
    assert!(proposed(&facts).is_empty(), "{:?}", proposed(&facts));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn indexes_that_are_no_use_are_dropped() {
    let with = |more: Vec<Index>| {
        let mut facts = sound();
        facts.indexes.extend(more);
        proposed(&facts)
    };
    let needed = |index: Index| Index {
        is_needed: true,
        ..index
    };
    let unused = |index: Index| Index {
        scans: 0.0,
        ..index
    };
    let unique = |index: Index| Index {
        is_unique: true,
        ..index
    };
    let table: Vec<(&str, Vec<Index>, Vec<&str>)> = vec![
        (
            "doubles: the older stays",
            vec![index(12, "t_a2", &["a"])],
            vec!["drop index t_a2 on t (low)"],
        ),
        (
            "what is needed stays",
            vec![needed(index(12, "t_pk", &["a"]))],
            vec!["drop index t_a on t (low)"],
        ),
        (
            "what keeps rows apart stays",
            vec![unique(index(12, "t_u", &["a"]))],
            vec!["drop index t_a on t (low)"],
        ),
        (
            "what keeps rows apart is not a duplicate of what does not, be it needed",
            vec![
                needed(index(12, "t_b", &["b"])),
                unique(index(13, "t_bu", &["b"])),
            ],
            vec![],
        ),
        (
            "nor of what looks later",
            vec![
                needed(unique(Index {
                    is_deferrable: true,
                    ..index(12, "t_b", &["b"])
                })),
                unique(index(13, "t_bu", &["b"])),
            ],
            vec![],
        ),
        (
            "nor of what lets more rows in",
            vec![
                unique(index(12, "t_b", &["b"])),
                unique(Index {
                    is_nulls_equal: true,
                    ..index(13, "t_bu", &["b"])
                }),
            ],
            vec![],
        ),
        (
            "but of what keeps the same apart",
            vec![
                needed(unique(index(12, "t_b", &["b"]))),
                unique(index(13, "t_bu", &["b"])),
            ],
            vec!["drop index t_bu on t (low)"],
        ),
        (
            "other options are another index",
            vec![
                Index {
                    method: "brin".to_owned(),
                    ..index(12, "t_b", &["b"])
                },
                Index {
                    method: "brin".to_owned(),
                    options: Some("{pages_per_range=8}".to_owned()),
                    ..index(13, "t_b8", &["b"])
                },
            ],
            vec![],
        ),
        (
            "of three, one stays",
            vec![index(12, "t_a2", &["a"]), index(13, "t_a3", &["a"])],
            vec!["drop index t_a2 on t (low)", "drop index t_a3 on t (low)"],
        ),
        (
            "another order is another index",
            vec![Index {
                order: vec!["1978/0/3".to_owned()],
                ..index(12, "t_a_desc", &["a"])
            }],
            vec![],
        ),
        (
            "another condition is another index",
            vec![Index {
                predicate: Some("(a > 0)".to_owned()),
                ..index(12, "t_ap", &["a"])
            }],
            vec![],
        ),
        (
            "what is carried makes another index",
            vec![Index {
                included: vec!["b".to_owned()],
                ..index(12, "t_ai", &["a"])
            }],
            vec![],
        ),
        (
            "a longer one stands for it",
            vec![index(12, "t_ab", &["a", "b"])],
            vec!["drop index t_a on t (high)"],
        ),
        (
            "a longer one that begins otherwise does not",
            vec![index(12, "t_ba", &["b", "a"])],
            vec![],
        ),
        (
            "and it stays, though unused",
            vec![unused(index(12, "t_ab", &["a", "b"]))],
            vec!["drop index t_a on t (high)"],
        ),
        (
            "unused",
            vec![unused(index(12, "t_b", &["b"]))],
            vec!["drop index t_b on t (high)"],
        ),
        (
            "unused and small",
            vec![Index {
                bytes: 1000,
                ..unused(index(12, "t_b", &["b"]))
            }],
            vec![],
        ),
        (
            "unused and unique",
            vec![unused(unique(index(12, "t_b", &["b"])))],
            vec![],
        ),
        (
            "unused and needed",
            vec![unused(needed(index(12, "t_b", &["b"])))],
            vec![],
        ),
        (
            "invalid",
            vec![Index {
                is_valid: false,
                ..index(12, "t_b", &["b"])
            }],
            vec!["drop index t_b on t (medium)"],
        ),
        (
            "invalid, while it is built",
            vec![Index {
                is_valid: false,
                is_building: true,
                ..index(12, "t_b", &["b"])
            }],
            vec![],
        ),
        (
            "invalid and needed",
            vec![Index {
                is_valid: false,
                is_needed: true,
                ..index(12, "t_b", &["b"])
            }],
            vec![],
        ),
        (
            "a double of what is invalid",
            vec![Index {
                is_valid: false,
                ..index(9, "t_bad", &["a"])
            }],
            vec!["drop index t_bad on t (medium)"],
        ),
        (
            "a double of another method",
            vec![Index {
                method: "hash".to_owned(),
                ..index(12, "t_h", &["a"])
            }],
            vec![],
        ),
    ];
    for (what, more, wanted) in table {
        assert_eq!(with(more), wanted, "{what}");
    }
}

#[test]
fn what_a_foreign_key_finds_its_rows_by_is_not_unused() {
    let mut facts = sound();
    facts.tables.push(table(2, "referenced"));
    facts.foreign_keys = vec![ForeignKey {
        table: 1,
        name: "fk".to_owned(),
        columns: vec!["b".to_owned(), "c".to_owned()],
        referenced: 2,
        cascades: true,
    }];
    facts.indexes.push(Index {
        scans: 0.0,
        ..index(12, "t_cba", &["c", "b", "a"])
    });
    assert_eq!(proposed(&facts), Vec::<String>::new());
    // Another one finds them too, in whatever order.
    facts.indexes.push(index(13, "t_bc", &["b", "c"]));
    assert_eq!(proposed(&facts), ["drop index t_cba on t (high)"]);
}

#[test]
fn names_of_indexes_are_free_ones() {
    let (planner_queries, mut asked) = asked();
    let mut facts = sound();
    let taken = ("public".to_owned(), "t_b_c_perf_idx".to_owned());
    facts.taken = vec![
        taken,
        ("elsewhere".to_owned(), "t_b_c_perf_idx2".to_owned()),
    ];
    let mut same = asked.advice[0].clone();
    same.candidate.columns[1].1 = false;
    asked.advice.push(same);
    let plan = propose(&facts, &planner_queries, &asked, RuleThresholds::default());
    let names: Vec<&str> = plan
        .proposals
        .iter()
        .filter_map(|one| one.what.split(' ').nth(1))
        .collect();
    assert_eq!(names, ["t_b_c_perf_idx2", "t_b_c_perf_idx3"]);
}

#[test]
fn unused_is_not_said_before_it_can_be_known() {
    let mut facts = sound();
    facts.indexes.push(Index {
        scans: 0.0,
        ..index(12, "t_b", &["b"])
    });
    for counted in [None, Some(3_600.0), Some(6.9 * DAY)] {
        facts.server.counted_s = counted;
        assert!(proposed(&facts).is_empty(), "{counted:?}");
        assert_eq!(finding_texts(&facts).len(), 1);
    }
}

#[test]
fn what_is_dropped_can_be_made_again_with_all_it_had() {
    let mut facts = sound();
    facts.indexes.push(Index {
        definition: "CREATE UNIQUE INDEX x ON public.t USING btree (a)".to_owned(),
        comment: Some("it's \\ ours".to_owned()),
        is_unique: true,
        ..index(12, "x", &["a"])
    });
    facts.indexes[0].is_needed = true;
    facts.indexes[0].is_unique = true;
    let plan = planned(&facts);
    assert_eq!(
        plan.proposals[0].undo,
        [
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS x ON public.t USING btree (a)",
            "COMMENT ON INDEX public.x IS E'it''s \\\\ ours'"
        ]
    );
}

#[test]
fn tables_are_swept_and_analysed_when_they_need_it() {
    let with = |table: TableFacts| {
        let mut facts = sound();
        facts.tables = vec![table];
        facts.indexes.clear();
        proposed(&facts)
    };
    let table: Vec<(&str, TableFacts, Vec<&str>)> = vec![
        (
            "a third is dead",
            TableFacts {
                dead: 5e5,
                ..table(1, "t")
            },
            vec!["vacuum t (low)"],
        ),
        (
            "a few are dead",
            TableFacts {
                dead: 1e5,
                ..table(1, "t")
            },
            vec![],
        ),
        (
            "a small table",
            TableFacts {
                live: 100.0,
                planner_rows: Some(100.0),
                dead: 900.0,
                heap_bytes: 8192,
                ..table(1, "t")
            },
            vec![],
        ),
        (
            "never analysed",
            TableFacts {
                analyzed_s: None,
                planner_rows: None,
                has_statistics: Some(false),
                ..table(1, "t")
            },
            vec!["analyze t (low)"],
        ),
        (
            "its counters were reset: it has a million rows, of which few are dead, and statistics",
            TableFacts {
                live: 0.0,
                dead: 2e4,
                vacuumed_s: None,
                analyzed_s: None,
                ..table(1, "t")
            },
            vec![],
        ),
        (
            "the same, with statistics that may not be seen",
            TableFacts {
                live: 0.0,
                dead: 2e4,
                vacuumed_s: None,
                analyzed_s: None,
                has_statistics: None,
                ..table(1, "t")
            },
            vec![],
        ),
        (
            "changed since",
            TableFacts {
                changed: 3e5,
                ..table(1, "t")
            },
            vec!["analyze t (low)"],
        ),
        (
            "changed a little",
            TableFacts {
                changed: 1e5,
                ..table(1, "t")
            },
            vec![],
        ),
        (
            "both",
            TableFacts {
                dead: 5e5,
                has_statistics: Some(false),
                ..table(1, "t")
            },
            vec!["vacuum t (low)"],
        ),
    ];
    for (what, table, wanted) in table {
        assert_eq!(with(table), wanted, "{what}");
    }
    let mut facts = sound();
    facts.tables[0].no_autovacuum = true;
    assert_eq!(finding_texts(&facts), ["autovacuum is off for t"]);
}

#[test]
fn space_that_is_empty_is_told_by_the_widths_of_columns() {
    // A row of three times 8 bytes takes 52 with its header and pointer: 157 to a page, 50 MiB for a million.
    let empty = |bytes: u64| {
        bloat::of_table(&TableFacts {
            heap_bytes: bytes,
            ..table(1, "t")
        })
        .unwrap()
    };
    assert!(empty(50 * MIB) < 0.01, "{}", empty(50 * MIB));
    assert!(
        (empty(100 * MIB) - 0.5).abs() < 0.02,
        "{}",
        empty(100 * MIB)
    );
    // An entry of 8 bytes takes 20: 366 to a page, 21 MiB.
    let of_index = |bytes: u64| {
        bloat::of_index(
            &Index {
                bytes,
                ..index(1, "i", &["a"])
            },
            &table(1, "t"),
        )
        .unwrap()
    };
    assert!(of_index(21 * MIB) < 0.03 && of_index(84 * MIB) > 0.7);
    let mut unknown = table(1, "t");
    unknown.columns[0].width = None;
    assert_eq!(bloat::of_table(&unknown), None);
    assert_eq!(
        bloat::of_index(
            &Index {
                predicate: Some("x".to_owned()),
                ..index(1, "i", &["a"])
            },
            &table(1, "t")
        ),
        None
    );
    let mut facts = sound();
    facts.tables[0].heap_bytes = 500 * MIB;
    facts.indexes[0].bytes = 100 * MIB;
    assert_eq!(proposed(&facts), ["rebuild index t_a (medium)"]);
    assert_eq!(finding_texts(&facts).len(), 1);
    // Not one that is to be dropped, nor one that the server can't build anew while others work.
    facts.indexes[0].scans = 0.0;
    assert_eq!(proposed(&facts), ["drop index t_a on t (high)"]);
    facts.indexes[0].is_needed = true;
    facts.indexes[0].is_exclusion = true;
    assert_eq!(proposed(&facts), Vec::<String>::new());
}

#[test]
fn settings_are_held_against_the_memory() {
    let with = |name: &str, value: &str| {
        let mut facts = sound();
        facts.server.bytes = Some(40 << 30);
        let at = facts
            .settings
            .iter()
            .position(|setting| setting.name == name)
            .unwrap();
        facts.settings[at].setting = value.to_owned();
        (proposed(&facts), finding_texts(&facts).len())
    };
    let table: [(&str, &str, &[&str], usize); 9] = [
        (
            "shared_buffers",
            "16384",
            &["set shared_buffers to 2048MB (high)"],
            0,
        ),
        (
            "shared_buffers",
            "131072",
            &["set shared_buffers to 2048MB (high)"],
            0,
        ),
        ("shared_buffers", "786432", &[], 1),
        (
            "effective_cache_size",
            "65536",
            &["set effective_cache_size to 6144MB (high)"],
            0,
        ),
        (
            "effective_cache_size",
            "2000000",
            &["set effective_cache_size to 6144MB (high)"],
            0,
        ),
        ("work_mem", "65536", &[], 1),
        ("autovacuum", "off", &["set autovacuum to on (low)"], 0),
        ("fsync", "off", &[], 1),
        ("random_page_cost", "4", &[], 0),
    ];
    for (name, value, wanted, told) in table {
        let (proposals, findings) = with(name, value);
        assert_eq!(proposals, wanted, "{name} = {value}");
        assert_eq!(findings, told, "{name} = {value}");
    }
}

#[test]
fn who_may_not_change_settings_is_told_what_to_ask_for() {
    let mut facts = sound();
    facts.server.is_superuser = false;
    facts.settings[4].setting = "off".to_owned();
    let plan = planned(&facts);
    assert!(plan.proposals.is_empty());
    assert!(
        plan.findings[0]
            .advice
            .contains("ALTER SYSTEM SET autovacuum = 'on'")
    );
    facts.server.is_superuser = true;
    facts.settings[4].source = "command line".to_owned();
    let plan = planned(&facts);
    assert!(plan.proposals.is_empty());
    assert!(
        plan.findings[0]
            .advice
            .contains("on the server's command line")
    );
    facts.memory = None;
    assert!(planned(&facts).unseen[0].contains("--server-memory"));
}

#[test]
fn a_setting_goes_back_to_what_it_was() {
    let mut facts = sound();
    facts.settings[4].setting = "off".to_owned();
    assert_eq!(
        planned(&facts).proposals[0].undo[0],
        "ALTER SYSTEM RESET autovacuum"
    );
    facts.settings[4].altered = Some("off".to_owned());
    assert_eq!(
        planned(&facts).proposals[0].undo[0],
        "ALTER SYSTEM SET autovacuum = 'off'"
    );
}

type Change = Box<dyn Fn(&mut Facts)>;

#[test]
fn what_goes_on_is_told() {
    let table: Vec<(&str, Change)> = vec![
        (
            "90.0 % of blocks",
            Box::new(|facts| facts.counters.blocks_hit = 9e3),
        ),
        (
            "sorts and joins wrote 2.0 GiB",
            Box::new(|facts| facts.counters.temp_bytes = (2_u64 << 30) as f64),
        ),
        (
            "3 deadlocks",
            Box::new(|facts| facts.counters.deadlocks = 3.0),
        ),
        (
            "a transaction has been open for 10 min (process 7, idle in transaction, no application name)",
            Box::new(|facts| {
                facts.transactions.push(Transaction {
                    pid: 7,
                    state: Some("idle in transaction".to_owned()),
                    application: Some(String::new()),
                    open_s: 600.0,
                });
            }),
        ),
        (
            "process 8 has waited for a lock for 20 s, held by 7, 9",
            Box::new(|facts| {
                facts.waits.push(LockWait {
                    pid: 8,
                    blocked_by: vec![7, 9],
                    waits_s: 20.0,
                });
            }),
        ),
        (
            "90 of 100 connections",
            Box::new(|facts| facts.connections.used = 90),
        ),
        (
            "PostgreSQL 12.1 is older",
            Box::new(|facts| {
                facts.server.version = 120_001;
                facts.server.version_name = "12.1".to_owned();
            }),
        ),
    ];
    for (wanted, change) in table {
        let mut facts = sound();
        change(&mut facts);
        let told = finding_texts(&facts);
        assert!(
            told.len() == 1 && told[0].starts_with(wanted),
            "{wanted}: {told:?}"
        );
    }
    let mut facts = sound();
    facts.counters.blocks_hit = 10.0;
    facts.counters.blocks_read = 90.0;
    assert!(finding_texts(&facts).is_empty(), "too few to say");
}

fn asked() -> (Vec<PlannerQuery>, PlannerAnswers) {
    let planner_query = |text: &str, total_ms: Option<f64>, whose: Option<&str>| PlannerQuery {
        text: text.to_owned(),
        total_ms,
        calls: 10.0,
        whose: whose.map(str::to_owned),
    };
    let planner_queries = vec![
        planner_query("SELECT *\n FROM t WHERE b = $1", Some(60_000.0), None),
        planner_query(
            "SELECT 1 FROM public.t WHERE b = $1",
            None,
            Some("foreign key t_b_fkey"),
        ),
    ];
    let advice = Advice {
        candidate: Candidate {
            table: 1,
            columns: vec![("b".to_owned(), false), ("c".to_owned(), true)],
            free: 1,
        },
        bytes: Some(30 * MIB),
        serves: vec![(0, Some(0.999_99)), (1, Some(0.8))],
    };
    let asked = PlannerAnswers {
        advice: vec![advice],
        ..PlannerAnswers::default()
    };
    (planner_queries, asked)
}

#[test]
fn an_index_that_is_missing_is_proposed_with_its_reasons() {
    let mut facts = sound();
    facts.statements = Some(vec![StatementFacts {
        total_ms: 80_000.0,
        ..StatementFacts::default()
    }]);
    let (planner_queries, asked) = asked();
    let plan = propose(&facts, &planner_queries, &asked, RuleThresholds::default());
    insta::assert_json_snapshot!(plan.proposals);
    // On a table that is written to a lot it is felt.
    facts.tables[0].writes = 1e9;
    let busy = propose(&facts, &planner_queries, &asked, RuleThresholds::default());
    assert_eq!(
        (plan.proposals[0].risk, busy.proposals[0].risk),
        (Risk::Low, Risk::Medium)
    );
}

#[test]
fn what_is_left_of_a_failed_build_is_built_anew_under_its_name() {
    let mut facts = sound();
    facts.indexes.push(Index {
        is_valid: false,
        ..index(12, "t_b_c_perf_idx", &["b", "c"])
    });
    let (planner_queries, asked) = asked();
    let plan = propose(&facts, &planner_queries, &asked, RuleThresholds::default());
    let kinds: Vec<(ChangeKind, &str)> = plan
        .proposals
        .iter()
        .map(|one| (one.kind, one.what.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [(
            ChangeKind::CreateIndex,
            "index t_b_c_perf_idx on t (b, c DESC)"
        )]
    );
    // A valid one of that name was made by others.
    facts.indexes[1] = index(12, "t_b_c_perf_idx", &["c"]);
    let plan = propose(&facts, &planner_queries, &asked, RuleThresholds::default());
    assert_eq!(
        plan.proposals[0].what,
        "index t_b_c_perf_idx2 on t (b, c DESC)"
    );
}

#[test]
fn without_the_planner_it_is_an_estimate_and_said_so() {
    let (planner_queries, mut asked) = asked();
    asked.blind = Some("permission denied".to_owned());
    asked.unasked = vec!["SELECT 1: no".to_owned(); 5];
    asked.advice[0].serves = vec![(0, None)];
    asked.advice[0].bytes = None;
    let plan = propose(
        &sound(),
        &planner_queries,
        &asked,
        RuleThresholds::default(),
    );
    assert_eq!(plan.proposals[0].proof, Proof::Estimate);
    assert!(
        plan.unseen[0].contains("HypoPG") && plan.unseen[1].contains("and 2 more"),
        "{:?}",
        plan.unseen
    );
}

#[test]
fn foreign_keys_and_known_queries_are_asked_about_where_they_are_there() {
    let mut facts = sound();
    facts.tables.push(table(2, "Referenced"));
    facts.foreign_keys = vec![ForeignKey {
        table: 1,
        name: "fk".to_owned(),
        columns: vec!["b".to_owned(), "c".to_owned()],
        referenced: 2,
        cascades: true,
    }];
    let known = |table: &str, columns: &[&str]| crate::known_queries::KnownQuery {
        table: table.to_owned(),
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        query: format!("SELECT * FROM {table} WHERE a = $1"),
        why: "asked".to_owned(),
    };
    let known = [
        known("t", &["a"]),
        known("t", &["nothing"]),
        known("elsewhere", &["a"]),
    ];
    let texts: Vec<String> = planner_queries(&facts, &known)
        .into_iter()
        .map(|one| one.text)
        .collect();
    assert_eq!(
        texts,
        [
            "SELECT 1 FROM public.t WHERE b = $1 AND c = $2",
            "SELECT * FROM t WHERE a = $1"
        ]
    );
}

#[test]
fn what_belongs_to_others_is_left_to_them() {
    let of = |owner: Option<&str>, may_vacuum: bool| {
        let mut facts = sound();
        facts.tables[0] = TableFacts {
            dead: 5e5,
            owner: owner.map(str::to_owned),
            may_vacuum,
            ..facts.tables[0].clone()
        };
        facts.indexes.push(index(12, "t_a2", &["a"]));
        let plan = planned(&facts);
        let of_roles = plan
            .proposals
            .iter()
            .map(|one| (one.kind, one.role.clone()));
        (of_roles.collect::<Vec<_>>(), plan)
    };
    let keeper = Some("keeper".to_owned());
    let (ours, _) = of(None, true);
    assert_eq!(
        ours,
        [(ChangeKind::Vacuum, None), (ChangeKind::DropIndex, None)]
    );
    let (swept, plan) = of(Some("keeper"), true);
    assert_eq!(
        swept,
        [
            (ChangeKind::Vacuum, None),
            (ChangeKind::DropIndex, keeper.clone())
        ]
    );
    let left: Vec<ChangeKind> = plan
        .chosen(None)
        .unwrap()
        .iter()
        .map(|one| one.kind)
        .collect();
    assert_eq!(left, [ChangeKind::Vacuum]);
    let (theirs, plan) = of(Some("keeper"), false);
    assert_eq!(
        theirs,
        [
            (ChangeKind::Vacuum, keeper.clone()),
            (ChangeKind::DropIndex, keeper)
        ]
    );
    assert_eq!(plan.chosen(None), Ok(vec![]));
    assert!(matches!(
        plan.chosen(Some(&["1".to_owned()])),
        Err(ChoiceError::Others(1, _, role)) if role == "keeper"
    ));
}

#[test]
fn numbers_and_ids_choose_and_high_risk_is_chosen_by_name_alone() {
    let mut facts = sound();
    facts.indexes.push(index(12, "t_a2", &["a"]));
    facts.indexes.push(Index {
        scans: 0.0,
        ..index(13, "t_b", &["b"])
    });
    let plan = planned(&facts);
    let ids: Vec<String> = plan.proposals.iter().map(|one| one.id.clone()).collect();
    let chosen = |only: &[&str]| {
        let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
        let chosen = plan.chosen(Some(&only));
        chosen.map(|all| all.iter().map(|one| one.number).collect::<Vec<_>>())
    };
    let harmless = plan.chosen(None).unwrap();
    assert_eq!(harmless.len(), 1);
    assert_eq!(chosen(&[&ids[1]]), Ok(vec![2]));
    assert_eq!(chosen(&[&ids[1], "1", &ids[0]]), Ok(vec![1, 2]));
    assert!(matches!(
        chosen(&["1", "2"]),
        Err(ChoiceError::ByNumber(2, _, _))
    ));
    assert_eq!(
        chosen(&["px"]),
        Err(ChoiceError::Unknown("px".to_owned(), 2))
    );
    facts.indexes[0].scans = 99.0;
    let later: Vec<String> = planned(&facts)
        .proposals
        .iter()
        .map(|one| one.id.clone())
        .collect();
    assert_eq!(later, ids);
}
