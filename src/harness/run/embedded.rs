//! The embedded AgentOS, as a child process: it must not share the generator's processor time unseen.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use crate::profile::{Destination, HttpVersion};
use crate::reference;
use crate::secret::Secret;

/// The variable by which this executable knows that it must be the embedded server.
const CHILD_ENV: &str = reference::CHILD_OPTIONS;
/// One thread answers tens of thousands of requests a second; the other processors are the generator's.
const OPTIONS: &str = r#"{"threads":1}"#;
/// Long enough for any session.
const TOKEN_LIFE: Duration = Duration::from_secs(24 * 3600);
/// For the server to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// The interval between two checks whether the server has ended.
const LOOK: Duration = Duration::from_millis(5);

/// Serves the embedded AgentOS when this process was started for that; `None` when it was not.
pub(in crate::harness) fn serve_as_child() -> Option<ExitCode> {
    std::env::var_os(CHILD_ENV).map(|_| reference::child_main())
}

/// A running embedded AgentOS; it ends when this is dropped, or when this process dies.
pub(in crate::harness) struct Embedded {
    child: Child,
    destination: Destination,
    signing_key: Secret,
}

impl Embedded {
    /// Starts this executable again as a server on a free port of the loopback address.
    ///
    /// # Errors
    /// In one line, what failed.
    pub(in crate::harness) fn start() -> Result<Embedded, String> {
        let program =
            std::env::current_exe().map_err(|error| format!("can't find myself: {error}"))?;
        let secret = reference::SigningSecret::random();
        let mut child = Command::new(program)
            .env(CHILD_ENV, OPTIONS)
            .env(reference::CHILD_SECRET, secret.reveal())
            // The pipe closes when this process dies, however it dies, and the server ends with it.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| format!("can't start the embedded AgentOS: {error}"))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            // An error leaves the line empty, which is told below.
            let _ = BufReader::new(stdout).read_line(&mut line);
        }
        let origin = line
            .trim()
            .strip_prefix("listening on ")
            .and_then(|url| Url::parse(url).ok());
        let Some(origin) = origin else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!(
                "the embedded AgentOS said {:?} instead of its address",
                line.trim()
            ));
        };
        let (user, organization) = (reference::DEMO_USER, reference::DEMO_ORGANIZATION);
        let signing_key = Secret::new(secret.reveal());
        let token = reference::mint_token(&secret, user, organization, TOKEN_LIFE);
        let destination = Destination {
            origin,
            token: Some(Secret::new(token)),
            insecure: false,
            http: HttpVersion::default(),
            users: Arc::default(),
        };
        Ok(Embedded {
            child,
            destination,
            signing_key,
        })
    }

    /// What tokens are signed with that it takes.
    pub(in crate::harness) fn signing_key(&self) -> &Secret {
        &self.signing_key
    }

    /// Its process.
    pub(in crate::harness) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens, with a token that it takes.
    pub(in crate::harness) fn destination(&self) -> &Destination {
        &self.destination
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It has its database to remove, and nothing else to do.
        let end = Instant::now() + GRACE;
        while Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(LOOK);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
