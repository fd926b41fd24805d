use super::*;
use crate::plan::{ChangeKind, Finding, Overview, Proof, Proposal, Risk, StatementLine, TableLine};

fn plan() -> OptimizerPlan {
    let proposal = |kind, what: &str, risk| {
        Proposal {
        number: 0,
        id: String::new(),
        kind,
        object: "public.x".to_owned(),
        table: Some("public.messages".to_owned()),
        what: what.to_owned(),
        why: vec!["1,234 calls took 20 s in total (16 ms each): SELECT * FROM messages WHERE conversation_id = $1".to_owned()],
        sql: vec![format!("CREATE INDEX CONCURRENTLY x ON public.messages (conversation_id) -- {what}")],
        undo: vec!["DROP INDEX CONCURRENTLY IF EXISTS public.x".to_owned()],
        risk,
        price: "about 12 MiB; 2 writes a second to the table have one more index to keep".to_owned(),
        gain: "about 19 s of the 30 s spent in statements in 2 d, assuming cost is proportional to time".to_owned(),
        proof: Proof::Planner,
        role: None,
    }
    };
    OptimizerPlan {
        database: "app".to_owned(),
        server: "PostgreSQL 15.8".to_owned(),
        counted_s: Some(200_000.0),
        overview: Overview {
            bytes: Some(3 << 30),
            hit_ratio: Some(99.12),
            tables: vec![TableLine {
                name: "messages".to_owned(),
                rows: Some(2e6),
                bytes: 250 << 20,
                index_bytes: 40 << 20,
                seq_scans: 1_234.0,
                index_scans: 0.0,
                dead: Some(12.0),
            }],
            statements: Some(vec![StatementLine {
                id: "-7".to_owned(),
                text: "SELECT * FROM messages WHERE conversation_id = $1 ORDER BY created_at DESC LIMIT $2".to_owned(),
                calls: 1_234.0,
                total_ms: 20_000.0,
                mean_ms: 16.2,
                blocks_read: 5e6,
                share: 66.6,
            }]),
        },
        proposals: vec![
            Proposal {
                role: Some("keeper".to_owned()),
                ..proposal(ChangeKind::DropIndex, "drop index messages_role on messages", Risk::High)
            },
            proposal(ChangeKind::CreateIndex, "index x on messages (conversation_id)", Risk::Low),
        ],
        findings: vec![Finding::new("fsync is off", "a crash can destroy the database")],
        unseen: vec!["there is no pg_stat_statements".to_owned()],
    }
    .numbered()
}

#[test]
fn a_plan_in_every_form() {
    let plan = plan();
    insta::assert_snapshot!("text", text(&plan));
    insta::assert_snapshot!("sql", sql(&plan));
    insta::assert_snapshot!("markdown", markdown(&plan));
    insta::assert_snapshot!("json", json(&plan));
}

#[test]
fn names_that_mean_harm_do_none() {
    let mut plan = plan();
    let evil = "x\n; DROP TABLE users; --\u{1b}[31m | <script> `` @all";
    for proposal in &mut plan.proposals {
        evil.clone_into(&mut proposal.what);
        proposal.why = vec![evil.to_owned()];
        proposal.role = Some(evil.to_owned());
    }
    evil.clone_into(&mut plan.database);
    // In a script, all that is not a statement of the plan's own stays behind its comment sign.
    let own: Vec<String> = plan
        .proposals
        .iter()
        .flat_map(|one| &one.sql)
        .map(|sql| format!("{sql};"))
        .collect();
    for line in sql(&plan)
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("--"))
    {
        assert!(
            line.starts_with("SET lock_timeout") || own.iter().any(|own| own == line),
            "{line}"
        );
    }
    for text in [text(&plan), markdown(&plan), sql(&plan)] {
        assert!(!text.contains('\u{1b}'), "{text}");
    }
    assert!(!markdown(&plan).contains("<script>"));
}
