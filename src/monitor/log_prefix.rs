//! `log_line_prefix` of `PostgreSQL`, read backwards: from a line to whom it is of.

/// What stands before each message.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LogPrefix(Vec<PrefixPart>);

#[derive(Debug, Clone, PartialEq)]
enum PrefixPart {
    Text(String),
    /// The letter behind `%`.
    Value(char),
}

/// Whom a line is of, and what stands behind its prefix.
#[derive(Debug, PartialEq)]
pub(super) struct OfLine<'a> {
    pub(super) database: &'a str,
    pub(super) pid: Option<u32>,
    pub(super) rest: &'a str,
}

impl LogPrefix {
    /// Reads the setting.
    pub(super) fn parse(setting: &str) -> Result<LogPrefix, String> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut letters = setting.chars().peekable();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                text.push(letter);
                continue;
            }
            // Padding, as in %-10d.
            while letters
                .next_if(|next| *next == '-' || next.is_ascii_digit())
                .is_some()
            {}
            match letters.next() {
                Some('%') => text.push('%'),
                // Where lines of other processes end; sessions go on.
                Some('q') | None => {}
                Some(value) => {
                    if !text.is_empty() {
                        parts.push(PrefixPart::Text(std::mem::take(&mut text)));
                    }
                    parts.push(PrefixPart::Value(value));
                }
            }
        }
        if !text.is_empty() {
            parts.push(PrefixPart::Text(text));
        }
        if !parts.contains(&PrefixPart::Value('d')) {
            return Err("log_line_prefix lacks %d, the database".to_owned());
        }
        let is_value = |part: &PrefixPart| matches!(part, PrefixPart::Value(_));
        let touch = parts
            .windows(2)
            .any(|pair| is_value(&pair[0]) && is_value(&pair[1]));
        if touch || parts.last().is_some_and(is_value) {
            return Err("the values of log_line_prefix are not separated".to_owned());
        }
        Ok(LogPrefix(parts))
    }

    /// `None` for a line that is not of a session, or has no prefix.
    pub(super) fn read<'a>(&self, line: &'a str) -> Option<OfLine<'a>> {
        let (mut rest, mut database, mut pid) = (line, "", None);
        let mut parts = self.0.iter().peekable();
        while let Some(part) = parts.next() {
            match part {
                PrefixPart::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                PrefixPart::Value(letter) => {
                    let Some(PrefixPart::Text(end)) = parts.peek() else {
                        return None;
                    };
                    let from = if "mts".contains(*letter) {
                        // Date, time and zone, with spaces between them.
                        rest.match_indices(' ').nth(1)?.0 + 1
                    } else {
                        0
                    };
                    let length = from + rest[from..].find(end.as_str())?;
                    let value = rest[..length].trim();
                    match letter {
                        'd' => database = value,
                        'p' => pid = Some(value.parse().ok()?),
                        _ => {}
                    }
                    rest = &rest[length..];
                }
            }
        }
        Some(OfLine {
            database,
            pid,
            rest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_sessions_are_read_by_their_prefix() {
        let table = [
            (
                "%m [%p] %q%u@%d ",
                "2026-01-31 12:00:00.000 UTC [41] me@app ERROR:  x",
                Some(("app", Some(41), "ERROR:  x")),
            ),
            (
                "%m [%p] %q%u@%d ",
                "2026-01-31 12:00:00.000 UTC [9] LOG:  checkpoint",
                None,
            ),
            (
                "%t:%r:%u@%d:[%p]: ",
                "2026-01-31 12:00:00 UTC:127.0.0.1(9):me@app:[41]: ERROR:  x: y",
                Some(("app", Some(41), "ERROR:  x: y")),
            ),
            (
                "%m db=%-8d,100%% ",
                "2026-01-31 12:00:00.000 UTC db=app     ,100% FATAL:  x",
                Some(("app", None, "FATAL:  x")),
            ),
            ("%d|", "", None),
            ("%p %d|", "x app|ERROR:  x", None),
        ];
        for (setting, line, expected) in table {
            let prefix = LogPrefix::parse(setting).expect(setting);
            let found = prefix.read(line);
            let found = found.map(|found| (found.database, found.pid, found.rest));
            assert_eq!(found, expected, "{setting}: {line}");
        }
    }

    #[test]
    fn a_prefix_that_does_not_tell_is_refused() {
        for (setting, why) in [
            ("%m [%p] ", "lacks %d"),
            ("", "lacks %d"),
            ("%m %u%d ", "not separated"),
            ("%m %d", "not separated"),
        ] {
            let refused = LogPrefix::parse(setting).expect_err(setting);
            assert!(refused.contains(why), "{setting}: {refused}");
        }
    }
}
