//! Errors in what `PostgreSQL` writes to its log. Pure; only counts leave this file, and no part of a message.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::log_prefix::LogPrefix;

const SEVERITIES: [&str; 3] = ["ERROR", "FATAL", "PANIC"];
/// `in_failed_sql_transaction`: a statement behind the one that failed, in the same transaction.
const FOLLOWS: &str = "25P02";
const FOLLOWS_TEXT: &str = "current transaction is aborted";

/// How the log is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum LogFormat {
    /// `jsonlog`
    Json,
    /// `csvlog`
    Csv,
    /// `stderr`, with `log_line_prefix`
    Plain(LogPrefix),
}

/// Which errors count.
#[derive(Debug, Clone)]
pub(super) struct LogLines {
    pub(super) format: LogFormat,
    /// Errors of the sessions on it count.
    pub(super) database: String,
    /// The processes that serve the monitor itself; their errors do not count.
    pub(super) own: BTreeSet<u32>,
}

/// What a record says of an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Record {
    #[serde(rename = "dbname")]
    database: String,
    pid: u32,
    #[serde(rename = "error_severity")]
    severity: String,
    #[serde(rename = "state_code")]
    code: String,
}

impl LogLines {
    /// How many errors the whole records at the beginning of this part of a log tell, and how many bytes these are.
    pub(super) fn errors(&self, log: &[u8]) -> (u64, usize) {
        let (mut errors, mut begin, mut is_quoted) = (0, 0, false);
        for (at, byte) in log.iter().enumerate() {
            match byte {
                b'"' if self.format == LogFormat::Csv => is_quoted = !is_quoted,
                b'\n' if !is_quoted => {
                    errors += u64::from(self.is_error(&log[begin..at]));
                    begin = at + 1;
                }
                _ => {}
            }
        }
        (errors, begin)
    }

    fn is_error(&self, bytes: &[u8]) -> bool {
        let record = match &self.format {
            LogFormat::Json => serde_json::from_slice(bytes).ok(),
            LogFormat::Csv => of_csv(bytes),
            LogFormat::Plain(prefix) => of_line(prefix, &String::from_utf8_lossy(bytes)),
        };
        record.is_some_and(|record| {
            SEVERITIES.contains(&record.severity.as_str())
                && record.code != FOLLOWS
                && record.database == self.database
                && !self.own.contains(&record.pid)
        })
    }
}

fn of_csv(bytes: &[u8]) -> Option<Record> {
    const DATABASE: usize = 2;
    const PID: usize = 3;
    const SEVERITY: usize = 11;
    const CODE: usize = 12;
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).flexible(true).from_reader(bytes);
    let record = reader.byte_records().next()?.ok()?;
    let text = |at: usize| Some(String::from_utf8_lossy(record.get(at)?).into_owned());
    Some(Record {
        database: text(DATABASE)?,
        pid: text(PID)?.parse().ok()?,
        severity: text(SEVERITY)?,
        code: text(CODE)?,
    })
}

fn of_line(prefix: &LogPrefix, line: &str) -> Option<Record> {
    // It continues the message of the line before, which may look like a line of its own.
    if line.starts_with('\t') {
        return None;
    }
    let found = prefix.read(line)?;
    let (severity, message) = found.rest.split_once(":  ")?;
    let code = if message.starts_with(FOLLOWS_TEXT) {
        FOLLOWS
    } else {
        ""
    };
    Some(Record {
        database: found.database.to_owned(),
        pid: found.pid.unwrap_or_default(),
        severity: severity.to_owned(),
        code: code.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(format: LogFormat) -> LogLines {
        LogLines {
            format,
            database: "app".to_owned(),
            own: BTreeSet::from([77]),
        }
    }

    const JSON: &str = r#"{"timestamp":"2026-01-31 12:00:00.000 UTC","user":"me","dbname":"app","pid":41,"error_severity":"ERROR","state_code":"23505","message":"duplicate key value violates unique constraint \"a\"","detail":"Key (id)=(7)\nalready exists."}
{"dbname":"other","pid":41,"error_severity":"ERROR","state_code":"42601"}
{"dbname":"app","pid":77,"error_severity":"ERROR","state_code":"42P01"}
{"dbname":"app","pid":42,"error_severity":"FATAL","state_code":"53300","message":"sorry, too many clients already"}
{"dbname":"app","pid":42,"error_severity":"LOG","state_code":"08006","message":"ERROR:  of another"}
{"dbname":"app","pid":42,"error_severity":"ERROR","state_code":"25P02"}
{"pid":3,"error_severity":"LOG","message":"checkpoint starting: time"}
not JSON
{"dbname":"app","pid":42,"error_severity":"PANIC","state_code":"XX000"}
{"dbname":"app","pid":42,"error_sev"#;

    const CSV: &str = "2026-01-31 12:00:00.000 UTC,\"me\",\"app\",41,\"127.0.0.1:9\",x.1,1,\"INSERT\",t,3/4,0,ERROR,23505,\"duplicate key, \"\"a\"\"\",\"Key (id)=(7)
2026-01-31 12:00:00.000 UTC,\"\"me\"\",\"\"app\"\",41,,,,,,,,ERROR,00000,\",,,,,,,,\"psql\",\"client backend\",,0
2026-01-31 12:00:00.000 UTC,\"me\",\"other\",41,,x.1,1,\"SELECT\",t,3/4,0,ERROR,42601,\"syntax error\"
2026-01-31 12:00:00.000 UTC,\"me\",\"app\",77,,x.1,1,\"SELECT\",t,3/4,0,ERROR,42P01,\"of the monitor\"
2026-01-31 12:00:00.000 UTC,\"me\",\"app\",42,,x.1,1,\"SELECT\",t,3/4,0,ERROR,25P02,\"current transaction is aborted\"
2026-01-31 12:00:00.000 UTC,,,9,,x.1,1,,t,,0,LOG,00000,\"checkpoint starting: time\"
2026-01-31 12:00:00.000 UTC,\"me\",\"app\",42,,x.1,1,\"SELECT\",t,3/4,0,FATAL,57P01,\"terminating\"
2026-01-31 12:00:00.000 UTC,\"me\",\"app\",42,,x.1,1,\"SELECT\",t,3/4,0,ERROR,23505,\"half of
";

    const PLAIN: &str = "2026-01-31 12:00:00.000 UTC [41] me@app ERROR:  duplicate key value
2026-01-31 12:00:00.000 UTC [41] me@app DETAIL:  Key (id)=(7)
\talready exists.
\t2026-01-31 12:00:00.000 UTC [41] me@app ERROR:  in a message
2026-01-31 12:00:00.000 UTC [41] me@app STATEMENT:  SELECT 'ERROR:  x'
2026-01-31 12:00:00.000 UTC [41] me@other ERROR:  syntax error
2026-01-31 12:00:00.000 UTC [77] me@app ERROR:  of the monitor
2026-01-31 12:00:00.000 UTC [41] me@app ERROR:  current transaction is aborted, commands ignored
2026-01-31 12:00:00.000 UTC [9] LOG:  checkpoint starting: time
2026-01-31 12:00:00.000 UTC [42] me@app FATAL:  terminating connection
2026-01-31 12:00:00.000 UTC [42] me@app ERROR:  half";

    #[test]
    fn errors_of_the_database_count_in_every_format() {
        let prefix = LogPrefix::parse("%m [%p] %q%u@%d ").expect("a prefix");
        let table = [
            (
                LogFormat::Json,
                JSON,
                3,
                "{\"dbname\":\"app\",\"pid\":42,\"error_sev",
            ),
            (
                LogFormat::Csv,
                CSV,
                2,
                "2026-01-31 12:00:00.000 UTC,\"me\",\"app\",42,,x.1,1,\"SELECT\",t,3/4,0,ERROR,23505,\"half of\n",
            ),
            (
                LogFormat::Plain(prefix),
                PLAIN,
                2,
                "2026-01-31 12:00:00.000 UTC [42] me@app ERROR:  half",
            ),
        ];
        for (format, log, errors, rest) in table {
            let lines = lines(format);
            let (found, read) = lines.errors(log.as_bytes());
            assert_eq!((found, &log[read..]), (errors, rest), "{:?}", lines.format);
        }
    }

    #[test]
    fn it_does_not_matter_where_a_log_is_cut() {
        let prefix = LogPrefix::parse("%m [%p] %q%u@%d ").expect("a prefix");
        for (format, log) in [
            (LogFormat::Json, JSON),
            (LogFormat::Csv, CSV),
            (LogFormat::Plain(prefix), PLAIN),
        ] {
            let lines = lines(format);
            let (all, end) = lines.errors(log.as_bytes());
            for cut in 0..log.len() {
                let (before, read) = lines.errors(&log.as_bytes()[..cut]);
                let (behind, rest) = lines.errors(&log.as_bytes()[read..]);
                assert_eq!((before + behind, read + rest), (all, end), "{cut}");
            }
        }
    }
}
