"""What the readers share: comparing, and the names that all formats make fit."""

import math


class Differs(Exception):
    """A value that was read is not that of the report."""


class Compared:
    """Counts comparisons, so that a reader that found nothing to compare is noticed."""

    def __init__(self):
        self.count = 0

    def same(self, what, read, expected):
        self.count += 1
        if read != expected:
            raise Differs(f"{what}: read {read!r}, the report has {expected!r}")

    def near(self, what, read, expected, within=1e-9):
        """Numbers, to a share of the larger; a missing one is near to a missing one alone."""
        self.count += 1
        if read is None or expected is None:
            if read is not expected:
                raise Differs(f"{what}: read {read!r}, the report has {expected!r}")
            return
        if not math.isclose(read, expected, rel_tol=within, abs_tol=1e-12):
            raise Differs(f"{what}: read {read!r}, the report has {expected!r}")


def clean(text):
    """On one line. The stored reports have no other signs that are left out, where names are compared."""
    return " ".join(text.split())


def unique(names):
    """Cleaned, with a number behind those that were there before."""
    seen = []
    for name in map(clean, names):
        wanted, number = name, 1
        while wanted in seen:
            number += 1
            wanted = f"{name} ({number})"
        seen.append(wanted)
    return seen


def how_it_failed(one):
    """What was not measured for want of a run, or of anything to see, was not missed."""
    is_open = one["verdict"] == "inconclusive"
    measured = any(check["value"] is not None for check in one["checks"])
    judged = any(check["verdict"] is not None for check in one["checks"])
    if not measured and not one.get("compared") and (is_open or not judged):
        return "not measured"
    return "inconclusive" if is_open else "missed"
