//! A database like `AgentOS`'s without the right indexes, and the command that looks at it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) use crate::support::output_text;
use crate::support::servers::{PASSWORD, Postgres};

/// Longer than anything here takes on the slowest machine.
const AGES: Duration = Duration::from_secs(60);

/// A server with its tables, and a folder for what is written.
pub(crate) struct Database {
    pub(crate) server: Postgres,
    pub(crate) folder: TempDir,
}

/// Rows of `messages`; the other tables have a part of that.
pub(crate) const MANY: u64 = 1_000_000;
/// Enough for an index to be worthwhile.
pub(crate) const FEW: u64 = 60_000;

impl Database {
    pub(crate) fn empty() -> Database {
        Database {
            server: Postgres::start(),
            folder: TempDir::new().expect("a folder"),
        }
    }

    /// With so many messages, and indexes that are no use.
    pub(crate) fn with(messages: u64) -> Database {
        Database::on(Postgres::start(), messages)
    }

    /// The same on a server of the caller's.
    pub(crate) fn on(server: Postgres, messages: u64) -> Database {
        let database = Database {
            server,
            folder: TempDir::new().expect("a folder"),
        };
        database.server.sql(&format!(
            "CREATE EXTENSION pg_stat_statements;
             CREATE TABLE organizations (id bigserial PRIMARY KEY, slug text NOT NULL);
             CREATE TABLE users (id bigserial PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations,
               email text NOT NULL);
             CREATE TABLE conversations (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users,
               status text NOT NULL, updated_at timestamptz NOT NULL DEFAULT now());
             CREATE TABLE messages (id bigserial PRIMARY KEY, conversation_id bigint NOT NULL
               REFERENCES conversations ON DELETE CASCADE, role text NOT NULL, content text NOT NULL,
               created_at timestamptz NOT NULL DEFAULT now());
             INSERT INTO organizations (slug) SELECT 'org-' || n FROM generate_series(1, 100) n;
             INSERT INTO users (organization_id, email) SELECT 1 + n % 100, 'user' || n FROM generate_series(1, {users}) n;
             INSERT INTO conversations (user_id, status) SELECT 1 + n % {users}, CASE WHEN n % 10 = 0 THEN 'open'
               ELSE 'closed' END FROM generate_series(1, {conversations}) n;
             INSERT INTO messages (conversation_id, role, content) SELECT 1 + (n * 7919) % {conversations},
               CASE WHEN n % 2 = 0 THEN 'user' ELSE 'assistant' END, repeat('x', 60) FROM generate_series(1, {messages}::bigint) n;
             CREATE INDEX messages_created ON messages (created_at);
             CREATE INDEX messages_created_again ON messages (created_at);
             COMMENT ON INDEX messages_created_again IS 'it''s a double';
             CREATE INDEX messages_role ON messages (role);
             CREATE INDEX conversations_user ON conversations (user_id);
             CREATE INDEX conversations_user_status ON conversations (user_id, status);
             ANALYZE",
            users = messages / 40,
            conversations = messages / 10,
        ));
        database
    }

    /// Asks for conversations, so that the server has something to count.
    pub(crate) fn used(self, times: u32) -> Database {
        let script = self.folder.path().join("use.sql");
        let asks = "\\set c random(1, 1000)\n\
             SELECT * FROM messages WHERE conversation_id = :c ORDER BY created_at DESC LIMIT 20;\n\
             SELECT count(*) FROM messages WHERE created_at > now() - interval '1 second';\n\
             SELECT c.id, count(m.id) FROM conversations c JOIN messages m ON m.conversation_id = c.id \
             WHERE c.user_id = :c GROUP BY c.id;\n";
        std::fs::write(&script, asks).expect("a script");
        let mut bench = self.server.command("pgbench");
        bench
            .args(["-n", "-M", "prepared", "-t", &times.to_string(), "-f"])
            .arg(&script);
        let ended = bench.output().expect("pgbench");
        assert!(
            ended.status.success(),
            "{}",
            String::from_utf8_lossy(&ended.stderr)
        );
        self
    }

    pub(crate) fn undo_file(&self) -> PathBuf {
        self.folder.path().join("undo.sql")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        optimize(&self.server.url(), self.folder.path(), arguments)
    }

    pub(crate) fn optimize(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it runs")
    }

    /// The plan, nothing being changed.
    pub(crate) fn plan(&self) -> Value {
        let asked = self.optimize(&["--format", "json", "--unused-after", "0s"]);
        assert_eq!(asked.status.code(), Some(0), "{}", output_text(&asked));
        serde_json::from_slice(&asked.stdout).expect("JSON")
    }

    /// Waits until a query gives this. Each asks in a process of its own, which is pause enough.
    pub(crate) fn until(&self, query: &str, wanted: &str) {
        let begun = Instant::now();
        while self.server.sql(query) != wanted {
            assert!(begun.elapsed() < AGES, "{query} never gave {wanted}");
        }
    }

    pub(crate) fn indexes(&self) -> Vec<String> {
        let names = "SELECT c.relname || CASE WHEN i.indisvalid THEN '' ELSE ' (invalid)' END FROM pg_index i \
             JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname LIKE '%perf_idx%' ORDER BY 1";
        self.server.sql(names).lines().map(str::to_owned).collect()
    }
}

pub(crate) fn optimize(url: &str, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentos-perf"));
    for (name, _) in std::env::vars_os() {
        let is_steering = name
            .to_str()
            .is_some_and(|name| name.starts_with("PG") || name.starts_with("PERF_"));
        if is_steering {
            command.env_remove(name);
        }
    }
    command
        .env("DATABASE_URL", url)
        .env("HOME", folder)
        .arg("optimize")
        .args(arguments)
        .args(["--undo-file".as_ref(), folder.join("undo.sql").as_os_str()]);
    command
}

/// What a plan proposes of one kind: `what`, `id`, `proof`.
pub(crate) fn proposed<'a>(plan: &'a Value, kind: &str) -> Vec<&'a Value> {
    let all = plan["proposals"].as_array().expect("proposals");
    all.iter().filter(|one| one["kind"] == kind).collect()
}

pub(crate) fn id(proposal: &Value) -> &str {
    proposal["id"].as_str().expect("an id")
}

/// A transaction that stays open.
pub(crate) struct Open(Child);

impl Open {
    pub(crate) fn with(database: &Database, statement: &str) -> Open {
        Open::begun(database, "open", &[], statement)
    }

    /// In another database of the same server.
    pub(crate) fn elsewhere(database: &Database, statement: &str) -> Open {
        Open::begun(database, "elsewhere", &["-d", "template1"], statement)
    }

    fn begun(database: &Database, name: &str, arguments: &[&str], statement: &str) -> Open {
        let mut psql = database.server.command("psql");
        psql.args(["-Xq"]).args(arguments).env("PGAPPNAME", name);
        let mut child = psql.stdin(Stdio::piped()).spawn().expect("psql");
        let stdin = child.stdin.as_mut().expect("a pipe");
        writeln!(stdin, "BEGIN; {statement};").expect("it takes it");
        let open = Open(child);
        database.until(
            &format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}' AND state = 'idle in transaction'"),
            "1",
        );
        open
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // Its pipe's end ends it, and the transaction with it.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// The one error that is told, without a secret.
pub(crate) fn one_error(told: &str) -> &str {
    let mut errors = told.lines().filter(|line| line.starts_with("error:"));
    let error = errors.next().unwrap_or_else(|| panic!("no error: {told}"));
    assert_eq!(errors.next(), None, "{told}");
    assert!(
        !told.contains(PASSWORD) && !told.contains("panicked"),
        "{told}"
    );
    error
}
