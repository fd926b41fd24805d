//! Projects with a database of their own can depend on the harness. `links = "sqlite3"` allows one version of
//! libsqlite3-sys in a dependency graph: with ours in it, cargo would refuse theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// What only the embedded server and the advisors need.
const LEFT_OUT: [&str; 7] = [
    "agentos-reference",
    "axum",
    "libsqlite3-sys",
    "moka",
    "redis",
    "rusqlite",
    "sqlparser",
];

/// How many crates the harness may add to a build, itself included.
const MOST: usize = 200;

/// The packages of a lockfile, as they are named in the lists of dependencies, each with its own list.
type Packages = BTreeMap<String, Vec<String>>;

/// What `cargo` printed.
fn cargo(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("cargo starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The lockfile of a project that has `neighbour` among its dependencies and the harness for its tests.
fn lockfile_beside(neighbour: &str) -> String {
    let project = tempfile::tempdir().expect("a folder");
    let manifest = format!(
        r#"
            [package]
            name = "dependent"
            edition = "2024"
            [dependencies]
            {neighbour}
            [dev-dependencies.agentos-perf]
            path = '{}'
            default-features = false
            features = ["harness"]
            [workspace]
        "#,
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::create_dir(project.path().join("src")).expect("a folder");
    std::fs::write(project.path().join("src/lib.rs"), "").expect("a file");
    std::fs::write(project.path().join("Cargo.toml"), manifest).expect("a file");
    cargo(project.path(), &["generate-lockfile", "--quiet"]);
    std::fs::read_to_string(project.path().join("Cargo.lock")).expect("a lockfile")
}

fn quoted<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.strip_prefix(key)?.split('"').nth(1)
}

fn packages(lockfile: &str) -> Packages {
    let mut packages = Packages::new();
    for block in lockfile.split("[[package]]").skip(1) {
        let field = |key| block.lines().find_map(|line| quoted(line, key));
        let name = field("name = ").expect("a name");
        let version = field("version = ").expect("a version");
        let dependencies = block.lines().filter_map(|line| quoted(line, " "));
        let dependencies: Vec<String> = dependencies.map(str::to_owned).collect();
        // The version is in a list where the name alone would say too little.
        packages.insert(name.to_owned(), dependencies.clone());
        packages.insert(format!("{name} {version}"), dependencies);
    }
    packages
}

/// The names of all that `package` needs, itself included.
fn needed_by<'a>(packages: &'a Packages, package: &'a str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::from([package]);
    let mut open = vec![package];
    while let Some(next) = open.pop() {
        let dependencies = packages.get(next).unwrap_or_else(|| panic!("no `{next}`"));
        open.extend(
            dependencies
                .iter()
                .map(String::as_str)
                .filter(|name| seen.insert(name)),
        );
    }
    seen.into_iter()
        .map(|name| name.split(' ').next().unwrap_or(name))
        .collect()
}

#[track_caller]
fn resolves_beside(neighbour: &str) {
    let packages = packages(&lockfile_beside(neighbour));
    let needed = needed_by(&packages, "agentos-perf");
    assert!(needed.contains("agentos-perf-core"), "{needed:?}");
    let unwanted: Vec<&str> = LEFT_OUT
        .into_iter()
        .filter(|name| needed.contains(name))
        .collect();
    assert!(unwanted.is_empty(), "the harness needs {unwanted:?}");
    let ours = neighbour.split(' ').next().expect("a name");
    assert!(needed_by(&packages, "dependent").contains(ours), "{ours}");
}

#[test]
fn rusqlite_of_the_same_version() {
    resolves_beside(r#"rusqlite = "0.43""#);
}

#[test]
fn an_older_rusqlite() {
    resolves_beside(r#"rusqlite = "0.38""#);
}

#[test]
fn a_much_older_rusqlite() {
    resolves_beside(r#"rusqlite = "0.32""#);
}

#[test]
fn sqlx_with_its_defaults() {
    resolves_beside(r#"sqlx = "0.8""#);
}

#[test]
fn sea_orm() {
    resolves_beside(r#"sea-orm = "1""#);
}

#[test]
fn the_harness_is_few_crates() {
    let printed = cargo(
        Path::new(env!("CARGO_MANIFEST_DIR")),
        &[
            "tree",
            "--locked",
            "--no-default-features",
            "--features",
            "harness",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--no-dedupe",
        ],
    );
    let crates: BTreeSet<&str> = printed.lines().collect();
    assert!(crates.len() > 50, "{printed}");
    assert!(crates.len() <= MOST, "{}: {crates:#?}", crates.len());
}
