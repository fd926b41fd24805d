//! A hundred ways to get the command line or the profile wrong, and what is told each time.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use agentos_perf::diagnostic::{Diagnostic, render_diagnostics};
use agentos_perf::harness::{Args, Environment, resolve};
use agentos_perf::profile::Profile;
use tempfile::TempDir;

/// A profile in which nothing is wrong; the cases exchange a line or two of it.
const GOOD: &str = r#"name = "shop"

[target]
timeout = "10s"

[health]
path = "/health"

[uptime]
path = "/health"

[scenario.browse]
arrivals = "users"
users = 10
think_time = "1s..3s"
duration = "20s"

[[scenario.browse.endpoint]]
name = "home"
path = "/"
weight = 60

[[scenario.browse.endpoint]]
name = "cart"
path = "/cart"
weight = 40

[scenario.rush]
arrivals = "constant"
rate = "50/s"
duration = "10s"

[[scenario.rush.endpoint]]
path = "/"

[scenario.sale]
arrivals = "steps"
steps = [10, 20, 40]
break_when = { p95 = "> 1 s", errors = "> 10 %" }
recovery = { duration = "10s" }
duration = "5s"

[[scenario.sale.endpoint]]
path = "/"

[scenario.most]
arrivals = "capacity"
rate = { from = "10/s", to = "100/s" }
precision = "5 %"
holds = ["browse::p95", { metric = "error_rate", limit = "< 1 %" }]
duration = "6s"

[[scenario.most.endpoint]]
path = "/"

[[requirement]]
name = "browse::p95"
scenario = "browse"
metric = "response_time_p95"
limit = "< 200 ms"

[[requirement]]
name = "rush::rate"
scenario = "rush"
checks = [{ metric = "throughput", limit = ">= 40/s" }]

[[requirement]]
name = "sale::users"
scenario = "sale"
checks = [
    { metric = "breaking_point", limit = "> 20" },
    { metric = "recovery_time", limit = "< 8 s" },
]

[[requirement]]
name = "most::rate"
scenario = "most"
metric = "capacity"
limit = ">= 50/s"
"#;

/// What is typed, what the environment says, and what is exchanged in the good profile.
struct Wrong {
    line: &'static str,
    environment: &'static [(&'static str, &'static str)],
    edits: &'static [(&'static str, &'static str)],
    files: &'static [(&'static str, &'static str)],
}

const fn typed(line: &'static str) -> Wrong {
    Wrong {
        line,
        environment: &[],
        edits: &[],
        files: &[],
    }
}

const fn set(environment: &'static [(&'static str, &'static str)]) -> Wrong {
    Wrong {
        environment,
        ..typed("")
    }
}

const fn edited(edits: &'static [(&'static str, &'static str)]) -> Wrong {
    Wrong {
        edits,
        ..typed("--profile shop.toml")
    }
}

const fn files(line: &'static str, files: &'static [(&'static str, &'static str)]) -> Wrong {
    Wrong {
        files,
        ..typed(line)
    }
}

const COMMAND_LINES: &[Wrong] = &[
    typed("--usres 100"),
    typed("--target-ulr http://localhost:8000"),
    typed("--ramp_up 5"),
    typed("--tokne=hunter2-secret"),
    typed("--wobble"),
    typed("-x"),
    typed("--users"),
    typed("--users --duration 5"),
    typed("--users ten"),
    typed("--users 0"),
    typed("--users -5"),
    typed("--users 1.5"),
    typed("--users 1000001"),
    typed("--users ''"),
    typed("--duration 5parsecs"),
    typed("--duration abc"),
    typed("--duration 0"),
    typed("--duration 2d"),
    typed("--duration -5s"),
    typed("--ramp-up 30s5m"),
    typed("--warm-up 1e3"),
    typed("--extend 5%"),
    typed("--settle=2s"),
    typed("--settle=soon"),
    typed("--timeout 0ms"),
    typed("--timeout 100ms"),
    typed("--rate 0"),
    typed("--rate fast"),
    typed("--rate 120ms"),
    typed("--rate 2000000/s"),
    typed("--rate 100"),
    typed("--connections none"),
    typed("--seed -1"),
    typed("--seed 99999999999999999999"),
    typed("--workers 5000"),
    typed("--confidence 100"),
    typed("--confidence 50%"),
    typed("--confidence sure"),
    typed("--strict=maybe"),
    typed("--list=yes"),
    typed("--exact=1"),
    typed("--format xml"),
    typed("--format=jsn"),
    typed("--color sometimes"),
    typed("--test-threads 0"),
    typed("--skip"),
    typed("-Z sanitizer"),
    typed("-q=yes"),
    typed("--report-dir ''"),
    typed("--scenarios nowhere"),
    typed("--scenarios thoughput"),
    typed("--scenarios ,"),
    typed("--scenarios api --rate 200"),
    typed("--scenarios burst --ramp-up 5"),
    typed("--scenarios throughput --users 5"),
    typed("--profile phase9"),
    typed("--profile nightly"),
    typed("--profile nowhere.toml"),
    typed("--profile ''"),
    typed("--target-url localhost:8000"),
    typed("--url localhost"),
    typed("--http 3"),
    typed("--http autoo"),
    typed("--url http:/localhost:8000"),
    typed("--url //localhost:8000"),
    typed("--url ftp://localhost"),
    typed("--url ws://localhost:8000"),
    typed("--url http://"),
    typed("--url http://localhost:99999"),
    typed("--url 'http://local host'"),
    typed("--url http://me:hunter2@localhost"),
    typed("--url me:hunter2@localhost"),
    typed("--url http://localhost/?debug=1"),
    typed("--url http://localhost/#top"),
    typed("--url ''"),
    typed("--token 'hunter2 with spaces'"),
    typed("--token 'Bearer hunter2'"),
    typed("--token hünter2"),
    typed("--token ''"),
    typed("--token-file nowhere.txt"),
    typed("--token hunter2 --token-file token.txt"),
    files("--token-file empty.txt", &[("empty.txt", "\n")]),
    files("--token-file two.txt", &[("two.txt", "hunter2\nhunter3\n")]),
    typed("--users ten --duration abc --rate fast --url localhost"),
];

const ENVIRONMENTS: &[Wrong] = &[
    set(&[("PERF_USERS", "ten")]),
    set(&[("PERF_USER", "10")]),
    set(&[("PERF_TARGET_ULR", "http://localhost")]),
    set(&[("PERF_DURATOIN", "5")]),
    set(&[("PERF_TOKN", "hunter2")]),
    set(&[("PERF_TARGET_URL", "localhost:8000")]),
    set(&[("PERF_STRICT", "perhaps")]),
    set(&[("PERF_TOKEN", "hunter2\nhunter3")]),
    set(&[("PERF_TOKEN", "hunter2"), ("PERF_TOKEN_FILE", "token.txt")]),
    set(&[("PERF_SCENARIOS", "api,webscoket")]),
    set(&[("PERF_PROFILE", "phase-8")]),
    typed("--otlp"),
    typed("--otlp localhost:4318"),
    typed("--otlp http://me:hunter2@localhost:4318"),
    typed("--otlp http://localhost:4318/?key=hunter2"),
    typed("--otlp-headers a=hunter2"),
    typed("--otlp http://localhost:4318 --otlp-headers hunter2 --otlp-timeout soon"),
    set(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://collector:4317"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2%,hunter3"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
    ]),
    set(&[
        ("PERF_RATE", "fast"),
        ("PERF_SEED", "x"),
        ("PERF_INSECURE", "2"),
    ]),
];

const PROFILES: &[Wrong] = &[
    edited(&[("timeout = \"10s\"", "timeuot = \"10s\"")]),
    edited(&[("[health]", "[heatlh]")]),
    edited(&[("name = \"shop\"", "name = \"shop\"\nuser = 5")]),
    edited(&[("name = \"shop\"", "name = shop")]),
    edited(&[("name = \"shop\"", "name = \"shop")]),
    edited(&[("name = \"shop\"", "name = \"shop\"\nname = \"shop\"")]),
    edited(&[("name = \"shop\"", "name = \"\"")]),
    edited(&[("name = \"shop\"", "name = 5")]),
    edited(&[("name = \"shop\"", "confidence = \"45 %\"\nseed = -3")]),
    edited(&[("[target]", "[[target]]")]),
    edited(&[("timeout = \"10s\"", "timeout = \"10 moons\"")]),
    edited(&[("timeout = \"10s\"", "timeout = true")]),
    edited(&[("timeout = \"10s\"", "http = \"h2\"\nhttps = 2")]),
    edited(&[("timeout = \"10s\"", "http = [\"2\"]")]),
    edited(&[(
        "timeout = \"10s\"",
        "timeout = \"2s\"\nconnect_timeout = \"5s\"",
    )]),
    edited(&[("timeout = \"10s\"", "timeout = \"150ms\"")]),
    edited(&[("timeout = \"10s\"", "url = \"shop.example\"")]),
    edited(&[(
        "timeout = \"10s\"",
        "base_path = \"v1\"\nbody_limit = \"16 Mi\"",
    )]),
    edited(&[(
        "timeout = \"10s\"",
        "base_path = \"/v1?x=1\"\nbody_limit = 0",
    )]),
    edited(&[(
        "timeout = \"10s\"",
        "headers = { Authorization = \"Bearer hunter2\" }",
    )]),
    edited(&[(
        "timeout = \"10s\"",
        "headers = { \"Ac cept\" = \"x\", Host = \"y\" }",
    )]),
    edited(&[(
        "timeout = \"10s\"",
        "headers = { Accept = \"a\\nb\", X-N = 5 }",
    )]),
    edited(&[(
        "timeout = \"10s\"",
        "headers = { Accept = \"a\", accept = \"b\" }",
    )]),
    edited(&[("timeout = \"10s\"", "headers = \"Accept: a\"")]),
    edited(&[(
        "path = \"/health\"\n\n[uptime]",
        "field = \"status\"\n\n[uptime]",
    )]),
    edited(&[(
        "path = \"/health\"\n\n[uptime]",
        "path = \"/health\"\nrequests = 0\n\n[uptime]",
    )]),
    edited(&[("[uptime]", "[uptime]\nevery = \"10s\"\nalone = \"5s\"")]),
    edited(&[(
        "path = \"/cart\"",
        "path = \"/cart\"\nanswer = {}\ncontains = \"\"\nlacks = []\nheader = { \"a b\" = \"c\" }\nanswers = { a = 1 }",
    )]),
    edited(&[(
        "path = \"/cart\"",
        "path = \"/cart\"\ntake = { order = \"text (\" }\nuntil = { status = \"done\" }\nanswer = { a = nan }",
    )]),
    edited(&[("arrivals = \"users\"", "arrivals = \"user\"")]),
    edited(&[("arrivals = \"users\"", "arrivals = \"closed\"")]),
    edited(&[("arrivals = \"users\"\n", "")]),
    edited(&[("users = 10", "users = 0")]),
    edited(&[("users = 10\n", "")]),
    edited(&[("users = 10", "users = 10\nrate = \"5/s\"\nevery = \"1s\"")]),
    edited(&[("think_time = \"1s..3s\"", "think_time = \"3s..1s\"")]),
    edited(&[("think_time = \"1s..3s\"", "think_time = \"1s-3s\"")]),
    edited(&[("think_time = \"1s..3s\"", "think_time = \"0s\"")]),
    edited(&[(
        "think_time = \"1s..3s\"",
        "think_time = { min = 1, max = 3 }",
    )]),
    edited(&[("duration = \"20s\"", "duration = \"20 sek\"")]),
    edited(&[("duration = \"20s\"\n", "")]),
    edited(&[("duration = \"20s\"", "duration = 90000")]),
    edited(&[("rate = \"50/s\"", "rate = \"50 rpm\"")]),
    edited(&[("rate = \"50/s\"\n", "")]),
    edited(&[("rate = \"50/s\"", "rate = \"40/s\"")]),
    edited(&[(
        "rate = \"50/s\"\nduration = \"10s\"",
        "rate = \"3/min\"\nduration = \"10s\"",
    )]),
    edited(&[(
        "arrivals = \"constant\"\nrate = \"50/s\"",
        "arrivals = \"burst\"\nusers = 5\nevery = \"30s\"",
    )]),
    edited(&[("steps = [10, 20, 40]", "steps = [10, 40, 20]")]),
    edited(&[("steps = [10, 20, 40]", "steps = [10, 10]")]),
    edited(&[("steps = [10, 20, 40]", "steps = []")]),
    edited(&[("steps = [10, 20, 40]", "steps = [0, 10, \"many\"]")]),
    edited(&[("steps = [10, 20, 40]", "steps = [10]")]),
    edited(&[("steps = [10, 20, 40]\n", "")]),
    edited(&[("steps = [10, 20, 40]", "users = 10")]),
    edited(&[(
        "break_when = { p95 = \"> 1 s\", errors = \"> 10 %\" }\n",
        "",
    )]),
    edited(&[(
        "{ p95 = \"> 1 s\", errors = \"> 10 %\" }",
        "{ p95 = \"> 10 %\", errors = \"> 1 s\" }",
    )]),
    edited(&[("{ p95 = \"> 1 s\", errors = \"> 10 %\" }", "{}")]),
    edited(&[("{ p95 = \"> 1 s\"", "{ p95 = \"< 1 s\"")]),
    edited(&[("{ p95 = \"> 1 s\"", "{ p95 = \"> 10 s\"")]),
    edited(&[("{ p95 = \"> 1 s\"", "{ p96 = \"> 1 s\"")]),
    edited(&[("errors = \"> 10 %\"", "errors = \">= 100 %\"")]),
    edited(&[("{ duration = \"10s\" }", "{ within = 0.5 }")]),
    edited(&[("{ duration = \"10s\" }", "{ duration = \"1s\" }")]),
    edited(&[("{ duration = \"10s\" }", "\"10s\"")]),
    edited(&[("recovery = { duration = \"10s\" }\n", "")]),
    edited(&[(
        "think_time = \"1s..3s\"",
        "think_time = \"1s..3s\"\nrecovery = { duration = \"5s\" }",
    )]),
    edited(&[(
        "rate = { from = \"10/s\", to = \"100/s\" }",
        "rate = \"10/s\"",
    )]),
    edited(&[(
        "{ from = \"10/s\", to = \"100/s\" }",
        "{ from = \"100/s\", to = \"10/s\" }",
    )]),
    edited(&[("{ from = \"10/s\", to = \"100/s\" }", "{ from = 0 }")]),
    edited(&[(
        "rate = \"50/s\"",
        "rate = { from = \"5/s\", to = \"50/s\" }",
    )]),
    edited(&[("precision = \"5 %\"", "precision = 5")]),
    edited(&[("[\"browse::p95\", ", "[\"browse::p59\", ")]),
    edited(&[("[\"browse::p95\", ", "[\"rush::rate\", 5, ")]),
    edited(&[("[\"browse::p95\", ", "[\"rush::rate\", ")]),
    edited(&[
        ("holds = [\"browse::p95\", {", "holds = [{"),
        ("\"< 1 %\" }]", "\"< 1 s\" }]"),
    ]),
    edited(&[(
        "holds = [\"browse::p95\", { metric = \"error_rate\", limit = \"< 1 %\" }]",
        "holds = []",
    )]),
    edited(&[(
        "metric = \"breaking_point\", limit = \"> 20\"",
        "metric = \"breaking_point\", limit = \"> 50\"",
    )]),
    edited(&[(
        "metric = \"breaking_point\", limit = \"> 20\"",
        "metric = \"breaking_point\", limit = \"== 20\"",
    )]),
    edited(&[(
        "metric = \"breaking_point\", limit = \"> 20\"",
        "metric = \"error_rate\", limit = \"< 1 %\"",
    )]),
    edited(&[("scenario = \"most\"", "scenario = \"sale\"")]),
    edited(&[("limit = \">= 50/s\"", "limit = \">= 500/s\"")]),
    edited(&[("weight = 60", "weight = 50")]),
    edited(&[("weight = 60", "weight = 70")]),
    edited(&[("weight = 60\n", "")]),
    edited(&[("weight = 60", "weight = 0.6")]),
    edited(&[("path = \"/cart\"", "path = \"cart\"")]),
    edited(&[("path = \"/cart\"", "path = \"http://shop.example/cart\"")]),
    edited(&[("path = \"/cart\"", "path = \"/my cart#top\"")]),
    edited(&[("path = \"/cart\"", "path = \"/my cart\"")]),
    edited(&[("path = \"/cart\"\n", "")]),
    edited(&[("name = \"cart\"", "name = \"home\"")]),
    edited(&[("name = \"cart\"", "name = \"each\"")]),
    edited(&[("name = \"cart\"", "method = \"PSOT\"")]),
    edited(&[("name = \"cart\"", "method = \"CONNECT\"")]),
    edited(&[("name = \"cart\"", "expect = 99")]),
    edited(&[("name = \"cart\"", "expect = [200, \"2xx\"]")]),
    edited(&[("name = \"cart\"", "expect = []")]),
    edited(&[("name = \"cart\"", "auth = \"yes\"")]),
    edited(&[("name = \"cart\"", "body = \"a\"\njson = { a = 1 }")]),
    edited(&[("name = \"cart\"", "json = { a = nan }")]),
    edited(&[("[scenario.rush]", "[scenario.\"rush hour\"]")]),
    edited(&[("[[scenario.rush.endpoint]]\npath = \"/\"", "")]),
    edited(&[("[[scenario.rush.endpoint]]", "[scenario.rush.endpoint]")]),
    edited(&[("name = \"browse::p95\"", "name = \"browse p95\"")]),
    edited(&[("name = \"browse::p95\"", "name = \"browse::\"")]),
    edited(&[("name = \"browse::p95\"\n", "")]),
    edited(&[("name = \"browse::p95\"", "name = \"rush::rate\"")]),
    edited(&[("scenario = \"browse\"", "scenario = \"brwose\"")]),
    edited(&[("scenario = \"browse\"\n", "")]),
    edited(&[(
        "scenario = \"browse\"",
        "scenario = \"browse\"\nseverity = \"high\"",
    )]),
    edited(&[(
        "metric = \"response_time_p95\"",
        "metric = \"response_time\"",
    )]),
    edited(&[(
        "metric = \"response_time_p95\"",
        "metric = \"respnse_time_mean\"",
    )]),
    edited(&[(
        "metric = \"response_time_p95\"",
        "metric = \"response_time_p100\"",
    )]),
    edited(&[("metric = \"response_time_p95\"", "metric = \"latency\"")]),
    edited(&[("metric = \"response_time_p95\"", "metric = \"error_rate\"")]),
    edited(&[("metric = \"response_time_p95\"", "metric = \"health_time\"")]),
    edited(&[("metric = \"response_time_p95\"\n", "")]),
    edited(&[("limit = \"< 200 ms\"", "limit = \"200 ms\"")]),
    edited(&[("limit = \"< 200 ms\"", "limit = \"> 200 ms\"")]),
    edited(&[("limit = \"< 200 ms\"", "limit = \"== 200 ms\"")]),
    edited(&[("limit = \"< 200 ms\"", "limit = \"< 200\"")]),
    edited(&[("limit = \"< 200 ms\"", "limit = \"< 0 ms\"")]),
    edited(&[("limit = \"< 200 ms\"", "limit = \"< 20 s\"")]),
    edited(&[("limit = \"< 200 ms\"", "limit = \"< 2 parsecs\"")]),
    edited(&[("limit = \"< 200 ms\"\n", "")]),
    edited(&[(
        "limit = \"< 200 ms\"",
        "limit = \"< 200 ms\"\nendpoint = \"crat\"",
    )]),
    edited(&[(
        "limit = \">= 40/s\"",
        "limit = \">= 40/s\", endpoint = \"each\"",
    )]),
    edited(&[("limit = \">= 40/s\"", "limit = \">= 60/s\"")]),
    edited(&[("limit = \">= 40/s\"", "limit = \"< 40/s\"")]),
    edited(&[(
        "checks = [{ metric = \"throughput\", limit = \">= 40/s\" }]",
        "checks = []",
    )]),
    edited(&[("checks = [{", "limit = \"< 5 %\"\nchecks = [{")]),
    edited(&[
        (
            "scenario = \"rush\"\nchecks = [{ metric = \"throughput\", limit = \">= 40/s\" }]",
            "metric = \"outages\"\nlimit = \"== 0\"",
        ),
        ("[uptime]\npath = \"/health\"\n", ""),
    ]),
    edited(&[(
        "[[requirement]]\nname = \"rush::rate\"",
        "[requirement]\nname = \"rush::rate\"",
    )]),
    edited(&[
        ("timeout = \"10s\"", "timeuot = \"10s\""),
        ("users = 10", "users = \"many\""),
        ("weight = 60", "weight = 50"),
        ("limit = \"< 200 ms\"", "limit = \"< 200\""),
    ]),
];

/// The profile with a scenario of WebSockets, and what is written into it.
macro_rules! chat {
    ($scenario:literal, $socket:literal) => {
        edited(&[(
            "[scenario.rush]",
            concat!(
                "[scenario.chat]\nusers = 10\nduration = \"20s\"\n",
                $scenario,
                "\n[scenario.chat.socket]\n",
                $socket,
                "\n[scenario.rush]"
            ),
        )])
    };
}

/// The same, with a requirement of its own.
macro_rules! chat_required {
    ($requirement:literal) => {
        edited(&[
            (
                "[scenario.rush]",
                "[scenario.chat]\narrivals = \"users\"\nusers = 10\nduration = \"20s\"\n\
                 [scenario.chat.socket]\npath = \"/ws\"\nmessage = \"{id}\"\n[scenario.rush]",
            ),
            (
                "[[requirement]]\nname = \"rush::rate\"",
                concat!(
                    "[[requirement]]\nname = \"chat::it\"\n",
                    $requirement,
                    "\n[[requirement]]\nname = \"rush::rate\""
                ),
            ),
        ])
    };
}

/// The same, with users who identify themselves.
macro_rules! identity {
    ($lines:literal) => {
        edited(&[(
            "[scenario.rush]",
            concat!("[identity]\n", $lines, "\n[scenario.rush]"),
        )])
    };
}

const SOCKETS: &[Wrong] = &[
    chat!("arrivals = \"users\"", ""),
    chat!(
        "arrivals = \"users\"",
        "path = \"/ws/{id}\"\nmessage = \"{id}\""
    ),
    chat!(
        "arrivals = \"users\"",
        "path = \"ws/{user}\"\nmessage = \"{id}\""
    ),
    chat!("arrivals = \"users\"", "path = \"/ws\"\nmessage = \"ping\""),
    chat!(
        "arrivals = \"users\"",
        "path = \"/ws\"\nmessage = \"{id}\"\nshare = 30"
    ),
    chat!(
        "arrivals = \"users\"",
        "path = \"/ws\"\nmessage = \"{id}\"\nshare = \"130 %\""
    ),
    chat!(
        "arrivals = \"users\"",
        "path = \"/ws\"\nmessage = \"{id}\"\nevry = \"1s\""
    ),
    chat!(
        "arrivals = \"users\"",
        "path = \"/ws\"\nmessage = \"{id}\"\nreply = { type = 1 }"
    ),
    chat!(
        "arrivals = \"users\"\nthink_time = \"1s\"",
        "path = \"/ws\"\nmessage = \"{id}\""
    ),
    chat!("arrivals = \"burst\"", "path = \"/ws\"\nmessage = \"{id}\""),
    chat!(
        "arrivals = \"users\"\nendpoint = [{ path = \"/\" }]",
        "path = \"/ws\"\nmessage = \"{id}\""
    ),
    chat!(
        "arrivals = \"users\"\nendpoint = [{ path = \"/\", name = \"connect\" }]",
        "path = \"/ws\"\nmessage = \"{id}\"\nshare = \"30 %\""
    ),
    chat_required!(
        "scenario = \"chat\"\nmetric = \"response_time_p95\"\nlimit = \"< 6 s\"\nendpoint = \"message\""
    ),
    chat_required!(
        "scenario = \"chat\"\nmetric = \"response_time_p95\"\nlimit = \"< 1 s\"\nendpoint = \"mesage\""
    ),
    chat_required!(
        "scenario = \"chat\"\nmetric = \"error_rate\"\nlimit = \"< 1 %\"\npopulation = \"http\""
    ),
    chat_required!(
        "scenario = \"chat\"\nmetric = \"error_rate\"\nlimit = \"< 1 %\"\npopulation = \"sockets\""
    ),
    chat_required!(
        "scenario = \"chat\"\nmetric = \"unexpected_closes\"\nlimit = \"== 0\"\npopulation = \"websocket\""
    ),
    chat_required!(
        "scenario = \"chat\"\nmetric = \"error_rate\"\nlimit = \"< 1 %\"\nendpoint = \"each\"\npopulation = \"websocket\""
    ),
    chat_required!("scenario = \"browse\"\nmetric = \"reconnects\"\nlimit = \"== 0\""),
    identity!("user = \"ann\""),
    identity!("claims = \"sub\""),
    identity!("algorithm = \"none\""),
    identity!("expires = \"soon\""),
    identity!("headers = { Authorization = \"Bearer {token}\" }"),
    identity!("login = { path = \"/login\" }"),
    identity!("login = { path = \"login\", json = { user = \"{user}\" } }"),
    identity!("shard = true"),
    edited(&[(
        "timeout = \"10s\"",
        "timeout = \"10s\"\nheaders = { X-User = \"{usre}\" }",
    )]),
    files(
        "--users-file users.csv",
        &[("users.csv", "user,token\nann,\n")],
    ),
    files(
        "--users-file users.csv",
        &[("users.csv", "{\"user\":\"ann\"")],
    ),
    files("--users-file none.csv", &[]),
    typed("--jwt-secret="),
    set(&[("PERF_USER_FILE", "x")]),
];

const TOGETHER: &[Wrong] = &[
    Wrong {
        environment: &[("PERF_SEED", "x"), ("PERF_USER", "7")],
        edits: &[("path = \"/cart\"", "path = \"cart\"")],
        ..typed("--users ten --profile shop.toml --scenarios browse,rsuh")
    },
    files("--profile empty.toml", &[("empty.toml", "")]),
    files("--profile binary.toml", &[("binary.toml", "\u{0}\u{1}")]),
    files(
        "--profile mine.toml",
        &[("mine.toml", "extends = \"phase7\"\n")],
    ),
    files(
        "--profile mine.toml",
        &[("mine.toml", "extends = \"other.toml\"\n")],
    ),
    files(
        "--profile a.toml",
        &[
            ("a.toml", "extends = \"b.toml\"\n"),
            ("b.toml", "extends = \"a.toml\"\n"),
        ],
    ),
    files(
        "--profile mine.toml",
        &[(
            "mine.toml",
            "extends = \"phase8\"\nwithout = [\"throughput::rsp\"]\n[scenario.api]\nuser = 5\n",
        )],
    ),
    files(
        "--profile mine.toml",
        &[(
            "mine.toml",
            "extends = \"phase8\"\n[[scenario.api.endpoint]]\nname = \"users\"\npath = \"/u\"\nweight = 10\n",
        )],
    ),
    files(
        "--profile mine.toml",
        &[("mine.toml", "without = [\"a::b\"]\n")],
    ),
];

/// What is told, with file names as they were typed.
fn outcome(wrong: &Wrong) -> Result<(Args, Profile), Vec<Diagnostic>> {
    let folder = TempDir::new().expect("a folder");
    write(folder.path(), "token.txt", "hunter2");
    if !wrong.edits.is_empty() {
        let mut text = GOOD.to_owned();
        for (from, to) in wrong.edits {
            assert!(text.contains(from), "the good profile has no {from:?}");
            text = text.replacen(from, to, 1);
        }
        write(folder.path(), "shop.toml", &text);
    }
    for (name, text) in wrong.files {
        write(folder.path(), name, text);
    }
    let own = |word: String| {
        let is_file = Path::new(&word).extension().is_some() && !word.contains("://");
        if is_file && !word.contains('@') && !word.contains('=') && !word.starts_with("1.") {
            folder.path().join(&word).into_os_string()
        } else {
            OsString::from(word)
        }
    };
    let argv: Vec<OsString> = words(wrong.line).into_iter().map(own).collect();
    let environment: Environment = wrong
        .environment
        .iter()
        .map(|(name, value)| (OsString::from(name), own((*value).to_owned())))
        .collect();
    let outcome = resolve(argv, &environment);
    let folder = format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR);
    outcome.map_err(|problems| {
        let plain = |text: String| text.replace(&folder, "");
        problems
            .into_iter()
            .map(|mut problem| {
                if let agentos_perf::diagnostic::Origin::File { file, .. } = &mut problem.place {
                    *file = plain(std::mem::take(file));
                }
                problem.message = plain(problem.message);
                problem.help = problem.help.map(plain);
                problem
            })
            .collect()
    })
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("a file");
}

/// Words as a shell splits them; only single quotes are known.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn shown(wrong: &Wrong) -> String {
    let mut text = String::new();
    let variables: Vec<String> = wrong
        .environment
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    let line = [variables.join(" "), wrong.line.to_owned()];
    let line: Vec<&str> = line
        .iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    let _ = writeln!(text, "$ {}", line.join(" "));
    for (from, to) in wrong.edits {
        for line in from.lines() {
            let _ = writeln!(text, "  - {line}");
        }
        for line in to.lines() {
            let _ = writeln!(text, "  + {line}");
        }
    }
    for (name, content) in wrong.files {
        let _ = writeln!(text, "  {name}: {content:?}");
    }
    text
}

#[test]
fn a_hundred_ways_to_get_it_wrong() {
    let tables = [COMMAND_LINES, ENVIRONMENTS, PROFILES, SOCKETS, TOGETHER];
    let cases: Vec<&Wrong> = tables.into_iter().flatten().collect();
    assert!(cases.len() >= 100, "{} cases", cases.len());
    let mut table = String::new();
    for wrong in cases {
        let told = match outcome(wrong) {
            Ok(_) => "NOTHING IS TOLD\n".to_owned(),
            Err(problems) => render_diagnostics(&problems),
        };
        let typed = shown(wrong);
        let _ = writeln!(table, "{typed}{told}");
        for secret in ["hunter2", "hunter3", "hünter2"] {
            assert!(!told.contains(secret), "a secret is told:\n{typed}{told}");
        }
    }
    insta::assert_snapshot!(table);
    assert!(
        !table.contains("NOTHING IS TOLD"),
        "something wrong was taken"
    );
}

#[test]
fn the_good_profile_is_good() {
    let good = Wrong {
        edits: &[("shop", "shop")],
        ..typed("--profile shop.toml")
    };
    let told = outcome(&good).map_err(|problems| render_diagnostics(&problems));
    let (args, profile) = told.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(profile.name, "shop");
    assert_eq!(args.target, None);
}
