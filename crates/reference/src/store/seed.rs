/// The organization that the seeded agents, workflows and users belong to.
pub const DEMO_ORGANIZATION: &str = "org-1";

/// One of the seeded users: `user-1` to `user-100`.
pub const DEMO_USER: &str = "user-1";

const USERS: i64 = 100;
const AGENTS: i64 = 25;
const WORKFLOWS: i64 = 15;

/// As both databases read them.
pub(super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS users (
        id TEXT PRIMARY KEY,
        email TEXT NOT NULL,
        full_name TEXT NOT NULL,
        role TEXT NOT NULL,
        organization_id TEXT NOT NULL,
        is_active BOOLEAN NOT NULL,
        created_at TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS agents (
        id TEXT PRIMARY KEY,
        organization_id TEXT NOT NULL,
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        type TEXT NOT NULL,
        status TEXT NOT NULL,
        success_rate DOUBLE PRECISION NOT NULL,
        total_executions BIGINT NOT NULL,
        avg_response_time DOUBLE PRECISION NOT NULL,
        created_at TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS agents_by_organization ON agents (organization_id);
    CREATE TABLE IF NOT EXISTS workflows (
        id TEXT PRIMARY KEY,
        organization_id TEXT NOT NULL,
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        status TEXT NOT NULL,
        steps BIGINT NOT NULL,
        total_executions BIGINT NOT NULL,
        success_rate DOUBLE PRECISION NOT NULL,
        created_at TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS workflows_by_organization ON workflows (organization_id);
";

/// Whether there is no user yet; a database that has users is left as it is.
pub(super) const EMPTY: &str = "SELECT NOT EXISTS (SELECT 1 FROM users)";

/// What is put into one column.
pub(super) enum Cell {
    Text(String),
    Whole(i64),
    Number(f64),
    Flag(bool),
}

/// The rows of one table.
pub(super) struct Seeds {
    pub(super) insert: &'static str,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// All that a new database holds.
pub(super) fn seeds() -> [Seeds; 3] {
    [
        Seeds {
            insert: "INSERT INTO users VALUES ($1, $2, $3, $4, $5, $6, $7)",
            rows: (1..=USERS).map(user).collect(),
        },
        Seeds {
            insert: "INSERT INTO agents VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            rows: (1..=AGENTS).map(agent).collect(),
        },
        Seeds {
            insert: "INSERT INTO workflows VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            rows: (1..=WORKFLOWS).map(workflow).collect(),
        },
    ]
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn user(n: i64) -> Vec<Cell> {
    vec![
        text(format!("user-{n}")),
        text(format!("user-{n}@example.com")),
        text(format!("User {n}")),
        text(if n == 1 { "admin" } else { "member" }),
        text(DEMO_ORGANIZATION),
        Cell::Flag(true),
        text(created(n)),
    ]
}

fn agent(n: i64) -> Vec<Cell> {
    const KINDS: [&str; 4] = ["assistant", "researcher", "coder", "analyst"];
    let kind = KINDS[n as usize % KINDS.len()];
    vec![
        text(format!("agent-{n}")),
        text(DEMO_ORGANIZATION),
        text(format!("Agent {n}")),
        text(format!("The {kind} number {n} of the demonstration")),
        text(kind),
        text(if n % 5 == 0 { "paused" } else { "active" }),
        Cell::Number(90.0 + (n % 10) as f64),
        Cell::Whole(n * 37),
        Cell::Number(120.0 + n as f64 * 3.5),
        text(created(n)),
    ]
}

fn workflow(n: i64) -> Vec<Cell> {
    vec![
        text(format!("workflow-{n}")),
        text(DEMO_ORGANIZATION),
        text(format!("Workflow {n}")),
        text(format!("The workflow number {n} of the demonstration")),
        text(if n % 4 == 0 { "draft" } else { "active" }),
        Cell::Whole(2 + n % 6),
        Cell::Whole(n * 11),
        Cell::Number(92.0 + (n % 8) as f64),
        text(created(n)),
    ]
}

fn created(n: i64) -> String {
    format!("2025-01-{:02}T{:02}:00:00Z", 1 + n % 28, n % 24)
}
