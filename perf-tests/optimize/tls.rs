//! A server that lets nobody in without TLS, and shows a certificate of an authority that is known to nobody else.

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::database::{Database, FEW, Open, one_error, optimize, output_text, proposed};
use crate::support::authority::Authority;
use crate::support::servers::{PASSWORD, Postgres, signal};

/// A server and a folder; its own URL with parameters.
pub(crate) struct Behind {
    pub(crate) server: Postgres,
    pub(crate) folder: TempDir,
}

impl Behind {
    pub(crate) fn of(server: Postgres) -> Behind {
        Behind {
            server,
            folder: TempDir::new().expect("a folder"),
        }
    }

    fn asked(&self, parameters: &str, arguments: &[&str]) -> Output {
        let url = format!("{}?{parameters}", self.server.url());
        let asked = optimize(&url, self.folder.path(), arguments).output();
        asked.expect("it runs")
    }

    /// Its one error.
    fn refused(&self, parameters: &str) -> String {
        let asked = self.asked(parameters, &[]);
        let told = output_text(&asked);
        assert_eq!(asked.status.code(), Some(2), "{parameters}: {told}");
        one_error(&told).to_owned()
    }

    fn taken(&self, parameters: &str, arguments: &[&str]) {
        succeeded(&self.asked(parameters, arguments), parameters);
    }
}

pub(crate) fn succeeded(asked: &Output, what: &str) {
    assert_eq!(
        asked.status.code(),
        Some(0),
        "{what}: {}",
        output_text(asked)
    );
}

/// As the parameter of a URL; a `/` may stand there.
pub(crate) fn by(roots: &Path) -> String {
    format!("sslrootcert={}", roots.display())
}

/// What does not change from one look to the next.
fn essence(asked: &Output) -> String {
    succeeded(asked, "a plan");
    let plan: Value = serde_json::from_slice(&asked.stdout).expect("JSON");
    let mut essence = String::new();
    for one in plan["proposals"].as_array().expect("proposals") {
        let _ = writeln!(essence, "{} {} {}", one["id"], one["kind"], one["what"]);
    }
    let _ = writeln!(essence, "{} {}", plan["server"], plan["unseen"]);
    essence
}

#[test]
fn a_plan_over_tls_is_as_without() {
    let authority = Authority::new();
    let database = Database::on(authority.postgres("127.0.0.1"), FEW);
    let folder = database.folder.path();
    let ask = |url: &str| {
        let arguments = ["--format", "json", "--unused-after", "0s"];
        let asked = optimize(url, folder, &arguments).output().expect("it runs");
        essence(&asked)
    };
    let roots = by(&authority.roots());
    let url = database.server.url();
    let over = ask(&format!("{url}?sslmode=require&{roots}"));
    assert!(over.contains("drop_index"), "{over}");
    let without = ask(&database.server.url_as("plain", PASSWORD));
    assert_eq!(over, without);
}

#[test]
fn who_is_not_trusted_is_told_with_what_to_do() {
    let authority = Authority::new();
    let (other, empty) = (Authority::new(), TempDir::new().expect("a folder"));
    let behind = Behind::of(authority.postgres("127.0.0.1"));
    let roots = by(&authority.roots());
    for mode in ["allow", "prefer", "require", "verify-ca", "verify-full"] {
        behind.taken(&format!("sslmode={mode}&{roots}"), &[]);
        let told = behind.refused(&format!("sslmode={mode}&{}", by(&other.roots())));
        assert!(
            told.contains("not signed by a trusted authority"),
            "{mode}: {told}"
        );
    }
    // Whoever names roots means them, on this machine too.
    behind.taken(&roots, &[]);
    for parameters in ["sslmode=require", "sslrootcert=system"] {
        let told = behind.refused(parameters);
        assert!(
            told.contains("not signed by a trusted authority")
                && told.contains("sslrootcert=FILE in the URL"),
            "{told}"
        );
        behind.taken(parameters, &["--insecure"]);
    }
    let told = behind.refused("sslmode=disable");
    assert!(
        told.contains("no pg_hba.conf entry") && told.ends_with("no encryption"),
        "{told}"
    );
    let told = behind.refused("");
    assert!(
        told.contains("no encryption: ") && told.contains("sslmode=require"),
        "{told}"
    );

    let nothing = empty.path().join("nothing.pem");
    std::fs::write(&nothing, "").expect("a file");
    for (path, wanted) in [
        (empty.path().join("absent.pem"), "No such file"),
        (empty.path().to_owned(), "directory"),
        (nothing, "no certificates in PEM"),
    ] {
        let told = behind.refused(&by(&path));
        let path = path.display().to_string();
        assert!(told.contains(&path) && told.contains(wanted), "{told}");
    }
    let told = behind.refused("sslcrl=/x&password=other");
    assert!(
        told.contains("the parameter sslcrl is not known; known are "),
        "{told}"
    );
}

#[test]
fn nobody_falls_back_from_a_certificate_that_is_not_taken() {
    let authority = Authority::new();
    let behind = Behind::of(authority.postgres("127.0.0.1"));
    let plain = behind.server.url_as("plain", PASSWORD);
    let asked = |parameters: &str| {
        let url = format!("{plain}?{parameters}");
        optimize(&url, behind.folder.path(), &[])
            .output()
            .expect("it runs")
    };
    let asked_untrusted = asked("sslmode=prefer");
    let told = output_text(&asked_untrusted);
    assert!(
        one_error(&told).contains("not signed by a trusted authority"),
        "{told}"
    );
    // The server itself does not want this role over TLS.
    let roots = by(&authority.roots());
    succeeded(&asked(&format!("sslmode=prefer&{roots}")), "prefer");
}

#[test]
fn a_server_without_tls_is_asked_for_it_only_where_it_has_to_be() {
    let behind = Behind::of(Postgres::start());
    let authority = Authority::new();
    let roots = by(&authority.roots());
    for parameters in ["", "sslmode=disable", "sslmode=allow"] {
        behind.taken(parameters, &[]);
    }
    // What is not used is not read.
    behind.taken("sslmode=disable&sslrootcert=/no/where.pem", &[]);
    behind.taken(&roots, &[]);
    behind.taken(&format!("sslmode=prefer&{roots}"), &[]);
    for mode in ["require", "verify-ca", "verify-full"] {
        let told = behind.refused(&format!("sslmode={mode}&{roots}"));
        assert!(told.contains("server does not support TLS"), "{told}");
    }
}

#[test]
fn a_name_counts_where_it_is_asked_for() {
    let authority = Authority::new();
    let behind = Behind::of(authority.postgres("db.example"));
    let roots = by(&authority.roots());
    for mode in ["allow", "prefer", "require", "verify-full"] {
        let told = behind.refused(&format!("sslmode={mode}&{roots}"));
        assert!(
            told.contains("another name") && told.contains("db.example"),
            "{mode}: {told}"
        );
        assert!(told.contains("sslmode=verify-ca"), "{mode}: {told}");
        behind.taken(&format!("sslmode={mode}&{roots}"), &["--insecure"]);
    }
    behind.taken(&format!("sslmode=verify-ca&{roots}"), &[]);
    // The address goes where it is sent, and the name is what is verified.
    let place = format!("@127.0.0.1:{}/", behind.server.port());
    let named = format!("@db.example:{}/", behind.server.port());
    let url = behind.server.url().replace(&place, &named);
    let url = format!("{url}?hostaddr=127.0.0.1&{roots}");
    let asked = optimize(&url, behind.folder.path(), &[]).output();
    succeeded(&asked.expect("it runs"), &url);
}

#[test]
fn an_authoritys_own_certificate_is_none_of_a_server() {
    let authority = Authority::new();
    let behind = Behind::of(authority.postgres_itself());
    let told = behind.refused(&format!("sslmode=verify-ca&{}", by(&authority.roots())));
    assert!(told.contains("that of an authority"), "{told}");
}

#[test]
fn what_is_interrupted_is_ended_over_tls_too() {
    let authority = Authority::new();
    let database = Database::on(authority.postgres("127.0.0.1"), FEW).used(20);
    let before = database.server.schema();
    let url = format!(
        "{}?sslmode=require&{}",
        database.server.url(),
        by(&authority.roots())
    );
    let run = |arguments: &[&str]| optimize(&url, database.folder.path(), arguments);
    let asked = run(&["--format", "json"]).output().expect("it runs");
    succeeded(&asked, "a plan");
    let plan: Value = serde_json::from_slice(&asked.stdout).expect("JSON");
    assert!(!proposed(&plan, "create_index").is_empty(), "{plan}");
    let open = Open::with(
        &database,
        "INSERT INTO messages (conversation_id, role, content) VALUES (1, 'user', 'x')",
    );
    let mut command = run(&["--apply"]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    database.until(
        "SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting for%'",
        "1",
    );
    let plain = "SELECT count(*) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) \
        WHERE application_name = 'agentos-perf' AND NOT ssl";
    assert_eq!(database.server.sql(plain), "0");
    signal(&child, "INT");
    let mut told = String::new();
    let mut stderr = child.stderr.take().expect("a pipe");
    stderr.read_to_string(&mut told).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(1), "{told}");
    assert!(one_error(&told).contains("interrupted"), "{told}");
    drop(open);
    database.server.run_file(&database.undo_file());
    assert_eq!(database.server.schema(), before);
}
