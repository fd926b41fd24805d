use rusqlite::{Connection, params};

/// The organization that the seeded agents, workflows and users belong to.
pub const DEMO_ORGANIZATION: &str = "org-1";

/// One of the seeded users: `user-1` to `user-100`.
pub const DEMO_USER: &str = "user-1";

const USERS: u32 = 100;
const AGENTS: u32 = 25;
const WORKFLOWS: u32 = 15;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS users (
        id TEXT PRIMARY KEY,
        email TEXT NOT NULL,
        full_name TEXT NOT NULL,
        role TEXT NOT NULL,
        organization_id TEXT NOT NULL,
        is_active INTEGER NOT NULL,
        created_at TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS agents (
        id TEXT PRIMARY KEY,
        organization_id TEXT NOT NULL,
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        type TEXT NOT NULL,
        status TEXT NOT NULL,
        success_rate REAL NOT NULL,
        total_executions INTEGER NOT NULL,
        avg_response_time REAL NOT NULL,
        created_at TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS agents_by_organization ON agents (organization_id);
    CREATE TABLE IF NOT EXISTS workflows (
        id TEXT PRIMARY KEY,
        organization_id TEXT NOT NULL,
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        status TEXT NOT NULL,
        steps INTEGER NOT NULL,
        total_executions INTEGER NOT NULL,
        success_rate REAL NOT NULL,
        created_at TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS workflows_by_organization ON workflows (organization_id);
";

/// Creates what is missing; a database that already has users is left as it is.
pub(super) fn seed(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    let empty = transaction.query_row("SELECT NOT EXISTS (SELECT 1 FROM users)", [], |row| {
        row.get(0)
    })?;
    if empty {
        users(&transaction)?;
        agents(&transaction)?;
        workflows(&transaction)?;
    }
    transaction.commit()
}

fn users(connection: &Connection) -> rusqlite::Result<()> {
    let mut insert = connection.prepare("INSERT INTO users VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6)")?;
    for n in 1..=USERS {
        let role = if n == 1 { "admin" } else { "member" };
        insert.execute(params![
            format!("user-{n}"),
            format!("user-{n}@example.com"),
            format!("User {n}"),
            role,
            DEMO_ORGANIZATION,
            created(n),
        ])?;
    }
    Ok(())
}

fn agents(connection: &Connection) -> rusqlite::Result<()> {
    const TYPES: [&str; 4] = ["assistant", "researcher", "coder", "analyst"];
    let mut insert = connection
        .prepare("INSERT INTO agents VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?;
    for n in 1..=AGENTS {
        let kind = TYPES[n as usize % TYPES.len()];
        insert.execute(params![
            format!("agent-{n}"),
            DEMO_ORGANIZATION,
            format!("Agent {n}"),
            format!("The {kind} number {n} of the demonstration"),
            kind,
            if n % 5 == 0 { "paused" } else { "active" },
            90.0 + f64::from(n % 10),
            n * 37,
            120.0 + f64::from(n) * 3.5,
            created(n),
        ])?;
    }
    Ok(())
}

fn workflows(connection: &Connection) -> rusqlite::Result<()> {
    let mut insert =
        connection.prepare("INSERT INTO workflows VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
    for n in 1..=WORKFLOWS {
        insert.execute(params![
            format!("workflow-{n}"),
            DEMO_ORGANIZATION,
            format!("Workflow {n}"),
            format!("The workflow number {n} of the demonstration"),
            if n % 4 == 0 { "draft" } else { "active" },
            2 + n % 6,
            n * 11,
            92.0 + f64::from(n % 8),
            created(n),
        ])?;
    }
    Ok(())
}

fn created(n: u32) -> String {
    format!("2025-01-{:02}T{:02}:00:00Z", 1 + n % 28, n % 24)
}
