//! Who may import whom, who may print, and who may look at a clock: `ARCHITECTURE.md` as a test.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What a room may import besides itself; the rule of the longest matching name holds.
struct Rule {
    room: &'static str,
    may: &'static [&'static str],
    why: &'static str,
}

const fn rule(room: &'static str, may: &'static [&'static str], why: &'static str) -> Rule {
    Rule { room, may, why }
}

const RULES: &[Rule] = &[
    rule(
        "",
        &[
            "baseline",
            "cli",
            "diagnostic",
            "fuzzing",
            "harness",
            "hint",
            "load",
            "profile",
            "report",
            "judge",
            "model",
            "optimize",
            "plan",
            "record",
            "reference",
            "requirement",
            "search",
            "secret",
            "statistics",
            "template",
            "text",
        ],
        "the root and the binary are tables of contents",
    ),
    // crates/core: data.
    rule(
        "diagnostic",
        &[],
        "what is wrong, and where, hangs on nothing",
    ),
    rule("text", &[], "foreign text hangs on nothing"),
    rule("secret", &[], "what is never shown hangs on nothing"),
    rule("statistics", &[], "mathematics alone"),
    rule(
        "requirement",
        &[],
        "what is required hangs on no measurement",
    ),
    rule(
        "template",
        &["secret"],
        "what a request is filled in with hangs on its number, its user and its data",
    ),
    rule(
        "plan",
        &["requirement", "template"],
        "a plan is arrivals, phases, endpoints and what a search must hold; when a request is due hangs on it alone",
    ),
    rule(
        "record",
        &["plan::EndpointKind", "requirement::Source"],
        "a record knows nothing of how its samples were obtained",
    ),
    rule(
        "judge",
        &["record", "requirement", "statistics"],
        "a verdict rests on records alone",
    ),
    rule(
        "model",
        &["record", "requirement"],
        "a report is records and judgements",
    ),
    // crates/core: decisions.
    rule(
        "search",
        &["judge", "plan", "record", "requirement", "statistics"],
        "the next load hangs on what the last ones showed, judged as everything is",
    ),
    rule(
        "hint",
        &["record", "requirement", "statistics"],
        "advice rests on what was judged and recorded",
    ),
    rule(
        "baseline",
        &[
            "judge",
            "model",
            "record",
            "requirement",
            "statistics",
            "text",
        ],
        "a comparison rests on what reports hold",
    ),
    // The root package: data.
    rule(
        "profile",
        &["secret"],
        "the sign on the door: what others use of the floors",
    ),
    rule(
        "profile::text",
        &["diagnostic"],
        "a file as it was written, whatever its keys mean",
    ),
    rule(
        "profile::value",
        &[
            "diagnostic",
            "plan::Rate",
            "profile::text",
            "requirement::format",
            "template",
        ],
        "one value, whatever key it is of",
    ),
    rule(
        "profile::plan",
        &[
            "diagnostic",
            "plan",
            "profile::value",
            "requirement",
            "secret",
            "template",
        ],
        "the result knows nothing of how it was written",
    ),
    rule(
        "profile::raw",
        &[
            "diagnostic",
            "plan",
            "profile::plan",
            "profile::text",
            "profile::value",
            "requirement",
            "template",
        ],
        "tables as they were written, each key read by itself",
    ),
    rule(
        "profile::validate",
        &[
            "diagnostic",
            "plan",
            "profile::plan",
            "profile::raw",
            "profile::text",
            "profile::value",
            "requirement",
            "secret",
            "template",
        ],
        "what the tables mean together",
    ),
    rule(
        "report",
        &["model", "record", "requirement", "text"],
        "renderers turn data into text",
    ),
    // The root package: I/O.
    rule("timers", &[], "who is woken when hangs on the clock alone"),
    rule(
        "client",
        &["timers", "plan", "profile", "record", "secret", "template"],
        "clients return samples; who counts or judges them is not their business",
    ),
    rule(
        "load",
        &["client", "timers", "plan", "profile", "record", "template"],
        "the load knows nothing of requirements and reports",
    ),
    rule(
        "monitor",
        &[
            "client",
            "optimize::connection",
            "profile",
            "record",
            "requirement::Source",
        ],
        "monitors gather evidence and judge none of it",
    ),
    rule("store", &["report"], "the store keeps records and reports"),
    rule(
        "dashboard",
        &["judge", "record", "report", "requirement", "secret", "text"],
        "the dashboard shows reports, whoever makes them",
    ),
    // The other crates.
    rule(
        "reference",
        &[],
        "the embedded server shares no code with what judges it",
    ),
    rule(
        "optimize::connection",
        &["diagnostic", "secret"],
        "a connection knows nothing of what is read over it",
    ),
    rule(
        "optimize",
        &["requirement", "secret", "statistics", "text"],
        "the optimizer talks to databases alone; who loads what, others know",
    ),
    rule("optimize::facts", &["optimize::name"], "facts are data"),
    rule(
        "optimize::workload",
        &["optimize::facts", "optimize::name"],
        "what a statement looks for hangs on its text and on facts",
    ),
    rule(
        "optimize::rules",
        &[
            "optimize::connection::excerpt",
            "optimize::facts",
            "optimize::known_queries",
            "optimize::name",
            "optimize::plan",
            "optimize::planner_query",
            "requirement",
        ],
        "a proposal hangs on facts and on the planner's answers",
    ),
    rule(
        "optimize::render",
        &[
            "optimize::connection::excerpt",
            "optimize::plan",
            "optimize::rules::format",
            "requirement",
            "text",
        ],
        "a plan as text hangs on the plan",
    ),
    // Top.
    rule(
        "harness",
        &[
            "baseline",
            "client",
            "dashboard",
            "diagnostic",
            "hint",
            "judge",
            "load",
            "monitor",
            "optimize::connection",
            "plan",
            "profile",
            "record",
            "reference",
            "report",
            "requirement",
            "search",
            "secret",
            "store",
            "text",
        ],
        "the harness puts all rooms together",
    ),
    rule(
        "fuzzing",
        &["client", "harness", "monitor", "profile", "report"],
        "what reads foreign bytes, called with any bytes",
    ),
    rule(
        "cli",
        &[
            "baseline",
            "dashboard",
            "diagnostic",
            "harness",
            "load",
            "monitor",
            "optimize",
            "profile",
            "reference",
            "report",
            "requirement",
            "secret",
            "store",
            "text",
        ],
        "a subcommand starts the harness or the embedded server, or shows stored reports",
    ),
];

/// Where each crate's modules are, the name that others import it by, and the room that its root is.
struct Crate {
    sources: &'static str,
    name: &'static str,
    /// Empty for a crate of several rooms.
    room: &'static str,
}

const CRATES: &[Crate] = &[
    Crate {
        sources: "src",
        name: "agentos_perf",
        room: "",
    },
    Crate {
        sources: "crates/core/src",
        name: "agentos_perf_core",
        room: "",
    },
    Crate {
        sources: "crates/optimize/src",
        name: "agentos_perf_optimize",
        room: "optimize",
    },
    Crate {
        sources: "crates/reference/src",
        name: "agentos_reference",
        room: "reference",
    },
];

/// The module through which everything is printed: elsewhere a macro such as `println` would panic where its stream is
/// closed or full.
const PRINTS: &str = "harness::output";

/// The only rooms that write to a standard stream or exit.
const PRINTERS: &[&str] = &["harness", "cli"];

/// Modules outside of these rooms that print all the same.
///
/// `reference::child` is the `main` of a process of its own: its parent reads its address from stdout.
const PRINT_EXCEPTIONS: &[&str] = &["reference::child"];

const MACROS: [&str; 5] = ["println", "eprintln", "print", "eprint", "dbg"];

/// Rooms without clock, I/O and global state.
const PURE: &[&str] = &[
    "baseline",
    "diagnostic",
    "hint",
    "judge",
    "model",
    "optimize::facts",
    "optimize::render",
    "optimize::rules",
    "optimize::workload",
    "plan",
    "record",
    "report",
    "requirement",
    "search",
    "secret",
    "statistics",
    "text",
];

const IMPURE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "Instant::now",
    "SystemTime::now",
    "tokio",
];

#[test]
fn every_import_keeps_the_layers() {
    let sources = sources();
    let for_tests = test_modules(&sources);
    let mut broken = String::new();
    for source in sources.iter().filter(|source| !source.is_test(&for_tests)) {
        for complaint in source.complaints() {
            let _ = writeln!(broken, "{complaint}");
        }
    }
    assert!(broken.is_empty(), "layers are broken:\n{broken}");
}

#[test]
fn every_rule_is_of_a_room_that_exists_and_allows_nothing_that_is_not_used() {
    let sources = sources();
    let for_tests = test_modules(&sources);
    let code: Vec<&Source> = sources
        .iter()
        .filter(|source| !source.is_test(&for_tests))
        .collect();
    for rule in RULES.iter().filter(|rule| !rule.room.is_empty()) {
        let own = || {
            let named = code.iter().map(|source| (source, source.module.join("::")));
            named.filter(|(_, module)| rule_of(module).is_some_and(|its| its.room == rule.room))
        };
        assert!(own().next().is_some(), "there is no room {}", rule.room);
        for may in rule.may {
            let is_used = own().any(|(source, _)| {
                let imports = source.imports();
                imports.iter().any(|import| {
                    source
                        .target(import)
                        .is_some_and(|target| is_within(&target.join("::"), may))
                })
            });
            assert!(
                is_used,
                "{} may import {may} and does not: take it out of its rule",
                rule.room
            );
        }
    }
}

/// Rooms in layers: each imports rooms of lower layers alone.
///
/// # Panics
/// When rooms import one another in a circle.
fn layers() -> Vec<Vec<&'static str>> {
    let room = |name: &'static str| name.split("::").next().unwrap_or(name);
    let mut below: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for rule in RULES.iter().filter(|rule| !rule.room.is_empty()) {
        let own = room(rule.room);
        let others = rule
            .may
            .iter()
            .map(|may| room(may))
            .filter(|other| *other != own);
        below.entry(own).or_default().extend(others);
    }
    let mut layers: Vec<Vec<&str>> = Vec::new();
    while !below.is_empty() {
        let free = below
            .iter()
            .filter(|(_, needs)| needs.iter().all(|need| !below.contains_key(need)));
        let free: Vec<&str> = free.map(|(room, _)| *room).collect();
        assert!(
            !free.is_empty(),
            "these rooms import one another in a circle: {:?}",
            below.keys()
        );
        below.retain(|room, _| !free.contains(room));
        layers.push(free);
    }
    layers
}

/// The floors of a room are a room's layers: none imports another one in a circle.
#[test]
fn the_floors_of_a_room_are_layers() {
    let floors = || RULES.iter().filter(|rule| is_floor(rule.room));
    let mut below: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for rule in floors() {
        let floor_of = |may: &&str| {
            let mut all = floors();
            all.find(|floor| is_within(may, floor.room))
                .map(|floor| floor.room)
        };
        below.insert(rule.room, rule.may.iter().filter_map(floor_of).collect());
    }
    while !below.is_empty() {
        let known: BTreeSet<&str> = below.keys().copied().collect();
        below.retain(|_, needs| needs.iter().any(|need| known.contains(need)));
        let left: BTreeSet<&str> = below.keys().copied().collect();
        assert_ne!(left, known, "these floors import one another in a circle");
    }
}

/// `ARCHITECTURE.md` has the rules as a table, written by this test where `UPDATE_TABLES` is set.
#[test]
fn the_rooms_are_layers_and_the_architecture_has_them() {
    const BEGIN: &str = "<!-- layers:begin -->\n";
    const END: &str = "<!-- layers:end -->";
    let mut table = String::from("| layer | room | imports | because |\n|---|---|---|---|\n");
    for (at, rooms) in layers().iter().enumerate() {
        for rule in RULES
            .iter()
            .filter(|rule| rooms.contains(&rule.room.split("::").next().unwrap_or_default()))
        {
            let may: Vec<String> = rule.may.iter().map(|may| format!("`{may}`")).collect();
            let _ = writeln!(
                table,
                "| {at} | `{}` | {} | {} |",
                rule.room,
                may.join(", "),
                rule.why
            );
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let text = std::fs::read_to_string(&path).expect("ARCHITECTURE.md");
    let (before, rest) = text.split_once(BEGIN).expect("where the table begins");
    let (written, after) = rest.split_once(END).expect("where the table ends");
    if std::env::var_os("UPDATE_TABLES").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}"))
            .expect("a file that can be written");
        return;
    }
    assert_eq!(
        written, table,
        "run this test with UPDATE_TABLES=1, which writes the table"
    );
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for one in CRATES {
        collect(&root.join(one.sources), &mut files);
    }
    files.sort();
    assert!(files.len() > 300, "only {} files found", files.len());
    files.iter().map(|file| Source::read(root, file)).collect()
}

fn test_modules(sources: &[Source]) -> BTreeSet<String> {
    sources
        .iter()
        .flat_map(|source| source.test_modules.iter().cloned())
        .collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_broken_sample_is_caught() {
    let cases = [
        (
            "src/load/a.rs",
            "use crate::report::Report;",
            "load must not import report::Report",
        ),
        (
            "src/load/a.rs",
            "use crate::{client, harness::main};",
            "load must not import harness::main",
        ),
        (
            "src/client/a.rs",
            "fn f() { crate::report::f() }",
            "client must not import report::f",
        ),
        (
            "crates/core/src/record/a.rs",
            "use crate::client::Connector;",
            "record must not import client::Connector",
        ),
        (
            "crates/core/src/record/a.rs",
            "use crate::client;",
            "record must not import client",
        ),
        (
            "crates/core/src/statistics/a.rs",
            "use super::super::record;",
            "statistics must not import record",
        ),
        (
            "crates/core/src/requirement/limit.rs",
            "use crate::record::Counts;",
            "requirement must not import record::Counts",
        ),
        (
            "crates/core/src/judge/a.rs",
            "use crate::load::run;",
            "judge must not import load::run",
        ),
        (
            "crates/core/src/plan/arrivals/a.rs",
            "use crate::record::Sample;",
            "plan must not import record::Sample",
        ),
        (
            "src/profile/text/a.rs",
            "use crate::profile::value::units::UnitError;",
            "profile::text must not import profile::value::units::UnitError",
        ),
        (
            "src/profile/raw/a.rs",
            "use super::super::validate::profile::load;",
            "profile::raw must not import profile::validate::profile::load",
        ),
        (
            "src/profile/plan/a.rs",
            "use crate::profile::Overrides;",
            "profile::plan must not import profile::Overrides",
        ),
        (
            "src/monitor/a.rs",
            "use crate::reference::Options;",
            "monitor must not import reference::Options",
        ),
        (
            "src/harness/a.rs",
            "use crate::cli::serve;",
            "harness must not import cli::serve",
        ),
        (
            "src/main.rs",
            "use agentos_perf::monitor::Collectors;",
            "the root must not import monitor::Collectors",
        ),
        ("src/attic/a.rs", "", "the room attic has no rule"),
        (
            "src/store/a.rs",
            "fn f() { println!(\"x\") }",
            "`println` panics where its stream is closed or full: use harness::output",
        ),
        (
            "src/load/a.rs",
            "fn f() { std::process::exit(1) }",
            "`process::exit` outside of harness and cli",
        ),
        (
            "src/report/a.rs",
            "use std::{fmt, fs};",
            "report is pure and must not use std::fs",
        ),
        (
            "crates/core/src/statistics/a.rs",
            "fn f() { Instant::now() }",
            "statistics is pure and must not use Instant::now",
        ),
    ];
    for (path, code, expected) in cases {
        let told = Source::of(path, &format!("\n{code}\n")).complaints();
        assert_eq!(told.len(), 1, "{path}: {code}: {told:?}");
        let place = if code.is_empty() { 1 } else { 2 };
        assert!(
            told[0].starts_with(&format!("{path}:{place}: ")),
            "{told:?}"
        );
        assert!(told[0].contains(expected), "{told:?}");
    }
}

#[test]
fn a_print_beside_the_one_way_is_caught() {
    for (path, code, expected) in [
        (
            "src/harness/a.rs",
            "fn f() { eprintln!(\"x\") }",
            Some("`eprintln` panics where its stream is closed or full: use harness::output"),
        ),
        (
            "src/store/a.rs",
            "fn f() { std::io::stdout() }",
            Some("`stdout` outside of harness and cli"),
        ),
        (
            "src/harness/output.rs",
            "fn f() { std::io::stdout() }",
            None,
        ),
    ] {
        let complaints = Source::of(path, code).complaints();
        assert_eq!(complaints.len(), usize::from(expected.is_some()), "{code}");
        let said = complaints.concat();
        assert!(said.contains(expected.unwrap_or_default()), "{said}");
    }
}

#[test]
fn what_is_no_import_is_left_alone() {
    let code = r##"
        // use crate::report::Report;
        /* use crate::report::Report; /* println!() */ */
        const A: &str = "crate::report println!(\"x\")";
        const B: &str = r#"use "crate::report";"#;
        const C: char = '"';
        fn quote<'a>(x: &'a str) -> char { '\'' }
        use crate::client::{Exchange};
        use crate::record::{Outcome};
        use super::ledger::Ledger;
        #[cfg(test)]
        #[allow(dead_code)]
        mod tests { use crate::report::Report; fn f() { println!() } }
        #[cfg(test)]
        mod fixture;
        use crate::record::Tally;
    "##;
    let source = Source::of("src/load/a.rs", code);
    assert_eq!(source.complaints(), Vec::<String>::new());
    assert_eq!(source.test_modules, ["load::a::fixture"]);
}

/// One source file, as far as the rules look at it.
struct Source {
    /// From the project's root, with slashes.
    path: String,
    of: &'static Crate,
    module: Vec<String>,
    tokens: Vec<Token>,
    /// Modules that this file declares for tests alone.
    test_modules: Vec<String>,
}

#[derive(Debug, Clone)]
struct Token {
    line: usize,
    text: String,
}

/// A path such as `crate::load::run`, of a `use` or in an expression.
struct Import {
    line: usize,
    segments: Vec<String>,
}

impl Source {
    fn read(root: &Path, file: &Path) -> Source {
        let code = std::fs::read_to_string(file).expect("a readable file");
        let below = file.strip_prefix(root).expect("a file below the root");
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        Source::of(&parts.join("/"), &code)
    }

    fn of(path: &str, code: &str) -> Source {
        let of = CRATES
            .iter()
            .find(|one| path.starts_with(&format!("{}/", one.sources)));
        let of = of.expect("a file of one of the crates");
        let plain = path[of.sources.len() + 1..]
            .trim_end_matches(".rs")
            .trim_end_matches("/mod");
        let inside = match plain {
            "lib" | "main" => "",
            _ => plain,
        };
        let parts = [of.room].into_iter().chain(inside.split('/'));
        let module: Vec<String> = parts
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        let (tokens, declared) = without_tests(&tokens(&blanked(code)));
        let full = |name: String| {
            let parts = module.iter().cloned().chain([name]);
            parts.collect::<Vec<_>>().join("::")
        };
        Source {
            path: path.to_owned(),
            of,
            test_modules: declared.into_iter().map(full).collect(),
            module,
            tokens,
        }
    }

    fn is_test(&self, test_modules: &BTreeSet<String>) -> bool {
        let name = self.module.join("::");
        let last = self.module.last().map_or("", String::as_str);
        last.ends_with("tests")
            || self.module.iter().any(|part| part == "fixture")
            || test_modules.iter().any(|module| is_within(&name, module))
    }

    fn complaints(&self) -> Vec<String> {
        let name = self.module.join("::");
        let Some(rule) = rule_of(&name) else {
            let room = &self.module[0];
            return vec![format!(
                "{}:1: the room {room} has no rule; give it one in perf-tests/pure/layers.rs",
                self.path
            )];
        };
        let imports = self.imports();
        let mut told = Vec::new();
        for import in &imports {
            if let Some(what) = self.foreign(import, rule) {
                let room = if rule.room.is_empty() {
                    "the root"
                } else {
                    rule.room
                };
                told.push((
                    import.line,
                    format!("{room} must not import {what}: {}", rule.why),
                ));
            }
            let path = import.segments.join("::");
            let pure = PURE.iter().find(|room| is_within(&name, room));
            if let (Some(room), true) = (pure, IMPURE.iter().any(|bad| is_within(&path, bad))) {
                told.push((
                    import.line,
                    format!("{room} is pure and must not use {path}"),
                ));
            }
        }
        for (line, what) in self.prints() {
            if MACROS.contains(&what) {
                let complaint =
                    format!("`{what}` panics where its stream is closed or full: use {PRINTS}");
                told.push((line, complaint));
            } else if !may_print(&name) {
                let places = PRINTERS.join(" and ");
                let complaint = format!("`{what}` outside of {places}, which alone print or exit");
                told.push((line, complaint));
            }
        }
        told.sort();
        told.into_iter()
            .map(|(line, what)| format!("{}:{line}: {what}", self.path))
            .collect()
    }

    /// What an import leads to, from the room on; `None` when that is of another's crate.
    fn target(&self, import: &Import) -> Option<Vec<String>> {
        let up = import
            .segments
            .iter()
            .take_while(|segment| *segment == "super")
            .count();
        let first = import.segments[0].as_str();
        if first == "super" {
            let stays = self.module.len().saturating_sub(up);
            let parents = self.module[..stays].iter();
            return Some(parents.chain(&import.segments[up..]).cloned().collect());
        }
        let named = CRATES.iter().find(|one| one.name == first);
        let of = if first == "crate" {
            Some(self.of)
        } else {
            named
        }?;
        // The root gives it a shorter name.
        let is_renamed = of.room.is_empty()
            && import
                .segments
                .get(1)
                .is_some_and(|next| next == "connection");
        let room = if is_renamed { "optimize" } else { of.room };
        let room = Some(room.to_owned()).filter(|room| !room.is_empty());
        Some(
            room.into_iter()
                .chain(import.segments[1..].iter().cloned())
                .collect(),
        )
    }

    /// What an import leads to, when it is another room that the rule doesn't name.
    fn foreign(&self, import: &Import, rule: &Rule) -> Option<String> {
        let target = self.target(import)?;
        let room = target.first()?;
        let path = target.join("::");
        // A room without floors is open within; one that is all of it uses its floors as it likes.
        let is_own = if is_floor(rule.room) {
            is_within(&path, rule.room)
        } else {
            self.module.first() == Some(room)
        };
        // The root itself holds no items but rooms.
        let is_room = RULES.iter().any(|rule| is_within(rule.room, room));
        let allowed = rule.may.iter().any(|may| is_within(&path, may));
        (is_room && !is_own && !allowed).then_some(path)
    }

    fn prints(&self) -> Vec<(usize, &'static str)> {
        const HANDLES: [&str; 2] = ["stdout", "stderr"];
        let text = |i: usize| self.tokens.get(i).map_or("", |token| token.text.as_str());
        let mut found = Vec::new();
        for (i, token) in self.tokens.iter().enumerate() {
            let known =
                |names: &[&'static str]| names.iter().find(|name| **name == token.text).copied();
            let what = match text(i + 1) {
                "!" => known(&MACROS),
                "(" => known(&HANDLES),
                "::" if token.text == "process" && text(i + 2) == "exit" => Some("process::exit"),
                _ => None,
            };
            found.extend(what.map(|what| (token.line, what)));
        }
        found
    }

    fn imports(&self) -> Vec<Import> {
        let mut found = Vec::new();
        for i in 0..self.tokens.len() {
            let before = |n: usize| i.checked_sub(n).map_or("", |at| &self.tokens[at].text);
            // `pub(super)` and `pub(in crate::room)` import nothing.
            let is_visibility = matches!(
                [before(3), before(2), before(1)],
                [_, "pub", "("] | ["pub", "(", "in"]
            );
            let starts = before(1) != "::" && !is_visibility;
            if starts && is_word(&self.tokens[i].text) {
                tree(&self.tokens, i, &[], &mut found);
            }
        }
        found
    }
}

/// Follows a path, and every branch of a group in braces; returns the place behind it.
fn tree(tokens: &[Token], at: usize, before: &[String], found: &mut Vec<Import>) -> usize {
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
    let mut segments = before.to_vec();
    // `a::{self}` is `a`.
    if before.is_empty() || text(at) != "self" {
        segments.push(text(at).to_owned());
    }
    let (next, mut end) = (at + 2, at + 1);
    if text(at + 1) == "::" {
        if is_word(text(next)) || text(next) == "*" {
            return tree(tokens, next, &segments, found);
        }
        if text(next) == "{" {
            end = next + 1;
            while end < tokens.len() && text(end) != "}" {
                end = if text(end) == "," {
                    end + 1
                } else {
                    tree(tokens, end, &segments, found)
                };
            }
            return end + 1;
        }
    }
    let line = tokens[at].line;
    found.push(Import { line, segments });
    // `as name`, as far as a group's branch may have it.
    if text(end) == "as" {
        end += 2;
    }
    end
}

/// The rule with the longest name that a module lies in.
fn rule_of(module: &str) -> Option<&'static Rule> {
    let fits = RULES.iter().filter(|rule| {
        if rule.room.is_empty() {
            module.is_empty()
        } else {
            is_within(module, rule.room)
        }
    });
    fits.max_by_key(|rule| rule.room.len())
}

fn may_print(module: &str) -> bool {
    let mut places = PRINTERS.iter().chain(PRINT_EXCEPTIONS);
    places.any(|place| is_within(module, place))
}

/// Whether a rule is of a part of a room: it sees the other parts only as far as the rule says.
fn is_floor(room: &str) -> bool {
    room.contains("::")
}

/// Whether a path is `outer` or lies in it.
fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// Leaves out every item under `#[cfg(test)]`; tells the modules among them that are files.
fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<String>) {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
    let (mut kept, mut modules, mut i) = (Vec::new(), Vec::new(), 0);
    while i < tokens.len() {
        if !MARK
            .iter()
            .enumerate()
            .all(|(k, mark)| text(i + k) == *mark)
        {
            kept.push(tokens[i].clone());
            i += 1;
            continue;
        }
        let start = i;
        i += MARK.len();
        let mut depth = 0;
        // To the end of the item: its closing brace, or the semicolon of one without a body.
        while i < tokens.len() {
            match text(i) {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                _ => {}
            }
            i += 1;
            if depth == 0 && matches!(text(i - 1), "}" | ";") {
                break;
            }
        }
        if text(i - 1) == ";" && i >= start + 3 && text(i - 3) == "mod" {
            modules.push(text(i - 2).to_owned());
        }
    }
    (kept, modules)
}

fn tokens(code: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            let length = if is_part(first) {
                rest.find(|c| !is_part(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            if !first.is_whitespace() {
                let text = rest[..length].to_owned();
                found.push(Token {
                    line: number + 1,
                    text,
                });
            }
            rest = &rest[length..];
        }
    }
    found
}

/// The code with blanks in the place of comments, strings and characters; lines stay where they are.
fn blanked(code: &str) -> String {
    let mut left = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let is_inside_word = left.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if first == '"' {
            string(rest)
        } else if first == 'r' && !is_inside_word {
            raw_string(rest)
        } else if first == '\'' {
            character(rest)
        } else {
            0
        };
        if length == 0 {
            left.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            let lines = rest[..length].matches('\n').count();
            left.push_str(if lines == 0 { " " } else { "" });
            left.push_str(&"\n".repeat(lines));
            rest = &rest[length..];
        }
    }
    left
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// 0 when it is a word that begins with `r`.
fn raw_string(text: &str) -> usize {
    let hashes = text[1..].chars().take_while(|c| *c == '#').count();
    let open = 1 + hashes;
    if !text[open..].starts_with('"') {
        return 0;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let inside = &text[open + 1..];
    inside
        .find(&close)
        .map_or(text.len(), |at| open + 1 + at + close.len())
}

/// 0 when it is a lifetime.
fn character(text: &str) -> usize {
    let mut inside = text[1..].chars();
    match (inside.next(), inside.next()) {
        (Some('\\'), Some(_)) => text[3..].find('\'').map_or(0, |at| 3 + at + 1),
        (Some(c), Some('\'')) => 1 + c.len_utf8() + 1,
        _ => 0,
    }
}
