//! How many files may be open.

/// Raises the limit as far as the system grants it: each connection is an open file. What is not granted shows as requests without
/// a socket.
pub(in crate::harness) fn raise_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        /// macOS grants no more than this without asking its kernel.
        const MODEST: u64 = 10_240;
        let limit = getrlimit(Resource::Nofile);
        for wanted in [limit.maximum, Some(MODEST)] {
            let raised = Rlimit {
                current: wanted,
                ..limit
            };
            if setrlimit(Resource::Nofile, raised).is_ok() {
                return;
            }
        }
    }
}
