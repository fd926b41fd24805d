//! What a session leaves behind: its report in files, and in the summary of a job.

use crate::harness::output::streams::note;
use crate::harness::session::state::{Session, Settings};
use crate::load::millis;
#[cfg(feature = "otlp")]
use crate::report::otlp;
use crate::report::{Format, markdown};
use crate::store::{StoreError, make_dated, write_report};

impl Session {
    /// Writes the report files, and the summary of the job.
    ///
    /// # Errors
    /// When the folder or a file can't be written. If the summary can't, stderr says so: the report is there.
    pub(in crate::harness) fn write_report(&self) -> Result<(), StoreError> {
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
                .unwrap_or_else(|error| note(format_args!("warning: {error}")));
        }
        Ok(())
    }

    /// Sends what this process has run and judged, where that was asked for. If it can't be sent, stderr says so, and
    /// nothing else changes.
    #[cfg(feature = "otlp")]
    pub(in crate::harness) fn send(&self) {
        let Some(receiver) = &self.settings.otlp else {
            return;
        };
        let report = self.own_report();
        if report.judgements.is_empty() {
            return;
        }
        let place = receiver.shown();
        match receiver.send(otlp::render(&report)) {
            Ok(()) => note(format_args!("OTLP: {place}")),
            Err(error) => note(format_args!(
                "warning: the session is not at {place}: {error}"
            )),
        }
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
