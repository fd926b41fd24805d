#!/usr/bin/env bash
# The steps of the composite action beside it that are more than a line: perf.sh key|build|baseline|judge.
#
# All it is told comes as variables, so that no input becomes a part of a command. perf-tests/session/action.rs runs it without
# GitHub. Bash 3.2, which macOS has, takes an empty array for an unset one: none is expanded here that may be empty.
set -euo pipefail
# Inputs are split into words at blanks and line breaks; a `*` among them is not a pattern.
set -f

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
# Neither below the calling repository, nor in what it keeps.
own=$RUNNER_TEMP/agentos-perf
binary=$own/bin/agentos-perf
[ "${RUNNER_OS:-}" != Windows ] || binary=$binary.exe

# Names and values are of one line: what may be in them is checked where they come from.
output() { printf '%s=%s\n' "$1" "$2" >> "$GITHUB_OUTPUT"; }
fail() { echo "::error::$1"; exit 2; }

# What the build hangs on, as a key. `hashFiles` sees no files outside of the calling repository.
key() {
    local sum hash
    if command -v sha256sum > /dev/null; then sum="sha256sum"; else sum="shasum -a 256"; fi
    # Programs are linked against their system's libraries: an older one can't run them.
    # shellcheck disable=SC2086
    hash=$(
        cd "$root"
        {
            cat /etc/os-release 2> /dev/null || true
            find Cargo.toml Cargo.lock src fixtures .github/actions/perf -type f -print0 | LC_ALL=C sort -z | xargs -0 $sum
        } | $sum
    )
    output folder "$own/bin"
    output key "agentos-perf-$RUNNER_OS-$RUNNER_ARCH-${hash%% *}"
}

build() {
    if "$binary" --version > /dev/null 2>&1; then
        output built false
        return
    fi
    command -v cargo > /dev/null || fail "there is no cargo on this runner; install Rust in a step before, from https://rustup.rs"
    # What the calling repository compiles its own code with is not for this: neither its variables, nor, by the
    # folder that cargo and rustup are run in, its .cargo/config.toml and rust-toolchain.toml. Mirrors and proxies stay.
    local name host
    for name in $(compgen -e); do
        case $name in
            CARGO_HOME | CARGO_HTTP_* | CARGO_NET_* | CARGO_REGISTR*) ;;
            CARGO_* | RUSTC | RUSTC_* | RUSTFLAGS) unset "$name" ;;
        esac
    done
    export RUSTUP_TOOLCHAIN=stable
    mkdir -p "$own/target" "$own/bin"
    cd "$own"
    if command -v rustup > /dev/null && ! rustup run stable rustc --version > /dev/null 2>&1; then
        rustup toolchain install stable --profile minimal
    fi
    # The target is named, as one in the configuration of the machine would put the program elsewhere.
    host=$(rustc -vV | sed -n 's/^host: //p')
    cargo build --release --locked --manifest-path "$root/Cargo.toml" --bin agentos-perf \
        --target "$host" --target-dir "$own/target"
    cp "$own/target/$host/release/$(basename "$binary")" "$binary"
    rm -rf "$own/target"
    output built true
}

# Only what the default branch itself came to belongs into its baseline: the code of a pull request does not, and with
# `pull_request_target` or `workflow_run` the reference alone does not tell one.
is_of_default_branch() {
    case $GITHUB_EVENT_NAME in
        # Always of the default branch, which this event does not name everywhere.
        schedule) true ;;
        push | workflow_dispatch) [ "$GITHUB_REF" = "refs/heads/$DEFAULT_BRANCH" ] ;;
        *) false ;;
    esac
}

# Where the baseline is, by its name and by what sessions must share to be compared: those of another processor or
# plan have another file and another key, so that they are neither refused nor taken for a regression. So have those of
# another build: harnesses between two releases have one version, and may not read what the other one wrote.
baseline() {
    local shared prefix source=${BUILD##*-}
    case $BASELINE in
        *[!A-Za-z0-9._-]*) fail "the name of a baseline consists of letters, digits, '.', '_' and '-'" ;;
    esac
    # shellcheck disable=SC2206
    local words=(test --fingerprint $FLAGS $FILTERS)
    shared=$("$binary" "${words[@]}") || exit
    # Other flags that load nothing, such as --help, print something else.
    [[ $shared =~ ^[0-9a-f]{16}$ ]] || fail "the flags ask for no session, so there is nothing to compare"
    shared=$shared-${source:0:8}
    # No name has a plus, so none is the beginning of another one's.
    prefix=perf-baseline-$BASELINE+$shared-
    output file "target/perf/baselines/$BASELINE+$shared.json"
    output prefix "$prefix"
    output key "$prefix$GITHUB_RUN_ID-$GITHUB_RUN_ATTEMPT"
}

judge() {
    local arguments=(test --report-dir target/perf) saves=false
    if [ -n "$BASELINE_FILE" ]; then
        if is_of_default_branch; then
            saves=true
            arguments+=(--save-baseline "$BASELINE_FILE")
        elif [ -e "$BASELINE_FILE" ]; then
            arguments+=(--baseline "$BASELINE_FILE")
        else
            echo "::notice::there is no baseline yet for this processor and these plans: runs on the default branch make it"
        fi
    fi
    # shellcheck disable=SC2206
    arguments+=($FLAGS $FILTERS)
    "$binary" "${arguments[@]}" || exit
    # A session that was broken off is not kept, and there may be no file.
    if [ "$saves" = true ] && [ -e "$BASELINE_FILE" ]; then output keep true; fi
}

case ${1:-} in
    key | build | baseline | judge) "$1" ;;
    *) fail "perf.sh takes key, build, baseline or judge" ;;
esac
