//! The output for GitHub Actions: annotations in the log, and a section of the job's summary.

use std::fs::OpenOptions;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// GitHub Actions, as far as this process runs in it.
#[derive(Debug, Clone, Default)]
pub(in crate::harness) struct Github {
    /// Whether its runner reads what is printed.
    reads: bool,
    /// The file that it shows as the job's summary.
    summary: Option<PathBuf>,
}

/// The summary can't be written.
#[derive(Debug, Error)]
#[error("can't add to the job's summary {}: {source}; is GITHUB_STEP_SUMMARY a file that may be written?", path.display())]
pub(in crate::harness) struct SummaryError {
    path: PathBuf,
    source: std::io::Error,
}

impl Github {
    /// What the environment says of it.
    pub(in crate::harness) fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Github {
        let summary = variable("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty());
        Github {
            reads: variable("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
            summary: summary.map(PathBuf::from),
        }
    }

    /// The text as it is printed, followed by the annotations where they are read.
    ///
    /// The runner takes a line that begins with `::` for a command, and the text has words of the target in it: so
    /// commands are switched off until a word that can't be guessed.
    pub(in crate::harness) fn with_annotations(
        &self,
        text: &str,
        annotations: impl FnOnce() -> String,
    ) -> String {
        if !self.reads {
            return text.to_owned();
        }
        let word = format!("{:016x}", RandomState::new().build_hasher().finish());
        format!(
            "::stop-commands::{word}\n{text}::{word}::\n{}",
            annotations()
        )
    }

    /// Writes a session's section of the summary, in the place of the one that it wrote before.
    ///
    /// With a process for each test every one of them writes what the session has come to. The summary has it once all
    /// the same, because the section is replaced. The caller must hold the session's lock. `session` names it.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub(in crate::harness) fn summarize(
        &self,
        session: &str,
        markdown: impl FnOnce() -> String,
    ) -> Result<(), SummaryError> {
        let Some(path) = &self.summary else {
            return Ok(());
        };
        write_section(path, &Section::of(session), &markdown()).map_err(|source| SummaryError {
            path: path.clone(),
            source,
        })
    }
}

/// What GitHub shows of a step's summary, at most. Of a longer one it shows nothing at all.
const MOST: usize = 1 << 20;
const CUT: &str = "\n\n*Truncated: GitHub shows at most 1 MiB of a summary. The full report is `report.md` in the session's folder.*\n";

/// The Markdown, cut to so many bytes behind one of its lines, with a word about it.
fn cut(markdown: &str, room: usize) -> String {
    if markdown.len() <= room {
        return markdown.to_owned();
    }
    let Some(room) = room.checked_sub(CUT.len()) else {
        return String::new();
    };
    let is_break = |byte: &u8| *byte == b'\n';
    let end = markdown.as_bytes()[..room].iter().rposition(is_break);
    format!("{}{CUT}", &markdown[..end.unwrap_or(0)])
}

/// Where a session's part of the summary begins and ends: comments that no reader sees.
struct Section {
    begin: String,
    end: String,
}

impl Section {
    fn of(session: &str) -> Section {
        let digest = Sha256::digest(session.as_bytes());
        let name: String = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Section {
            begin: format!("<!-- agentos-perf {name} -->\n\n"),
            end: format!("\n<!-- end of agentos-perf {name} -->\n"),
        }
    }

    /// The section, in a file that has so many other bytes.
    fn around(&self, markdown: &str, others: usize) -> String {
        let taken = others + self.begin.len() + self.end.len();
        match MOST.checked_sub(taken) {
            Some(room) => format!("{}{}{}", self.begin, cut(markdown, room), self.end),
            None => String::new(),
        }
    }

    /// The text with this section's markdown exchanged; `None` when there is no such section in it.
    fn replaced(&self, text: &str, markdown: &str) -> Option<String> {
        let (before, rest) = text.split_once(&self.begin)?;
        let (_, after) = rest.split_once(&self.end)?;
        let section = self.around(markdown, before.len() + after.len());
        Some(format!("{before}{section}{after}"))
    }
}

/// Sessions at once write one after the other. All other text in the file stays.
fn write_section(path: &Path, section: &Section, markdown: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    // A file system without locks is not a reason to go without a summary.
    let _ = file.lock();
    let mut before = Vec::new();
    file.read_to_end(&mut before)?;
    // What others wrote need not be text.
    let text = std::str::from_utf8(&before).ok();
    if let Some(whole) = text.and_then(|text| section.replaced(text, markdown)) {
        file.rewind()?;
        file.set_len(0)?;
        return file.write_all(whole.as_bytes());
    }
    let gap = if before.is_empty() || before.ends_with(b"\n") {
        ""
    } else {
        "\n"
    };
    let others = before.len() + gap.len();
    file.write_all(format!("{gap}{}", section.around(markdown, others)).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_actions(summary: &Path) -> Github {
        let summary = summary.display().to_string();
        Github::of_environment(|name| match name {
            "GITHUB_ACTIONS" => Some("true".to_owned()),
            "GITHUB_STEP_SUMMARY" => Some(summary.clone()),
            _ => None,
        })
    }

    #[test]
    fn elsewhere_nothing_is_added() {
        let nowhere = Github::of_environment(|_| None);
        assert_eq!(
            nowhere.with_annotations("text\n", || unreachable!()),
            "text\n"
        );
        nowhere
            .summarize("a", || unreachable!())
            .expect("nothing to do");
        let other = |name: &str| (name == "GITHUB_ACTIONS").then(|| "false".to_owned());
        assert!(!Github::of_environment(other).reads);
    }

    #[test]
    fn what_a_target_says_is_no_command() {
        let github = in_actions(Path::new("summary"));
        let told =
            github.with_annotations("::error::forged\n", || "::warning title=a::b\n".to_owned());
        let lines: Vec<&str> = told.lines().collect();
        let word = lines[0].strip_prefix("::stop-commands::").expect("a word");
        let resumed = format!("::{word}::");
        assert_eq!(
            lines[1..],
            ["::error::forged", resumed.as_str(), "::warning title=a::b"]
        );
        let again = github.with_annotations("", String::new);
        assert!(word.len() == 16 && !again.contains(word));
    }

    #[test]
    fn a_session_has_one_section_and_others_keep_theirs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary");
        std::fs::write(&path, "of another program").unwrap();
        let github = in_actions(&path);
        for (session, markdown) in [("a", "one\n"), ("b", "two\n"), ("a", "three, longer\n")] {
            github.summarize(session, || markdown.to_owned()).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let shown: Vec<&str> = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with("<!--"))
            .collect();
        assert_eq!(shown, ["of another program", "three, longer", "two"]);
    }

    #[test]
    fn a_summary_that_cannot_be_written_is_told_in_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let told = in_actions(folder.path())
            .summarize("a", String::new)
            .unwrap_err()
            .to_string();
        assert!(told.contains("GITHUB_STEP_SUMMARY"), "{told}");
        assert_eq!(told.lines().count(), 1);
    }

    #[test]
    fn a_summary_is_cut_to_what_github_shows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary");
        std::fs::write(&path, "of another program\n").unwrap();
        let github = in_actions(&path);
        let row = "| ü | a row of a long table |\n";
        let long = row.repeat(2 * MOST / row.len());
        // Appended, replaced, and beside another session.
        for session in ["a", "a", "b"] {
            github.summarize(session, || long.clone()).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            let size = text.len();
            assert!(size <= MOST && size > MOST - 300, "{size}");
            assert!(text.contains("Truncated") && text.starts_with("of another program"));
            let rows = text.lines().filter(|line| line.starts_with("| "));
            assert!(rows.clone().count() > 1_000);
            assert!(rows.clone().all(|line| line.len() + 1 == row.len()));
        }
        assert_eq!(cut("short\n", 6), "short\n");
    }
}
