"""Markdown, by markdown-it-py with tables."""

import re

from markdown_it import MarkdownIt

from common import Differs, clean, how_it_failed

# All that may come out of a report but text.
MARKUP = {"<br>", "<sub>", "</sub>"}
PLAIN = {
    "heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline",
    "table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close",
    "tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close",
    "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
}
APART = "\u200b"
SIGNS = {"pass": "✅", "warn": "⚠️", "fail": "❌"}
PERCENTILES = ("p50", "p90", "p95", "p99")
TIME = re.compile(r"([\d,]+(?:\.\d+)?) (ms|s)(?: \((.*)\))?")


def text_of(inline):
    """What a reader sees; a line break for `<br>`."""
    out = []
    for child in inline.children:
        if child.type in ("text", "text_special"):
            out.append(child.content)
        elif child.type == "html_inline" and child.content in MARKUP:
            out.append("\n" if child.content == "<br>" else "")
        else:
            raise Differs(f"markup that no text should be: {child.type} {child.content!r}")
    return "".join(out).replace(APART, "")


class Page:
    """Headings, tables (rows of cells) and list items, in their order."""

    def __init__(self, markdown):
        self.headings, self.tables, self.items = [], [], []
        tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
        for before, token in zip([None, *tokens], tokens):
            if token.type not in PLAIN:
                raise Differs(f"a block that no text should be: {token.type} {token.content!r}")
            if token.type == "table_open":
                self.tables.append([])
            elif token.type == "tr_open":
                self.tables[-1].append([])
            elif token.type == "inline" and before.type in ("td_open", "th_open"):
                self.tables[-1][-1].append(text_of(token))
            elif token.type == "inline" and before.type == "heading_open":
                self.headings.append(text_of(token))
            elif token.type == "inline":
                self.items.append(text_of(token))
        self.next = 0

    def table(self, first):
        """The next table, whose first column is called so, without its heading."""
        table = self.tables[self.next] if self.next < len(self.tables) else [["no table"]]
        if table[0][0] != first:
            raise Differs(f"a table of {table[0]}, not of {first}")
        self.next += 1
        return table[1:]


def rounds_to(digits, unit, ms):
    """Whether a number is another one, to the digits that it is written with."""
    decimals = len(digits.partition(".")[2])
    return abs(float(digits) * unit - ms) <= 0.5001 * unit / 10**decimals


def shown(compared, what, text, ms):
    """A time as people read it is the report's, to the digits that are shown."""
    match = TIME.fullmatch(text)
    if not match:
        raise Differs(f"{what}: {text!r} is not a time")
    digits, unit = match.group(1).replace(",", ""), 1e3 if match.group(2) == "s" else 1.0
    compared.same(f"{what}: {text} for {ms}", rounds_to(digits, unit, ms), True)
    return match.group(3), unit


def percentile(compared, what, text, form):
    if form is None:
        compared.same(what, text, "–")
        return
    ends, unit = shown(compared, what, text, form["value"])
    low, high = form["low"], form["high"]
    expected = {"low": low, "high": high}
    if ends == "no interval":
        read = {"low": None, "high": None}
    elif ends.startswith("≥ "):
        read = {"low": ends[2:], "high": None}
    elif ends.startswith("≤ "):
        read = {"low": None, "high": ends[2:]}
    else:
        read = dict(zip(("low", "high"), ends.split("–")))
    for end, ms in expected.items():
        value = read[end]
        compared.same(f"{what} {end}: {text}", value is None, ms is None)
        if value is not None:
            same = rounds_to(value.replace(",", ""), unit, ms)
            compared.same(f"{what} {end}: {value} for {ms}", same, True)


def row_of_times(compared, what, cells, form):
    for name, cell in zip(PERCENTILES, cells):
        percentile(compared, f"{what} {name}", cell, form[name])
    if form["max"] is not None:
        shown(compared, f"{what} max", cells[4], form["max"])


def check(path, report, compared):
    page = Page(path.read_text(encoding="utf-8"))
    requirements(page, report["requirements"], compared)
    failed = sum(one["test"] == "fail" for one in report["requirements"])
    if failed:
        told = f"{failed} of {len(report['requirements'])} requirements failed"
        compared.same("the verdict", told in page.headings[0], True)
    headings = [clean(one["name"]) for one in report["requirements"] if one.get("compared")]
    headings += [clean(run["scenario"]) for run in report["runs"]]
    for heading, name in zip(page.headings[1:], headings, strict=True):
        compared.same("a section", heading.removesuffix(": no load was run"), name)
    for one in report["requirements"]:
        if one.get("compared"):
            held_against(page, one["compared"], compared)
    for run in report["runs"]:
        of_run(page, run, compared)
    compared.same("no further table", page.next, len(page.tables))


def requirements(page, all_of_them, compared):
    if not all_of_them:
        return
    rows = page.table("requirement")
    shown = {}
    compared.same("requirements", len(rows), len(all_of_them))
    for row, one in zip(rows, all_of_them):
        name, verdict, measured, limit, why = row
        compared.same("name and severity", name.split("\n"), [clean(one["name"]), one["severity"]])
        compared.same(f"{name}: verdict", verdict.split()[-1], one["verdict"])
        compared.same(f"{name}: sign", verdict.split()[0], SIGNS[one["test"]])
        lines = max(len(one["checks"]), 1)
        compared.same(f"{name}: checks", len(limit.split("\n")), lines)
        compared.same(f"{name}: figures", len(measured.split("\n")), lines)
        if not one["checks"]:
            compared.same(f"{name}: no checks", (limit, measured), ("–", "–"))
        for line, figures in zip(limit.split("\n"), one["checks"]):
            compared.same(f"{name}: comparison", line.split()[0], figures["comparison"])
        if one["verdict"] != "pass":
            why_not_kept(compared, name.split("\n")[0], why.split("\n"), one, shown)


REFERENCES = ("the same as ", "→ the advice of ")


def why_not_kept(compared, name, lines, one, shown):
    """A paragraph that was said of an earlier requirement is referred to, and must be there."""
    unmeasured = "not measured: " if how_it_failed(one) == "not measured" else ""
    compared.same(f"{name}: measured", lines[0].startswith("not measured: "), bool(unmeasured))
    lines = [lines[0].removeprefix(unmeasured), *lines[1:]]
    expected = [clean(one["reason"]), *("→ " + clean(advice) for advice in one["advice"])]
    known = set()
    for line in lines:
        for reference in REFERENCES:
            known |= shown.get(line.removeprefix(reference), set()) if line.startswith(reference) else set()
    said = [line for line in lines if not line.startswith(REFERENCES)]
    bare = [re.sub(r"^→ [^:]*: ", "→ ", line) for line in expected]
    known |= {"→ " + line for line in said} | set(said)
    known |= {"→ " + line for line in known}
    missing = [line for line, other in zip(expected, bare) if not known & {line, other}]
    compared.same(f"{name}: why", (missing, [line for line in said if line not in expected]), ([], []))
    shown.setdefault(name, set()).update(said)


STANDINGS = {
    "worse": "❌ worse", "better": "better", "same": "no difference shown", "open": "not settled", "late": "not settled",
    None: "–",
}
CHANGE = re.compile(r"([\d.]+) (%|points) (more|less)(?: \((.*)\))?")


def held_against(page, figures, compared):
    """Every figure of a baseline, and where its change may lie."""
    for row, one in zip(page.table("scenario"), figures, strict=True):
        what = f"{row[0]} {row[1]}"
        compared.same(what, (row[0], row[1]), (clean(one["scenario"]), one["what"]))
        compared.same(f"{what}: standing", row[5], STANDINGS[one["standing"]])
        for cell, side in ((row[2], "before"), (row[3], "after")):
            if one["unit"] == "ms":
                shown(compared, f"{what}: {side}", cell, one[side])
            else:
                digits = re.match(r"[\d.,]+", cell).group().replace(",", "")
                compared.same(f"{what}: {side}: {cell}", rounds_to(digits, 1.0, one[side]), True)
        percent = (lambda value: value) if one["unit"] == "%" else (lambda value: 100 * (value - 1))
        size, _, direction, ends = CHANGE.fullmatch(row[4]).groups()
        change = percent(one["change"])
        compared.same(f"{what}: {row[4]}", rounds_to(size, 1.0, abs(change)), True)
        compared.same(f"{what}: direction", direction, "less" if change < 0 else "more")
        read = {"low": None, "high": None}
        if ends and ends.startswith("at least "):
            read["low"] = ends.removeprefix("at least ")
        elif ends and ends.startswith("at most "):
            read["high"] = ends.removeprefix("at most ")
        elif ends:
            read["low"], read["high"] = ends.split(" to ")
        for end, text in read.items():
            compared.same(f"{what}: {end}", text is None, one[end] is None)
            if text is not None:
                compared.same(f"{what}: {end}: {text}", rounds_to(text, 1.0, percent(one[end])), True)


def of_run(page, run, compared):
    scenario = clean(run["scenario"])
    if run.get("search"):
        unit = {"users": "users", "rate": "offered/s"}[run["search"]["load"]]
        rows = page.table(unit)
        for row, step in zip(rows, run["search"]["steps"], strict=True):
            load = float(row[0].removesuffix(", back again").replace(",", ""))
            compared.near(f"{scenario}: load", load, step["load"])
            compared.same(f"{scenario}: standing", row[1].split("\n")[0], step["standing"])
            row_of_times(compared, f"{scenario} at {load}", row[2:], step["response_time_ms"])
    elif run["due"]:
        rows = page.table("response time")
        row_of_times(compared, scenario, rows[0][1:], run["response_time_ms"])
        failed = run["due"] != run["outcomes"].get("ok", 0)
        if failed:
            row_of_times(compared, f"{scenario} answered", rows[1][1:], run["answered_time_ms"])
        endpoints = rows[2 if failed else 1:]
        for row, part in zip(endpoints, run["endpoints"], strict=True):
            compared.same("endpoint", row[0].split("\n")[0], clean(part["name"]))
            row_of_times(compared, row[0], row[1:], part["response_time_ms"])
    causes = {name: count for name, count in run["outcomes"].items() if name != "ok" and count}
    if causes:
        rows = page.table("errors by cause")
        read = {row[0]: int(row[1].replace(",", "")) for row in rows}
        compared.same(f"{scenario}: causes", read, causes)
    for note in run["notes"]:
        text = f"note: {clean(note)}"
        compared.same(text, text in page.items, True)
