//! The composite action for GitHub, run without GitHub: its script with a stand-in for the binary, what its steps tell
//! one another, and the manifest in a folder of another repository.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::Server;
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const FINGERPRINT: &str = "0123456789abcdef";
const BUILD: &str = "agentos-perf-Linux-X64-fedcba9876543210";
/// Where a baseline `main` is with these two.
const FILE: &str = "target/perf/baselines/main+0123456789abcdef-fedcba98.json";

/// A job of a calling repository: its folder, and what its steps left.
struct Job {
    folder: TempDir,
    root: PathBuf,
}

/// One step: what it told, and its outputs.
struct Step {
    output: Output,
    text: String,
    outputs: Vec<(String, String)>,
}

impl Job {
    fn new() -> Job {
        let folder = TempDir::new().expect("a temporary folder");
        for name in ["caller", "temp/agentos-perf/bin"] {
            fs::create_dir_all(folder.path().join(name)).expect("a folder");
        }
        let root = ROOT.into();
        Job { folder, root }
    }

    /// One whose binary was built already.
    fn with(binary: impl AsRef<Path>) -> Job {
        let job = Job::new();
        // A link, as a program that was just written may be busy while another test starts a process.
        symlink(binary, job.binary()).expect("a link");
        job
    }

    fn fake() -> Job {
        Job::with(stand_in("agentos-perf"))
    }

    fn caller(&self) -> PathBuf {
        self.folder.path().join("caller")
    }

    fn temp(&self) -> PathBuf {
        self.folder.path().join("temp")
    }

    fn binary(&self) -> PathBuf {
        self.temp().join("agentos-perf/bin/agentos-perf")
    }

    /// A file that a stand-in left, line by line.
    fn lines_of(&self, path: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join(path)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn step(&self, name: &str, variables: &[(&str, &str)]) -> Step {
        let outputs = self.folder.path().join("outputs");
        let _ = fs::remove_file(&outputs);
        let usual = [
            ("RUNNER_OS", "Linux"),
            ("RUNNER_ARCH", "X64"),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_REF", "refs/heads/main"),
            ("GITHUB_RUN_ID", "77"),
            ("GITHUB_RUN_ATTEMPT", "2"),
            ("DEFAULT_BRANCH", "main"),
            ("BASELINE", "main"),
            ("BASELINE_FILE", ""),
            ("BUILD", BUILD),
            ("FLAGS", ""),
            ("FILTERS", ""),
            ("FAKE_FINGERPRINT", FINGERPRINT),
        ];
        let output = Command::new("bash")
            .arg(self.root.join(".github/actions/perf/perf.sh"))
            .arg(name)
            .current_dir(self.caller())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").expect("a path"))
            .env("RUNNER_TEMP", self.temp())
            .env("GITHUB_OUTPUT", &outputs)
            .envs(usual)
            .envs(variables.iter().copied())
            .output()
            .expect("bash runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        let written = fs::read_to_string(outputs).unwrap_or_default();
        assert!(written.is_empty() || written.ends_with('\n'), "{written:?}");
        let outputs = written.lines().map(|line| {
            let (name, value) = line.split_once('=').expect("a name and a value");
            let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
            assert!(is_name && !value.is_empty(), "{line:?}");
            (name.to_owned(), value.to_owned())
        });
        Step {
            outputs: outputs.collect(),
            output,
            text,
        }
    }
}

impl Step {
    fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    fn get(&self, name: &str) -> &str {
        let found = self.outputs.iter().find(|(given, _)| given == name);
        found.map_or("", |(_, value)| value)
    }
}

fn stand_in(name: &str) -> PathBuf {
    Path::new(ROOT).join("perf-tests/action").join(name)
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).expect(path)
}

#[test]
fn words_arrive_one_by_one_and_none_is_evaluated() {
    let job = Job::fake();
    fs::write(job.caller().join("file"), "").expect("a file");
    let flags = "--users 50\n--duration   60\n\t--seed 1\n";
    let filters = "p95\n* $(touch a) `touch b`; touch c & \"of two\" 'of' $HOME \\n || exit 3";
    let words = "--users 50 --duration 60 --seed 1 \
                 p95 * $(touch a) `touch b`; touch c & \"of two\" 'of' $HOME \\n || exit 3";
    let variables = [("FLAGS", flags), ("FILTERS", filters)];
    for (step, file, first) in [
        ("judge", "session", "test --report-dir target/perf"),
        ("baseline", "fingerprint", "test --fingerprint"),
    ] {
        let done = job.step(step, &variables);
        assert_eq!(done.code(), Some(0), "{}", done.text);
        let wanted: Vec<&str> = first.split(' ').chain(words.split(' ')).collect();
        assert_eq!(job.lines_of(&format!("caller/{file}.told")), wanted);
    }
    let hostile = "x$(touch a)\nkey=y;touch b'\"";
    let refused = job.step("baseline", &[("BASELINE", hostile)]);
    assert_eq!(refused.code(), Some(2), "{}", refused.text);
    assert!(refused.outputs.is_empty());
    for name in ["a", "b", "c"] {
        assert!(!job.caller().join(name).exists(), "{name} was made");
    }
}

#[test]
fn only_what_the_default_branch_came_to_is_added_and_all_else_is_compared() {
    let main = "refs/heads/main";
    for (event, reference, saves) in [
        ("push", main, true),
        ("workflow_dispatch", main, true),
        ("schedule", main, true),
        ("push", "refs/heads/other", false),
        ("push", "refs/tags/main", false),
        ("workflow_dispatch", "refs/heads/other", false),
        ("pull_request", "refs/pull/1/merge", false),
        // These run a foreign commit, or may, under the name of the default branch.
        ("pull_request_target", main, false),
        ("workflow_run", main, false),
        ("issue_comment", main, false),
    ] {
        let job = Job::fake();
        let place = job.caller().join(FILE);
        fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        fs::write(place, "").expect("a file");
        let variables = [
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_REF", reference),
            ("BASELINE_FILE", FILE),
            ("FILTERS", "p95"),
        ];
        let done = job.step("judge", &variables);
        assert_eq!(done.code(), Some(0), "{}", done.text);
        let flag = ["--baseline", "--save-baseline"][usize::from(saves)];
        let wanted = ["test", "--report-dir", "target/perf", flag, FILE, "p95"];
        assert_eq!(job.lines_of("caller/session.told"), wanted, "{event}");
        assert_eq!(done.get("keep") == "true", saves, "{event}");
        assert!(!done.text.contains("::notice::"), "{}", done.text);
    }
    // The event of a schedule does not always name a default branch; that of a push does.
    for (event, saves) in [("schedule", true), ("push", false)] {
        let job = Job::fake();
        let nameless = [
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_REF", "refs/heads/main"),
            ("DEFAULT_BRANCH", ""),
            ("BASELINE_FILE", FILE),
        ];
        job.step("judge", &nameless);
        let told = job.lines_of("caller/session.told");
        assert_eq!(told.contains(&"--save-baseline".to_owned()), saves);
    }
}

#[test]
fn without_a_like_baseline_a_pull_request_is_judged_and_told_so() {
    let job = Job::fake();
    let variables = [
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_REF", "refs/pull/1/merge"),
        ("BASELINE_FILE", FILE),
    ];
    let done = job.step("judge", &variables);
    assert_eq!(done.code(), Some(0), "{}", done.text);
    let wanted = ["test", "--report-dir", "target/perf"];
    assert_eq!(job.lines_of("caller/session.told"), wanted);
    assert!(done.text.starts_with("::notice::there is no baseline yet"));
    let unasked = job.step("judge", &[("GITHUB_EVENT_NAME", "pull_request")]);
    assert_eq!(unasked.text, "");
}

#[test]
fn the_exit_code_is_the_session_s_and_what_failed_is_not_kept() {
    for code in ["1", "2", "101", "130"] {
        let job = Job::fake();
        fs::create_dir_all(job.caller().join("target/perf/baselines")).expect("a folder");
        fs::write(job.caller().join(FILE), "").expect("a file");
        for step in ["judge", "baseline"] {
            let done = job.step(step, &[("FAKE_CODE", code), ("BASELINE_FILE", FILE)]);
            assert_eq!(done.code(), code.parse().ok(), "{step}");
            assert!(done.outputs.is_empty(), "{step}");
        }
    }
    // The harness did not keep it, as not all loads were run.
    let job = Job::fake();
    let done = job.step("judge", &[("BASELINE_FILE", FILE)]);
    assert_eq!((done.code(), done.outputs.len()), (Some(0), 0));
}

#[test]
fn baselines_of_other_names_plans_and_builds_never_meet() {
    let job = Job::fake();
    let main = job.step("baseline", &[]);
    assert_eq!(main.code(), Some(0), "{}", main.text);
    assert_eq!(main.get("file"), FILE);
    let prefix = "perf-baseline-main+0123456789abcdef-fedcba98-";
    assert_eq!(main.get("prefix"), prefix);
    assert_eq!(main.get("key"), format!("{prefix}77-2"));
    for (variable, value) in [
        ("BASELINE", "main-slow"),
        ("BASELINE", "main-0123456789abcdef"),
        ("BASELINE", "mai"),
        ("FAKE_FINGERPRINT", "fedcba9876543210"),
        ("BUILD", "agentos-perf-Linux-X64-0123456789abcdef"),
    ] {
        let other = job.step("baseline", &[(variable, value)]);
        assert_eq!(other.code(), Some(0), "{}", other.text);
        assert!(!other.get("key").starts_with(prefix), "{value}");
        assert!(!main.get("key").starts_with(other.get("prefix")), "{value}");
        assert_ne!(main.get("file"), other.get("file"), "{value}");
    }
    // What a flag such as --help prints is not a fingerprint, and no output either.
    for printed in ["", "Usage:\nkey=theirs", "0123456789abcdef\nkey=theirs"] {
        let other = job.step("baseline", &[("FAKE_FINGERPRINT", printed)]);
        assert_eq!(other.code(), Some(2), "{printed:?}");
        assert!(other.outputs.is_empty(), "{printed:?}");
    }
    for name in ["a/b", "a b", "a\nkey=b", "a+b", "a,b", "../main"] {
        let other = job.step("baseline", &[("BASELINE", name)]);
        assert_eq!(other.code(), Some(2), "{name:?}");
        assert!(other.text.starts_with("::error::"), "{}", other.text);
        assert!(other.outputs.is_empty(), "{name:?}");
    }
}

#[test]
fn the_build_is_not_the_caller_s() {
    let job = Job::new();
    let path = std::env::var("PATH").expect("a path");
    let path = format!("{}:{path}", stand_in("").display());
    let temp = job.temp().display().to_string();
    let variables = [
        ("PATH", path.as_str()),
        ("CARGO_HOME", "/a/home"),
        ("CARGO_NET_RETRY", "5"),
        ("CARGO_BUILD_TARGET", "wasm32-unknown-unknown"),
        ("CARGO_TARGET_DIR", "/elsewhere"),
        ("CARGO_ENCODED_RUSTFLAGS", "-Dwarnings"),
        ("CARGO_PROFILE_RELEASE_LTO", "off"),
        ("RUSTFLAGS", "-D warnings"),
        ("RUSTC_WRAPPER", "sccache"),
        ("RUSTUP_TOOLCHAIN", "1.70"),
    ];
    let built = job.step("build", &variables);
    assert_eq!(built.code(), Some(0), "{}", built.text);
    assert_eq!(built.get("built"), "true");
    assert!(job.binary().exists());
    let told = job.lines_of("temp/cargo.told");
    // Cargo and rustup look for configuration from the folder that they are run in upwards.
    assert_eq!(told[0], format!("{temp}/agentos-perf"));
    for pair in [
        ["--manifest-path", &format!("{ROOT}/Cargo.toml")],
        ["--target", "some-machine-somewhere"],
        ["--target-dir", &format!("{temp}/agentos-perf/target")],
    ] {
        assert!(told.windows(2).any(|words| words == pair), "{told:?}");
    }
    let environment = job.lines_of("temp/environment.told");
    let mut steering: Vec<&str> = environment
        .iter()
        .map(String::as_str)
        .filter(|line| line.starts_with("CARGO") || line.starts_with("RUST"))
        .collect();
    steering.sort_unstable();
    let kept = [
        "CARGO_HOME=/a/home",
        "CARGO_NET_RETRY=5",
        "RUSTUP_TOOLCHAIN=stable",
    ];
    assert_eq!(steering, kept);
    let rustup = job.lines_of("temp/rustup.told");
    assert_eq!(rustup[1], "toolchain install stable --profile minimal");

    // What runs is not built again; what does not, as on another system, is.
    fs::remove_file(job.temp().join("cargo.told")).expect("a file");
    let stored = job.step("build", &variables);
    assert_eq!(stored.get("built"), "false");
    assert!(job.lines_of("temp/cargo.told").is_empty());
    fs::write(job.binary(), "of another system").expect("a file");
    assert_eq!(job.step("build", &variables).get("built"), "true");
    let again = job.step("build", &variables);
    assert_eq!(again.get("built"), "false", "{}", again.text);
}

#[test]
fn cargo_itself_builds_in_a_repository_that_is_configured_otherwise() {
    let mut job = Job::new();
    job.root = job.caller().join(".agentos-perf");
    let script = read(".github/actions/perf/perf.sh");
    for (path, text) in [
        ("Cargo.toml", "[workspace]\nmembers = []\n"),
        ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.0.0\"\n"),
        (
            ".cargo/config.toml",
            "[build]\ntarget = \"no-such-target\"\nrustflags = [\"--no-such-flag\"]\ntarget-dir = \"theirs\"\n",
        ),
        (
            ".agentos-perf/Cargo.toml",
            "[workspace]\n[package]\nname = \"agentos-perf\"\nversion = \"0.0.0\"\nedition = \"2021\"\n",
        ),
        (
            ".agentos-perf/Cargo.lock",
            "version = 3\n[[package]]\nname = \"agentos-perf\"\nversion = \"0.0.0\"\n",
        ),
        (
            ".agentos-perf/src/main.rs",
            "fn main() { println!(\"built\"); }",
        ),
        (".agentos-perf/.github/actions/perf/perf.sh", &script),
    ] {
        let place = job.caller().join(path);
        fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        fs::write(place, text).expect("a file");
    }
    let homes = ["HOME", "CARGO_HOME", "RUSTUP_HOME"];
    let homes = homes.map(|name| (name, std::env::var(name)));
    let homes = homes
        .iter()
        .filter_map(|(name, value)| Some((*name, value.as_deref().ok()?)));
    let built = job.step("build", &homes.collect::<Vec<_>>());
    assert_eq!(built.get("built"), "true", "{}", built.text);
    let output = Command::new(job.binary()).output().expect("it runs");
    assert_eq!(output.stdout, b"built\n");
}

#[test]
fn the_key_of_the_build_is_of_what_it_is_made_from() {
    let mut job = Job::new();
    job.root = job.caller().join(".agentos-perf");
    let files = [
        "Cargo.toml",
        "Cargo.lock",
        "src/lib.rs",
        "src/deep/er.css",
        "fixtures/a b.toml",
        ".github/actions/perf/perf.sh",
    ];
    for file in files {
        let place = job.root.join(file);
        fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        fs::write(place, "before").expect("a file");
    }
    let script = ".github/actions/perf/perf.sh";
    fs::write(job.root.join(script), read(script)).expect("a script");
    let key = || {
        let done = job.step("key", &[]);
        assert_eq!(done.code(), Some(0), "{}", done.text);
        assert_eq!(
            Path::new(done.get("folder")),
            job.binary().parent().unwrap()
        );
        done.get("key").to_owned()
    };
    let mut before = key();
    assert!(before.starts_with("agentos-perf-Linux-X64-"), "{before}");
    assert_eq!(before.rsplit('-').next().map(str::len), Some(64));
    assert_eq!(key(), before);
    fs::write(job.root.join("README.md"), "words").expect("a file");
    assert_eq!(key(), before, "words are not built");
    for file in &files[..5] {
        fs::write(job.root.join(file), "after").expect("a file");
        let after = key();
        assert_ne!(after, before, "{file}");
        before = after;
    }
    fs::rename(job.root.join("src/lib.rs"), job.root.join("src/bib.rs")).expect("a file");
    assert_ne!(key(), before, "a name");
}

#[test]
fn in_a_folder_of_a_foreign_workspace_it_is_a_package_of_its_own() {
    let folder = TempDir::new().expect("a temporary folder");
    let write = |path: &str, text: &str| {
        let place = folder.path().join(path);
        fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        fs::write(place, text).expect("a file");
    };
    write("Cargo.toml", "[workspace]\nmembers = [\"theirs\"]\n");
    write("theirs/Cargo.toml", "[package]\nname = \"theirs\"\n");
    write("theirs/src/lib.rs", "");
    write(".agentos-perf/Cargo.toml", &read("Cargo.toml"));
    for name in ["src", "crates", "perf-tests", "README.md"] {
        let place = folder.path().join(".agentos-perf").join(name);
        symlink(Path::new(ROOT).join(name), place).expect("a link");
    }
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .arg("--manifest-path")
        .arg(folder.path().join(".agentos-perf/Cargo.toml"))
        .current_dir(folder.path())
        .output()
        .expect("cargo runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("\"name\":\"agentos-perf\"") && !told.contains("theirs"));
}

/// The names under a key of a YAML file that stand this deep.
fn names_under(text: &str, key: &str, depth: usize) -> Vec<String> {
    let is_within = |line: &&str| line.is_empty() || line.starts_with(&" ".repeat(depth));
    let behind = text.lines().skip_while(|line| line.trim() != key).skip(1);
    let names = behind.take_while(is_within).filter_map(|line| {
        let (name, _) = line.get(depth..)?.split_once(':')?;
        let is_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        name.chars().all(is_name).then(|| name.to_owned())
    });
    names.collect()
}

#[test]
fn every_input_and_every_variable_is_handed_on() {
    let action = read(".github/actions/perf/action.yml");
    let workflow = read(".github/workflows/perf.yml");
    let inputs = names_under(&action, "inputs:", 2);
    assert!(inputs.contains(&"artifact".to_owned()), "{inputs:?}");
    let handed = &workflow[workflow.find("/actions/perf").expect("the action")..];
    assert_eq!(names_under(handed, "with:", 10), inputs);
    let called = names_under(&workflow, "inputs:", 6);
    let secrets = names_under(&workflow, "secrets:", 6);
    for input in &inputs {
        assert!(called.contains(input) || secrets.contains(input), "{input}");
        let uses = [
            format!("${{{{ inputs.{input} }}}}"),
            format!("inputs.{input} "),
        ];
        assert!(uses.iter().any(|used| action.contains(used)), "{input}");
    }
    // Inputs are variables, never parts of a command.
    let commands = action
        .lines()
        .filter_map(|line| line.trim().strip_prefix("run: "));
    let commands: Vec<&str> = commands.collect();
    let of_script = ["key", "build", "baseline", "judge"];
    let wanted = of_script.map(|step| format!("bash \"$GITHUB_ACTION_PATH/perf.sh\" {step}"));
    assert_eq!(commands, wanted);

    // The script is told what it reads.
    let script = read(".github/actions/perf/perf.sh");
    let steps = action.split("    - name: ");
    let steps: Vec<&str> = steps.filter(|step| step.contains("perf.sh")).collect();
    for (name, step) in of_script.iter().zip(steps) {
        let start = script.find(&format!("\n{name}() {{")).expect("a function");
        let body = &script[start..start + script[start..].find("\n}\n").expect("an end")];
        for variable in [
            "BASELINE_FILE",
            "BASELINE",
            "BUILD",
            "FLAGS",
            "FILTERS",
            "DEFAULT_BRANCH",
        ] {
            let used = body
                .match_indices(&format!("${variable}"))
                .any(|(at, found)| {
                    !body[at + found.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
                });
            let through = variable == "DEFAULT_BRANCH" && body.contains("is_of_default_branch");
            let braced = body.contains(&format!("${{{variable}"));
            let given = step.contains(&format!(" {variable}: "));
            assert_eq!(used || through || braced, given, "{variable} of {name}");
        }
    }
}

#[test]
fn real_sessions_meet_their_like_alone() {
    let job = Job::with(env!("CARGO_BIN_EXE_agentos-perf"));
    let server = Server::start(&["latency=5ms"]);
    let profile = |duration: &str| {
        let text = format!(
            "name = \"own\"\n[scenario.load]\narrivals = \"constant\"\nrate = \"50/s\"\nduration = \"{duration}\"\n\
             [[scenario.load.endpoint]]\nname = \"health\"\npath = \"/health\"\n\
             [[requirement]]\nname = \"load::errors\"\nscenario = \"load\"\nmetric = \"error_rate\"\nlimit = \"< 50 %\"\n"
        );
        fs::write(job.caller().join("perf.toml"), text).expect("a profile");
    };
    let run = |event: &str| {
        let usual = [
            ("PERF_TARGET_URL", server.url.as_str()),
            ("PERF_PROFILE", "perf.toml"),
            ("FLAGS", "--warm-up 0\n--ramp-up 0"),
            ("GITHUB_EVENT_NAME", event),
        ];
        let found = job.step("baseline", &usual);
        assert_eq!(found.code(), Some(0), "{}", found.text);
        let file = found.get("file").to_owned();
        let judged = job.step("judge", &[&usual[..], &[("BASELINE_FILE", &file)]].concat());
        (file, judged)
    };
    profile("2s");
    let (file, first) = run("push");
    assert_eq!(first.code(), Some(0), "{}", first.text);
    assert!(first.text.contains("(1 session)"), "{}", first.text);
    assert_eq!(first.get("keep"), "true");
    let (_, second) = run("push");
    assert!(second.text.contains("(2 sessions)"), "{}", second.text);
    let (same, compared) = run("pull_request");
    assert_eq!(same, file);
    let text = &compared.text;
    assert!(text.contains("test baseline::no_regression"), "{text}");
    assert!(!text.contains(" differs ("), "{text}");

    // An edited profile is neither refused nor a regression.
    profile("1s");
    let (other, unlike) = run("pull_request");
    assert_ne!(other, file);
    assert!(unlike.text.starts_with("::notice::"), "{}", unlike.text);
    assert!(!unlike.text.contains("no_regression"), "{}", unlike.text);
    let (_, anew) = run("push");
    assert_eq!(anew.code(), Some(0), "{}", anew.text);
    assert!(anew.text.contains("(1 session)"), "{}", anew.text);
    // What is wrong with the profile is told as it always is, and nothing is sent.
    fs::write(job.caller().join("perf.toml"), "nonsense = 1").expect("a profile");
    let wrong = job.step("baseline", &[("PERF_PROFILE", "perf.toml")]);
    assert_eq!(wrong.code(), Some(2), "{}", wrong.text);
    assert!(wrong.text.contains("nonsense") && wrong.outputs.is_empty());
}
