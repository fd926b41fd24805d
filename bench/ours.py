"""agentos-perf: how it is told to send a load, and what its report says."""

import json

import paths

PROFILES = paths.BENCH / "profiles"


def command(profile, url, name, *flags):
    """The words of a run with a profile of bench/profiles; its report goes to a folder of this name."""
    return [paths.OURS, "test", "--profile", PROFILES / f"{profile}.toml", "--target-url", url, "--report-dir", folder(name),
            *flags]


def folder(name):
    return paths.WORK / "reports" / name


def report(name):
    """The report of the run of this name."""
    try:
        return json.loads((folder(name) / "latest" / "report.json").read_text())
    except (OSError, ValueError) as error:
        raise paths.Trouble(f"agentos-perf left no report of {name}: {error}") from error


def response(name):
    """Its percentiles of all due requests, in ms, and how many were due."""
    run = report(name)["runs"][0]
    times = values(run["response_time_ms"])
    return {key: times[key] for key in ("p50", "p95", "p99", "max")} | {"due": run["due"]}


def lateness(name):
    """How late it sent, in ms, and how many were due per second."""
    read = report(name)
    run = read["runs"][0]
    return values(run["generator"]["lateness_ms"]) | {"rps": run["rps"]}


def values(times):
    """Percentiles without their intervals."""
    return {name: time["value"] if isinstance(time, dict) else time for name, time in times.items()}
