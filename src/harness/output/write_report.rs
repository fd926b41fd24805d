//! What a session leaves behind: its report in files, and in the summary of a job.

use std::path::PathBuf;
use std::sync::Arc;

use once_cell::sync::OnceCell;

use crate::harness::output::github::Github;
use crate::harness::output::streams::note;
use crate::harness::session::nextest::SharedSession;
use crate::report::{Format, Report, markdown};
use crate::store::{StoreError, make_dated, write_report};

/// The report of a session, in files.
pub(in crate::harness) struct ReportFiles {
    folder: PathBuf,
    formats: Vec<Format>,
    github: Github,
    shared: Option<Arc<SharedSession>>,
    /// The name of the session's own folder of reports.
    dated: OnceCell<String>,
}

impl ReportFiles {
    pub(in crate::harness) fn new(
        (folder, formats): (PathBuf, Vec<Format>),
        github: Github,
        shared: Option<Arc<SharedSession>>,
    ) -> ReportFiles {
        ReportFiles {
            folder,
            formats,
            github,
            shared,
            dated: OnceCell::new(),
        }
    }

    /// Writes the report files, and the summary of the job.
    ///
    /// # Errors
    /// When the folder or a file can't be written. If the summary can't, stderr says so: the report is there.
    pub(in crate::harness) fn write(&self, report: &Report) -> Result<(), StoreError> {
        let dated = self.dated(report.started)?;
        write_report(&self.folder, &dated, report, &self.formats)?;
        if self.formats.contains(&Format::Markdown) {
            let session = self.folder.join(&dated).display().to_string();
            self.github
                .summarize(&session, || markdown::render(report))
                .unwrap_or_else(|error| note(format_args!("warning: {error}")));
        }
        Ok(())
    }

    /// The session's own folder of reports, which all of its processes share.
    fn dated(&self, started: u64) -> Result<String, StoreError> {
        let make = || make_dated(&self.folder, started);
        let dated = || match &self.shared {
            Some(shared) => shared.dated(make),
            None => make(),
        };
        self.dated.get_or_try_init(dated).cloned()
    }
}
