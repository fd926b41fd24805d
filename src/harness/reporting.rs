//! What a session leaves behind: its report in files, and in the summary of a job.

use super::session::{Session, Settings};
use crate::load::millis;
use crate::report::{Format, markdown};
use crate::store::{StoreError, make_dated, write_report};

impl Session {
    /// Writes the report files, and the summary of the job.
    ///
    /// # Errors
    /// When the folder or a file can't be written. A summary that can't is told on stderr: the report is there.
    pub(super) fn write_report(&self) -> Result<(), StoreError> {
        let Settings {
            folder,
            formats,
            github,
            ..
        } = &self.settings;
        let (report, dated) = (self.report(), self.dated()?);
        write_report(folder, &dated, &report, formats)?;
        if formats.contains(&Format::Markdown) {
            let session = folder.join(&dated).display().to_string();
            github
                .summarize(&session, || markdown::render(&report))
                .unwrap_or_else(|error| eprintln!("warning: {error}"));
        }
        Ok(())
    }

    /// The session's own folder of reports, which all of its processes share.
    fn dated(&self) -> Result<String, StoreError> {
        let make = || make_dated(&self.settings.folder, millis(self.started));
        let dated = || match &self.disk {
            Some(disk) => disk.dated(make),
            None => make(),
        };
        self.dated.get_or_try_init(dated).cloned()
    }
}
