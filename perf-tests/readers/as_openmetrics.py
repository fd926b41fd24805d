"""OpenMetrics, by the parser of prometheus-client."""

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from common import clean, unique

PREFIX = "agentos_perf_"
QUANTILES = {"p50": "0.5", "p90": "0.9", "p95": "0.95", "p99": "0.99", "p999": "0.999"}
UNITS = {
    "ms": ("check_seconds", 1e3),
    "%": ("check_ratio", 1e2),
    "/s": ("check_per_second", 1.0),
    "count": ("check_number", 1.0),
}


class Samples:
    """All samples by name and labels; those that were asked for are taken out."""

    def __init__(self, text):
        self.left = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                key = (sample.name, frozenset(sample.labels.items()))
                assert key not in self.left, f"twice: {key}"
                self.left[key] = sample.value

    def take(self, name, **labels):
        return self.left.pop((PREFIX + name, frozenset(labels.items())), None)


def scaled(value, by):
    return None if value is None else value / by


def check(path, report, compared):
    with open(path, encoding="utf-8", newline="") as file:
        samples = Samples(file.read())
    compared.near("confidence", samples.take("confidence_ratio"), report["confidence"])
    took = samples.take("session_duration_seconds")
    compared.near("took", took, report["took_ms"] / 1e3)
    compared.same("start", samples.take("session_start_time_seconds") is None, False)
    requirements(samples, report["requirements"], compared)
    names = unique(run["scenario"] for run in report["runs"])
    for scenario, run in zip(names, report["runs"]):
        of_run(samples, scenario, run, compared)
    rest = [key for key in samples.left if key[0] != f"{PREFIX}session_info"]
    compared.same("samples that nothing in the report stands for", rest, [])
    info = [dict(labels) for _, labels in samples.left]
    compared.same("profile", [one["profile"] for one in info], [clean(report["profile"])])


def requirements(samples, all_of_them, compared):
    names = unique(one["name"] for one in all_of_them)
    for name, one in zip(names, all_of_them):
        for verdict in ("pass", "inconclusive", "fail"):
            labels = {"severity": one["severity"], f"{PREFIX}requirement_verdict": verdict}
            value = samples.take("requirement_verdict", requirement=name, **labels)
            compared.same(f"{name}: {verdict}", value, float(one["verdict"] == verdict))
        for test in ("pass", "warn", "fail"):
            labels = {f"{PREFIX}requirement_test": test}
            value = samples.take("requirement_test", requirement=name, **labels)
            compared.same(f"{name}: test", value, float(one["test"] == test))
        for place, figures in enumerate(one["checks"]):
            family, by = UNITS[figures["unit"]]
            labels = {"requirement": name, "check": str(place), "metric": figures["metric"]}
            for figure in ("limit", "value", "low", "high"):
                value = samples.take(family, figure=figure, **labels)
                compared.near(f"{name}: {figure}", value, scaled(figures[figure], by))


def times(samples, name, form, count, compared, **labels):
    """A summary, and the bounds of its quantiles."""
    for percentile, quantile in QUANTILES.items():
        figures = form[percentile] or {"value": None, "low": None, "high": None}
        read = samples.take(f"{name}_seconds", quantile=quantile, **labels)
        compared.near(f"{name} {percentile}", read, scaled(figures["value"], 1e3))
        for bound in ("low", "high"):
            more = {"quantile": quantile, "bound": bound, **labels}
            read = samples.take(f"{name}_bound_seconds", **more)
            compared.near(f"{name} {percentile} {bound}", read, scaled(figures[bound], 1e3))
    counted = samples.take(f"{name}_seconds_count", **labels)
    summed = samples.take(f"{name}_seconds_sum", **labels)
    if form["mean"] is None:
        compared.same(f"{name}: nothing", (counted, summed), (None, None))
        return
    if count is not None:
        compared.same(f"{name}: count", counted, count)
    compared.near(f"{name}: sum", summed, form["mean"] * counted / 1e3)


def of_run(samples, scenario, run, compared):
    for status in ("complete", "partial", "failed"):
        labels = {f"{PREFIX}run_status": status}
        value = samples.take("run_status", scenario=scenario, **labels)
        compared.same(f"{scenario}: {status}", value, float(run["status"] == status))
    compared.near("rps", samples.take("throughput_per_second", scenario=scenario), run["rps"])
    form, due = run["response_time_ms"], run["due"]
    times(samples, "scenario_response_time", form, due, compared, scenario=scenario)
    for endpoint, part in zip(unique(one["name"] for one in run["endpoints"]), run["endpoints"]):
        labels = {"scenario": scenario, "endpoint": endpoint}
        for outcome, count in part["outcomes"].items():
            read = samples.take("requests_total", outcome=outcome, **labels)
            compared.same(f"{endpoint}: {outcome}", read, count)
        answered = part["outcomes"].get("ok")
        counts = {"response": part["due"], "answered": answered, "service": None}
        for kind, count in counts.items():
            form = part[f"{kind}_time_ms"]
            times(samples, f"{kind}_time", form, count, compared, **labels)
    late = run["generator"]["lateness_ms"]
    times(samples, "generator_lateness", late, None, compared, scenario=scenario)
    for of, percent in run["generator"]["cpu_percent"].items():
        read = samples.take("generator_cpu_ratio", scenario=scenario, of=of)
        compared.near(f"generator cpu {of}", read, scaled(percent, 1e2))
    observed(samples, scenario, run, compared)


def observed(samples, scenario, run, compared):
    figures = [
        ("target_cpu_ratio", "cpu_percent", 1e2),
        ("target_memory_ratio", "memory_percent", 1e2),
        ("target_memory_bytes", "memory_bytes", 1.0),
        ("cache_memory_bytes", "used_memory_bytes", 1.0),
    ]
    window = run["window"]
    for source, seen in run["observed"]["sources"].items():
        for name, figure, by in figures:
            values = [
                look["figures"][figure]
                for look in seen["looks"]
                if figure in look["figures"]
                and window["from_ms"] <= look["at_ms"] <= window["to_ms"]
            ]
            if not values:
                continue
            for of, value in (("mean", sum(values) / len(values)), ("max", max(values))):
                read = samples.take(name, scenario=scenario, source=source, of=of)
                compared.near(f"{source} {figure} {of}", read, value / by)
