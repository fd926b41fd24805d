"""From figures to Markdown; pure."""

import re


def number(value, digits=3):
    """To so many significant digits, with thousands marked, or a dash for what is not known."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    size = abs(value)
    places = 0
    while size < 10 ** (digits - 1) and places < 4:
        size *= 10
        places += 1
    return f"{value:,.{places}f}"


def count(value):
    """A whole number, with thousands marked."""
    return "–" if value is None else f"{value:,.0f}"


def ranged(found, digits=3):
    """Median and spread of a figure."""
    if found is None:
        return "–"
    middle = number(found["median"], digits)
    if found["rounds"] < 2:
        return middle
    return f"{middle} ({number(found['low'], digits)}–{number(found['high'], digits)})"


def milliseconds(value):
    """A time as people read it."""
    if value is None:
        return "–"
    return f"{value / 1000:.3f} s" if value >= 1000 else f"{number(value)} ms"


def table(head, rows):
    """A Markdown table; the first column is text, the others are figures."""
    if not rows:
        return "Nothing was measured."
    rule = ["---"] + ["--:"] * (len(head) - 1)
    lines = [head, rule, *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def met(value, wanted, at_least=True):
    """Whether a threshold is met, for the last column."""
    if value is None or wanted is None:
        return ""
    good = value >= wanted if at_least else value <= wanted
    return f"{'≥' if at_least else '≤'} {wanted:g}: {'met' if good else '**not met**'}"


def ratio_table(unit, rows, thresholds):
    """Rows of `{name, figure, ratio, note}`, those that do most for their processor time first."""
    ordered = sorted(rows, key=lambda row: -(row["figure"]["median"] if row.get("figure") else 0))
    cells = []
    for row in ordered:
        ratio = row.get("ratio")
        wanted = thresholds.get(row["name"])
        state = met(ratio["median"], wanted) if ratio else ""
        figure = ranged(row.get("figure")) if row.get("figure") else row.get("note", "–")
        cells.append([row["name"], figure, ranged(ratio) if ratio else "–", state])
    return table(["", unit, "ours over it", "wanted"], cells)


def truth_table(rows):
    """Rows of `{name, asked, seen, p50, …, true, right}` in the order given."""
    cells = []
    for row in rows:
        if row.get("note") and row.get("p50") is None:
            cells.append([row["name"], count(row.get("asked")), count(row.get("seen")), "–", "–", "–", "–", row["note"]])
            continue
        state = {True: "right", False: "**wrong**", None: "–"}[row.get("right")]
        if row.get("own_truth"):
            state += f" (p95 is {milliseconds(row['own_truth'])})"
        if row.get("note"):
            state += f"; {row['note']}"
        times = [milliseconds(row.get(name)) for name in ("p50", "p95", "p99", "max")]
        cells.append([row["name"], count(row["asked"]), count(row["seen"]), *times, state])
    return table(["", "asked", "seen", "p50", "p95", "p99", "max", "within 1 %"], cells)


def replace(document, parts):
    """The document with what stands between `<!-- NAME -->` and `<!-- /NAME -->` replaced.

    Raises `KeyError` with the name of a part that has no place.
    """
    for name, text in parts.items():
        pattern = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL)
        if not pattern.search(document):
            raise KeyError(name)
        document = pattern.sub(lambda match, text=text: f"{match[1]}\n{text.strip()}\n\n{match[2]}", document)
    return document
