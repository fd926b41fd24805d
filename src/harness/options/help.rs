//! The help text, made of the flag table.

use std::fmt::Write as _;

use crate::harness::options::flags::{Flag, GROUPS, Takes};
use crate::report::Format;

const WIDTH: usize = 80;
const INDENT: usize = 10;

/// What `--help` shows.
pub fn help_text() -> String {
    let mut text = String::from(
        "Judges a service by its performance requirements: one requirement, one test.\n\n\
         Usage: cargo test --test perf -- [OPTIONS] [FILTER]...\n\n",
    );
    text.push_str(&wrapped(
        "A FILTER keeps the tests whose name has it in it; several keep what any of them keeps. \
         Only the load that the kept tests need is run.",
        0,
    ));
    for (title, tables) in GROUPS {
        let _ = write!(text, "\n{title}:\n");
        let flags = tables.iter().flat_map(|rows| rows.iter());
        for flag in flags.filter(|flag| !flag.help.is_empty()) {
            text.push_str(&entry(flag));
        }
    }
    text.push('\n');
    let order = format!(
        "A flag goes before its variable, a variable before the profile; an empty variable \
         counts as unset. The flags {} are accepted as test runners pass them.",
        accepted_flags()
    );
    text.push_str(&wrapped(&order, 0));
    text.push_str(
        "\nExit code: 0 when all tests passed, 101 when one failed, 2 when the command\n\
         line or the profile is wrong.\n",
    );
    text
}

fn entry(flag: &Flag) -> String {
    let mut head = match flag.letters.first() {
        Some(letter) => format!("  -{letter}, --{}", flag.name),
        None => format!("      --{}", flag.name),
    };
    if let Takes::Value(value) = flag.takes {
        let _ = write!(head, " {value}");
    }
    if let Some(variable) = flag.variables.first() {
        let _ = write!(head, "  [{variable}]");
    }
    let help = flag.help.replace("{formats}", &format_names());
    format!("{head}\n{}", wrapped(&help, INDENT))
}

/// The flags without a line of their own: `--nocapture, … and -Z`.
fn accepted_flags() -> String {
    let flags = Flag::all().filter(|flag| flag.help.is_empty());
    let mut names: Vec<String> = flags
        .map(|flag| match flag.letters.first() {
            Some(letter) => format!("-{letter}"),
            None => flag.dashed(),
        })
        .collect();
    let last = names.pop().unwrap_or_default();
    format!("{} and {last}", names.join(", "))
}

/// The names of the report formats: `json (always), html, …`.
fn format_names() -> String {
    let names = Format::ALL.map(|format| match format {
        Format::Json => format!("{} (always)", format.name()),
        _ => format.name().to_owned(),
    });
    names.join(", ")
}

/// Lines of at most [`WIDTH`] columns.
fn wrapped(text: &str, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let mut lines = String::new();
    let mut line = margin.clone();
    for word in text.split_whitespace() {
        let gap = usize::from(line.len() > indent);
        if line.chars().count() + gap + word.chars().count() > WIDTH {
            let _ = writeln!(lines, "{line}");
            line.clone_from(&margin);
        }
        if line.len() > indent {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(lines, "{line}");
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_flag_and_fits_a_terminal() {
        let text = help_text();
        for flag in Flag::all().filter(|flag| !flag.help.is_empty()) {
            assert!(text.contains(&format!("--{}", flag.name)), "{}", flag.name);
        }
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
            assert!(!line.contains(['{', '}']), "not replaced: {line}");
        }
        if cfg!(feature = "otlp") {
            insta::assert_snapshot!(text);
        }
    }
}
