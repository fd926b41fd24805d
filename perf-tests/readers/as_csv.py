"""CSV, by Python's own reader."""

import csv

from common import clean


def number(text):
    return float(text) if text else None


def errors(text):
    parts = [part.split("=") for part in text.split(";") if part]
    return {name: int(count) for name, count in parts}


def told(run, source, figure, second):
    looks = run["observed"]["sources"].get(source, {"looks": []})["looks"]
    values = [
        look["figures"][figure]
        for look in looks
        if look["at_ms"] // 1000 == second and figure in look["figures"]
    ]
    return values[-1] if values else None


OBSERVED = {
    "process_cpu_percent": ("process", "cpu_percent"),
    "process_memory_bytes": ("process", "memory_bytes"),
    "host_cpu_percent": ("host", "cpu_percent"),
    "host_memory_percent": ("host", "memory_percent"),
    "redis_memory_bytes": ("redis", "used_memory_bytes"),
    "database_connections": ("postgres", "connections"),
}


def check(path, report, compared):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    seconds = [(run, second) for run in report["runs"] for second in run["seconds"]]
    compared.same("rows", len(rows), len(seconds))
    for row, (run, second) in zip(rows, seconds):
        name = clean(run["scenario"])
        place = f"{name}, second {second['second']}"
        # A name that a spreadsheet would take for a formula has an apostrophe before it.
        compared.same(place, row["scenario"], f"'{name}" if name[0] in "=+-@" else name)
        compared.same(place, int(row["second"]), second["second"])
        start, window = second["second"] * 1e3, run["window"]
        judged = window["from_ms"] <= start and start + 1e3 <= window["to_ms"]
        compared.same(f"{place}: judged", row["judged"], str(judged).lower())
        compared.same(f"{place}: due", int(row["due"]), second["due"])
        compared.same(f"{place}: done", int(row["done_ok"]), second["done"])
        compared.same(f"{place}: failed", int(row["failed"]), second["failed"])
        generator = sum(one["failed_by_generator"] for one in second["endpoints"])
        compared.same(f"{place}: generator", int(row["failed_by_generator"]), generator)
        for quantile in ("p50", "p95"):
            value = second["response_time_ms"][quantile]
            compared.near(f"{place}: {quantile}", number(row[f"{quantile}_ms"]), value)
        longest = number(row["p99_ms"])
        compared.same(f"{place}: p99", longest is None, second["due"] == 0)
        failed = {name: count for name, count in second["outcomes"].items() if name != "ok"}
        compared.same(f"{place}: errors", errors(row["errors"]), failed)
        cpu = run["generator"]["cpu_percent_by_second"]
        used = cpu[second["second"]] if second["second"] < len(cpu) else None
        compared.near(f"{place}: cpu", number(row["generator_cpu_percent"]), used)
        for column, (source, figure) in OBSERVED.items():
            value = told(run, source, figure, second["second"])
            compared.near(f"{place}: {column}", number(row[column]), value)
