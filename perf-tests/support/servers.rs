//! Real PostgreSQL and Redis servers of a test's own: a free port, data in a temporary folder, gone with it.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longer than a start takes on the slowest machine.
const AGES: Duration = Duration::from_secs(60);
const USER: &str = "perf";
/// Of both; what must not be shown anywhere.
pub(crate) const PASSWORD: &str = "a-password-of-this-test";

/// A running PostgreSQL with an empty database.
pub(crate) struct Postgres {
    child: Option<Child>,
    folder: TempDir,
    port: u16,
    /// The most that a file may grow to, in bytes.
    largest_file: Option<u64>,
}

impl Postgres {
    /// # Panics
    /// When it can't start; the message names the Debian package if that is what is missing.
    pub(crate) fn start() -> Postgres {
        Postgres::start_with(&[])
    }

    /// With these arguments for `initdb`.
    pub(crate) fn start_with(more: &[&str]) -> Postgres {
        Postgres::start_prepared(more, |_| ())
    }

    /// The same, after something was done to the folder of its data.
    pub(crate) fn start_prepared(more: &[&str], prepare: impl FnOnce(&Path)) -> Postgres {
        let folder = TempDir::new().expect("a temporary folder");
        let password = folder.path().join("password");
        fs::write(&password, PASSWORD).expect("a password file");
        give_away(&[folder.path(), &password]);
        let data = folder.path().join("data");
        let mut initdb = unprivileged(&postgres_program("initdb"));
        initdb
            .arg("--pgdata")
            .arg(&data)
            .args(["--username", USER, "--auth", "scram-sha-256"])
            .args(["--no-locale", "--encoding", "UTF8", "--no-sync", "--pwfile"])
            .arg(&password)
            .args(more);
        let made = initdb.output().expect("initdb runs");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        prepare(&data);
        let mut server = Postgres {
            child: None,
            folder,
            port: free_port(),
            largest_file: None,
        };
        server.start_again();
        server
    }

    /// Starts it again so that no file may grow beyond this: what a full disk is to a database.
    pub(crate) fn start_again_with_files_up_to(&mut self, bytes: u64) {
        self.sql("CHECKPOINT");
        self.stop();
        self.largest_file = Some(bytes);
        self.start_again();
    }

    /// With user and password.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres://{USER}:{PASSWORD}@127.0.0.1:{}/postgres",
            self.port
        )
    }

    /// The same for another role.
    pub(crate) fn url_as(&self, user: &str, password: &str) -> String {
        format!(
            "postgres://{user}:{password}@127.0.0.1:{}/postgres",
            self.port
        )
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What `psql` gives for some statements, without borders.
    ///
    /// # Panics
    /// When one of them fails.
    pub(crate) fn sql(&self, statements: &str) -> String {
        let asked = self.client(
            "psql",
            &["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statements],
        );
        asked.trim_end().to_owned()
    }

    /// Runs a file as `psql -f` does.
    pub(crate) fn run_file(&self, path: &Path) {
        self.client(
            "psql",
            &[
                "-Xq",
                "-v",
                "ON_ERROR_STOP=1",
                "-f",
                path.to_str().expect("a path"),
            ],
        );
    }

    /// The schema as `pg_dump -s` writes it, without the keys that are another in each dump.
    pub(crate) fn schema(&self) -> String {
        let dumped = self.client("pg_dump", &["-s"]);
        let lines = dumped
            .lines()
            .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// One of PostgreSQL's programs as a client.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(postgres_program(program));
        command
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", USER)
            .env("PGPASSWORD", PASSWORD)
            .env("PGDATABASE", "postgres");
        command
    }

    fn client(&self, program: &str, arguments: &[&str]) -> String {
        let ended = self
            .command(program)
            .args(arguments)
            .output()
            .expect("a client");
        assert!(
            ended.status.success(),
            "{program} {arguments:?}: {}",
            String::from_utf8_lossy(&ended.stderr)
        );
        String::from_utf8(ended.stdout).expect("text")
    }

    /// Ends it at once, as a crash would; the data stay.
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        // SIGQUIT is its immediate shutdown, which takes its workers along.
        signal(&child, "QUIT");
        child.wait().expect("it ends");
    }

    /// Starts it on the same port with the same data.
    pub(crate) fn start_again(&mut self) {
        let program = postgres_program("postgres");
        let mut command = match self.largest_file {
            None => unprivileged(&program),
            Some(bytes) => {
                let limiter = found("prlimit", &[]).unwrap_or_else(|| missing("util-linux"));
                let mut command = unprivileged(&limiter);
                command.arg(format!("--fsize={bytes}")).arg(program);
                command
            }
        };
        command
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .args(["-p", &self.port.to_string(), "-k", ""])
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
            .args(["-c", "max_connections=40", "-c", "shared_buffers=16MB"])
            .args(["-c", "shared_preload_libraries=pg_stat_statements"]);
        let log = self.log();
        let port = self.port;
        // Its own before it is ready: if it never is, it ends with this all the same.
        let child = self.child.insert(started(&mut command, &log));
        wait_for(child, &log, || {
            let log = fs::read_to_string(&log).unwrap_or_default();
            // A standby accepts read-only ones; one that collects its log says so elsewhere.
            log.contains("ready to accept")
                || (log.contains("redirecting log output") && accepts(port))
        });
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A running, empty Redis.
pub(crate) struct Redis {
    child: Option<Child>,
    folder: TempDir,
    port: u16,
    /// The files of its certificate and of the key, when it speaks nothing but TLS.
    tls: Option<[PathBuf; 2]>,
}

impl Redis {
    /// # Panics
    /// When it can't start; the message names the Debian package if that is what is missing.
    pub(crate) fn start() -> Redis {
        Redis::start_with(None)
    }

    /// Behind TLS alone, with the files of its certificate and of the key.
    pub(crate) fn start_with(tls: Option<[PathBuf; 2]>) -> Redis {
        let mut server = Redis {
            child: None,
            folder: TempDir::new().expect("a temporary folder"),
            port: free_port(),
            tls,
        };
        server.start_again();
        server
    }

    /// With the password.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.tls.is_some() {
            "rediss"
        } else {
            "redis"
        };
        format!("{scheme}://:{PASSWORD}@127.0.0.1:{}/", self.port)
    }

    /// Ends it at once; what it held is lost.
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        child.kill().expect("a process of our own");
        child.wait().expect("it ends");
    }

    /// Starts it on the same port, empty.
    pub(crate) fn start_again(&mut self) {
        let configuration = self.folder.path().join("redis.conf");
        let port = self.port;
        let listens = match &self.tls {
            None => format!("port {port}"),
            Some([certificate, key]) => format!(
                "port 0\ntls-port {port}\ntls-auth-clients no\ntls-cert-file {}\ntls-key-file {}",
                certificate.display(),
                key.display()
            ),
        };
        let text = format!(
            "bind 127.0.0.1\n{listens}\nsave \"\"\nappendonly no\nrequirepass {PASSWORD}\n"
        );
        fs::write(&configuration, text).expect("a configuration");
        let program = found("redis-server", &[]).unwrap_or_else(|| missing("redis-server"));
        let mut command = Command::new(program);
        command.arg(configuration).current_dir(self.folder.path());
        let log = self.folder.path().join("log");
        let child = self.child.insert(started(&mut command, &log));
        wait_for(child, &log, || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
        });
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

fn missing(package: &str) -> ! {
    panic!("{package} is missing; install the Debian package {package}")
}

fn accepts(port: u16) -> bool {
    let mut asked = Command::new(postgres_program("pg_isready"));
    asked.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
    asked.status().is_ok_and(|status| status.success())
}

fn postgres_program(name: &str) -> PathBuf {
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    folders.sort();
    folders.reverse();
    found(name, &folders).unwrap_or_else(|| missing("postgresql"))
}

/// In these folders first, then where programs are looked for.
fn found(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders
        .iter()
        .cloned()
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout.trim_ascii() == b"0"
}

/// PostgreSQL refuses to run as root: then it runs as the user that its package has made.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    // It becomes the program, so that its process is our child and takes our signals.
    let mut command = Command::new("setpriv");
    command
        .args([
            "--reuid=postgres",
            "--regid=postgres",
            "--init-groups",
            "--",
        ])
        .arg(program);
    command
}

pub(crate) fn give_away(paths: &[&Path]) {
    if is_root() {
        let owner = Command::new("chown").arg("postgres:").args(paths).status();
        assert!(
            owner.expect("chown runs").success(),
            "there is no user postgres; install the Debian package postgresql"
        );
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn started(command: &mut Command, log: &Path) -> Child {
    let out = fs::File::create(log).expect("a log");
    let err = out.try_clone().expect("the same log");
    command
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn wait_for(child: &mut Child, log: &Path, ready: impl Fn() -> bool) {
    let begun = Instant::now();
    loop {
        let told = || fs::read_to_string(log).unwrap_or_default();
        if let Some(status) = child.try_wait().expect("a process of our own") {
            panic!("it ended with {status}: {}", told());
        }
        if ready() {
            return;
        }
        assert!(begun.elapsed() < AGES, "not ready: {}", told());
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}
