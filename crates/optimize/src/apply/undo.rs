//! The undo script, written before anything is changed.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::name::{dropping, literal};
use crate::plan::{ChangeKind, Proposal};
use agentos_perf_core::text::clean as cleaned;

/// The undo script could not be written.
#[derive(Debug, Error)]
#[error("cannot write the undo script to {}: {source}; nothing was changed. Choose another file with --undo-file", path.display())]
pub struct UndoError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// A script that reverts everything, the last change first.
pub fn script(chosen: &[&Proposal]) -> String {
    let mut out = String::from(
        "-- Reverts what was changed: psql -f THIS_FILE. Each statement is a transaction of its own, and changes that\n\
         -- were not applied are skipped.\n",
    );
    for proposal in chosen
        .iter()
        .rev()
        .filter(|proposal| !proposal.undo.is_empty())
    {
        let _ = write!(
            out,
            "\n-- {}. {}\n",
            proposal.number,
            cleaned(&proposal.what)
        );
        if proposal.kind == ChangeKind::DropIndex {
            let _ = writeln!(out, "{}", drop_if_invalid(&proposal.object));
        }
        for statement in &proposal.undo {
            let _ = writeln!(out, "{statement};");
        }
    }
    out
}

/// An index that was half dropped would be taken for one that is there.
fn drop_if_invalid(index: &str) -> String {
    let drop = literal(&dropping(index));
    let index = literal(index);
    format!(
        "SELECT {drop} WHERE EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = \
         pg_catalog.to_regclass({index}) \
         AND NOT (indisvalid AND indisready)) \\gexec"
    )
}

/// Writes it durably. An earlier one is never written over.
pub(super) fn write(path: &Path, chosen: &[&Proposal]) -> Result<(), UndoError> {
    let wrong = |source| UndoError {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).map_err(wrong)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(wrong)?;
    file.write_all(script(chosen).as_bytes()).map_err(wrong)?;
    file.sync_all().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Proof, Risk};

    fn proposal(number: usize, undo: &[&str]) -> Proposal {
        Proposal {
            number,
            id: String::new(),
            kind: ChangeKind::DropIndex,
            object: "public.x".to_owned(),
            table: None,
            what: format!("the {number}th\n; DROP TABLE x"),
            why: Vec::new(),
            sql: Vec::new(),
            undo: undo.iter().map(|text| (*text).to_owned()).collect(),
            risk: Risk::Low,
            price: String::new(),
            gain: String::new(),
            proof: Proof::Counted,
            role: None,
        }
    }

    #[test]
    fn the_last_is_taken_back_first_and_names_are_no_statements() {
        let (a, b, c) = (
            proposal(1, &["A1", "A2"]),
            proposal(2, &[]),
            proposal(3, &["C"]),
        );
        let script = script(&[&a, &b, &c]);
        let lines: Vec<&str> = script
            .lines()
            .filter(|line| {
                !line.is_empty() && !line.starts_with("--") && !line.ends_with("\\gexec")
            })
            .collect();
        assert_eq!(lines, ["C;", "A1;", "A2;"]);
    }

    #[test]
    fn an_earlier_way_back_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join("undo.sql");
        write(&path, &[&proposal(1, &["A"])]).unwrap();
        let error = write(&path, &[&proposal(2, &["B"])]).unwrap_err();
        assert!(error.to_string().contains("nothing was changed"), "{error}");
        assert!(fs::read_to_string(&path).unwrap().contains("A;"));
    }
}
