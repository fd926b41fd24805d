"""Where things are, and the one kind of failure that is told in a line."""

import pathlib

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parent
WORK = ROOT / "target" / "bench"
OURS = ROOT / "target" / "release" / "agentos-perf"
DOCUMENT = ROOT / "docs" / "BENCHMARKS.md"

GENERATOR_CORE = 0
SERVER_CORE = 1


class Trouble(Exception):
    """Something is missing or went wrong; the message says what to do."""
