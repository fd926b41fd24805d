//! What the plan's own limit of connections held up, so that no queue of the generator's is read as the target's.

use super::result::Generator;

impl Generator {
    /// What is to be said of the requests that waited for a connection; `None` where none did.
    pub fn waits_note(&self) -> Option<String> {
        let limit = self.connection_limit?;
        let waited = self.waited_for_connection;
        (waited > 0).then(|| {
            format!(
                "{waited} requests waited for one of at most {limit} connections (`connections`, --connections): \
                 the wait is in their response time, and is not the target's"
            )
        })
    }

    /// How long a request waited for a connection on average, over all requests of the judged part, in milliseconds.
    pub fn mean_wait_ms(&self) -> f64 {
        let all = self.lag.len().max(self.waits.len()).max(1) as f64;
        self.waits.mean_ms() * self.waits.len() as f64 / all
    }
}
