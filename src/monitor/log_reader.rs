//! Asks `PostgreSQL` for what it has written to its log since a run began, a part at a time.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio_postgres::{Client, SimpleQueryRow};

use super::log_lines::{LogFormat, LogLines};
use super::log_prefix::LogPrefix;
use super::postgres::rows;

/// Read by one question, in bytes; no message is longer.
const CHUNK: u64 = 1 << 20;
/// Read by one look.
const MOST_CHUNKS: u32 = 4;

/// All in one row; `log_directory` is hidden from those who may not know it.
const SETTINGS: &str = "SELECT /* agentos-perf */ current_database() AS database, pg_backend_pid() AS pid, \
     quote_ident(current_user) AS role, current_setting('logging_collector') AS collector, \
     current_setting('log_destination') AS destination, current_setting('log_min_messages') AS least, \
     current_setting('log_line_prefix') AS prefix, current_setting('lc_messages') AS language, \
     (SELECT setting FROM pg_settings WHERE name = 'log_directory') AS directory, \
     has_function_privilege('pg_ls_logdir()', 'EXECUTE') \
     AND has_function_privilege('pg_read_binary_file(text, bigint, bigint, boolean)', 'EXECUTE') AS may_read";

const FILES: &str = "SELECT /* agentos-perf */ name, size FROM pg_ls_logdir()";

/// Counts errors, from the end that the log had when this was made.
pub(super) struct LogReader {
    lines: LogLines,
    directory: String,
    /// How far each file has been read; `None` until the first look.
    read: Option<BTreeMap<String, u64>>,
    errors: u64,
}

impl LogReader {
    /// Nothing has been counted yet. Otherwise why the log cannot be read, and what would allow it.
    pub(super) async fn new(client: &Client) -> Result<LogReader, String> {
        let found = rows(client, SETTINGS).await?;
        let row = found.first().ok_or("it does not tell its settings")?;
        let text = |name: &str| row.try_get(name).ok().flatten();
        let setting = |name: &str| text(name).unwrap_or_default().to_owned();
        if text("collector") != Some("on") {
            return Err("set logging_collector = on and log_destination = 'jsonlog'".to_owned());
        }
        if ["fatal", "log", "panic"].contains(&setting("least").as_str()) {
            return Err("set log_min_messages = 'error' or lower".to_owned());
        }
        let format = format(
            &setting("destination"),
            &setting("prefix"),
            &setting("language"),
        )?;
        let (Some(directory), Some("t")) = (text("directory"), text("may_read")) else {
            let role = setting("role");
            return Err(format!(
                "GRANT pg_monitor TO {role}; GRANT EXECUTE ON FUNCTION \
                 pg_read_binary_file(text, bigint, bigint, boolean) TO {role}"
            ));
        };
        let mut reader = LogReader {
            lines: LogLines {
                format,
                database: setting("database"),
                own: BTreeSet::new(),
            },
            directory: directory.to_owned(),
            read: None,
            errors: 0,
        };
        reader.is_own(row);
        Ok(reader)
    }

    /// Passes over the errors of a connection that is the monitor's own.
    pub(super) async fn pass_over(&mut self, client: &Client) -> Result<(), String> {
        let found = rows(client, "SELECT pg_backend_pid() AS pid").await?;
        for row in &found {
            self.is_own(row);
        }
        Ok(())
    }

    fn is_own(&mut self, row: &SimpleQueryRow) {
        let pid = row.try_get("pid").ok().flatten();
        self.lines
            .own
            .extend(pid.and_then(|pid| pid.parse::<u32>().ok()));
    }

    /// Errors since the first look; `None` while more has been written than was read.
    pub(super) async fn look(&mut self, client: &Client) -> Result<Option<u64>, String> {
        let files = self.files(client).await?;
        let Some(mut read) = self.read.take() else {
            self.read = Some(files);
            return Ok(Some(0));
        };
        // What is rotated in is new, and one that is shorter than before was begun anew.
        for (name, size) in &files {
            let at = read.entry(name.clone()).or_insert(0);
            *at = if *at > *size { 0 } else { *at };
        }
        self.read = Some(read);
        let mut chunks = MOST_CHUNKS;
        for (name, size) in files {
            while self.position(&name) < size {
                if chunks == 0 {
                    return Ok(None);
                }
                chunks -= 1;
                if !self.chunk(client, &name).await? {
                    break;
                }
            }
        }
        Ok(Some(self.errors))
    }

    fn position(&self, name: &str) -> u64 {
        let read = self.read.as_ref();
        read.and_then(|read| read.get(name)).copied().unwrap_or(0)
    }

    /// Reads on in one file; whether there may be more.
    async fn chunk(&mut self, client: &Client, name: &str) -> Result<bool, String> {
        let at = self.position(name);
        let path = format!("{}/{name}", self.directory).replace('\'', "''");
        let asked = format!(
            "SELECT /* agentos-perf */ translate(encode(pg_read_binary_file('{path}', {at}, {CHUNK}, true), 'base64'), \
             E'\\n', '') AS bytes"
        );
        let found = rows(client, &asked).await?;
        let bytes = found.first().and_then(|row| row.try_get("bytes").ok()?);
        // It was removed after it was listed.
        let bytes = bytes.ok_or("a file of its log was removed before it was read")?;
        let bytes = STANDARD
            .decode(bytes)
            .map_err(|error| format!("its log cannot be read: {error}"))?;
        let (errors, length) = self.lines.errors(&bytes);
        let is_full = bytes.len() as u64 == CHUNK;
        if is_full && length == 0 {
            return Err("a message in its log is longer than 1 MiB".to_owned());
        }
        self.errors += errors;
        if let Some(read) = &mut self.read {
            read.insert(name.to_owned(), at + length as u64);
        }
        Ok(is_full)
    }

    async fn files(&self, client: &Client) -> Result<BTreeMap<String, u64>, String> {
        let mut files = BTreeMap::new();
        for row in rows(client, FILES).await? {
            let text = |name: &str| row.try_get(name).ok().flatten();
            let size = text("size").and_then(|size| size.parse::<u64>().ok());
            if let (Some(name), Some(size)) = (text("name"), size)
                && self.is_of_format(name)
            {
                files.insert(name.to_owned(), size);
            }
        }
        Ok(files)
    }

    fn is_of_format(&self, name: &str) -> bool {
        let ends = |end: &str| name.ends_with(end);
        match self.lines.format {
            LogFormat::Json => ends(".json"),
            LogFormat::Csv => ends(".csv"),
            LogFormat::Plain(_) => !ends(".json") && !ends(".csv"),
        }
    }
}

/// The format that says most, of those that the log is written in.
fn format(destination: &str, prefix: &str, language: &str) -> Result<LogFormat, String> {
    let is_among = |name: &str| destination.split(',').any(|one| one.trim() == name);
    if is_among("jsonlog") {
        return Ok(LogFormat::Json);
    }
    // In the other formats the severity is translated.
    let is_english = ["", "C", "POSIX"].contains(&language)
        || ["C.", "en", "English"]
            .iter()
            .any(|name| language.starts_with(name));
    if !is_english {
        return Err(format!(
            "it is written in another language than English (lc_messages = '{language}'): set log_destination = 'jsonlog'"
        ));
    }
    if is_among("csvlog") {
        return Ok(LogFormat::Csv);
    }
    if is_among("stderr") {
        return LogPrefix::parse(prefix).map(LogFormat::Plain).map_err(|why| {
            format!("{why}: set log_destination = 'jsonlog', or log_line_prefix = '%m [%p] %q%u@%d '")
        });
    }
    Err(format!(
        "log_destination is '{destination}': add jsonlog, csvlog or stderr"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_that_says_most_is_read() {
        let plain = || LogFormat::Plain(LogPrefix::parse("%p %d ").expect("a prefix"));
        let table = [
            (
                "stderr,csvlog, jsonlog",
                "",
                "de_DE.UTF-8",
                Ok(LogFormat::Json),
            ),
            ("stderr, csvlog", "", "en_US.UTF-8", Ok(LogFormat::Csv)),
            ("stderr", "%p %d ", "C.UTF-8", Ok(plain())),
            ("stderr", "%m [%p] ", "C", Err("log_line_prefix lacks %d")),
            ("csvlog", "", "de_DE.UTF-8", Err("jsonlog")),
            ("syslog", "%p %d ", "", Err("add jsonlog, csvlog or stderr")),
        ];
        for (destination, prefix, language, expected) in table {
            match (format(destination, prefix, language), expected) {
                (Ok(found), Ok(wanted)) => assert_eq!(found, wanted, "{destination}"),
                (Err(why), Err(part)) => assert!(why.contains(part), "{destination}: {why}"),
                (found, _) => panic!("{destination}: {found:?}"),
            }
        }
    }
}
