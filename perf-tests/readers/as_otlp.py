"""OTLP, by the messages that OpenTelemetry publishes for Python: what they don't know, or know otherwise, is refused."""

import math
from datetime import datetime

from google.protobuf import json_format
from hdrh.histogram import HdrHistogram
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE

from common import clean, unique

PREFIX = "agentos_perf."
MS = 1_000_000
CHECKS = {
    "ms": ("check.time", 1e3),
    "%": ("check.ratio", 1e2),
    "/s": ("check.rate", 1.0),
    "count": ("check.number", 1.0),
}
UNITS = {
    "session.duration": "s",
    "confidence": "1",
    "requirement.verdict": "{verdict}",
    "requirement.test": "{test}",
    "check.time": "s",
    "check.ratio": "1",
    "check.rate": "{request}/s",
    "check.number": "{count}",
    "run.status": "{run}",
    "requests": "{request}",
    "throughput": "{request}/s",
    "response_time.quantile": "s",
    "response_time": "s",
    "generator.cpu.utilization": "1",
    "target.cpu.utilization": "1",
    "target.memory.utilization": "1",
    "target.memory.usage": "By",
    "cache.memory.usage": "By",
    "database.connections": "{connection}",
}
OBSERVED = [
    ("target.cpu.utilization", "cpu_percent", 1e2),
    ("target.memory.utilization", "memory_percent", 1e2),
    ("target.memory.usage", "memory_bytes", 1.0),
    ("cache.memory.usage", "used_memory_bytes", 1.0),
    ("database.connections", "connections", 1.0),
]


def attributes(of):
    return frozenset((one.key, one.value.string_value) for one in of.attributes)


def nanos(text):
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1e3) * MS


def scaled(value, by):
    return None if value is None else value / by


class Series:
    """All series by name and attributes, each from time to point; those that were asked for are taken out."""

    def __init__(self, metrics, compared):
        self.left = {}
        for metric in metrics:
            name = metric.name.removeprefix(PREFIX)
            compared.same(f"{name}: unit", metric.unit, UNITS[name])
            compared.same(f"{name}: described", metric.description != "", True)
            kind = metric.WhichOneof("data")
            expected = {"requests": "sum", "response_time": "exponential_histogram"}
            compared.same(f"{name}: kind", kind, expected.get(name, "gauge"))
            data = getattr(metric, kind)
            if kind != "gauge":
                counted = data.aggregation_temporality
                compared.same(f"{name}: from the start", counted, AGGREGATION_TEMPORALITY_CUMULATIVE)
            if kind == "sum":
                compared.same(f"{name}: never falls", data.is_monotonic, True)
            for point in data.data_points:
                series = self.left.setdefault((name, attributes(point)), {})
                assert point.time_unix_nano not in series, f"twice: {point}"
                series[point.time_unix_nano] = point

    def take(self, name, **labels):
        return self.left.pop((name, frozenset(labels.items())), {})

    def one(self, name, time, **labels):
        """The only value of a series, which is of this time; None where there is no series."""
        points = self.take(name, **labels)
        if not points:
            return None
        [(at, point)] = points.items()
        assert at == time, f"{name} is of {at}, not of {time}"
        return point.as_double


def check(path, report, compared):
    message = ExportMetricsServiceRequest()
    json_format.Parse(path.read_text(encoding="utf-8"), message, ignore_unknown_fields=False)
    [resource] = message.resource_metrics
    [scope] = resource.scope_metrics
    of = dict(attributes(resource.resource))
    profile, target = clean(report["profile"]), of["agentos_perf.target"]
    compared.same("service", of["service.name"], "agentos-perf")
    compared.same("profile", of["agentos_perf.profile"], profile)
    # Of a target with signs that nobody can print, only what is left is looked at.
    compared.same("target is fit to print", target.isprintable() and target != "", True)
    if report["target"].isprintable():
        compared.same("target", target, report["target"])
    compared.same("instance", of["service.instance.id"], f"{profile} {target}")
    compared.same("scope", (scope.scope.name, scope.scope.version), ("agentos-perf", of["service.version"]))
    series = Series(scope.metrics, compared)
    end = nanos(report["started"]) + report["took_ms"] * MS
    compared.near("confidence", series.one("confidence", end), report["confidence"])
    compared.near("took", series.one("session.duration", end), report["took_ms"] / 1e3)
    requirements(series, report["requirements"], end, compared)
    names = unique(run["scenario"] for run in report["runs"])
    for scenario, run in zip(names, report["runs"]):
        of_run(series, scenario, run, compared)
    compared.same("series that nothing in the report stands for", list(series.left), [])


def requirements(series, all_of_them, end, compared):
    names = unique(one["name"] for one in all_of_them)
    for name, one in zip(names, all_of_them):
        for verdict in ("pass", "inconclusive", "fail"):
            labels = {"requirement": name, "severity": one["severity"], "verdict": verdict}
            value = series.one("requirement.verdict", end, **labels)
            compared.same(f"{name}: {verdict}", value, float(one["verdict"] == verdict))
        for test in ("pass", "warn", "fail"):
            value = series.one("requirement.test", end, requirement=name, test=test)
            compared.same(f"{name}: test", value, float(one["test"] == test))
        for place, figures in enumerate(one["checks"]):
            metric, by = CHECKS[figures["unit"]]
            labels = {"requirement": name, "check": str(place), "metric": figures["metric"]}
            for figure in ("limit", "value", "low", "high"):
                value = series.one(metric, end, figure=figure, **labels)
                compared.near(f"{name}: {figure}", value, scaled(figures[figure], by))


def of_run(series, scenario, run, compared):
    began, seconds, window = nanos(run["started"]), run["seconds"], run["window"]
    end = began + len(seconds) * 1000 * MS
    for status in ("complete", "partial", "failed"):
        value = series.one("run.status", end, scenario=scenario, status=status)
        compared.same(f"{scenario}: {status}", value, float(run["status"] == status))
    over_time(series, scenario, run, began, compared)
    for index, endpoint in enumerate(unique(one["name"] for one in run["endpoints"])):
        part, labels = run["endpoints"][index], {"scenario": scenario, "endpoint": endpoint}
        counted(series, labels, run, index, began, compared)
        whole(series, labels, part, window, began, compared)
    for source, seen in run["observed"]["sources"].items():
        for name, figure, by in OBSERVED:
            told = {}
            for look in seen["looks"]:
                if figure in look["figures"]:
                    told[look["at_ms"] // 1000] = (look["at_ms"], look["figures"][figure] / by)
            expected = {began + at * MS: value for at, value in told.values()}
            points = series.take(name, scenario=scenario, source=source)
            gauges(f"{scenario}: {source} {name}", points, expected, compared)


def gauges(what, points, expected, compared):
    compared.same(f"{what}: times", list(points), list(expected))
    for time, value in expected.items():
        compared.near(f"{what} at {time}", points[time].as_double, value)


def over_time(series, scenario, run, began, compared):
    """The stored runs are short: each of their seconds has a point, at its end."""
    at = lambda second: began + (second + 1) * 1000 * MS
    done = {at(number): one["done"] for number, one in enumerate(run["seconds"])}
    gauges("throughput", series.take("throughput", scenario=scenario), done, compared)
    used = run["generator"]["cpu_percent_by_second"]
    cpu = {at(number): percent / 1e2 for number, percent in enumerate(used)}
    gauges("cpu", series.take("generator.cpu.utilization", scenario=scenario), cpu, compared)
    for quantile, name in (("0.5", "p50"), ("0.95", "p95")):
        times = {at(number): one["response_time_ms"][name] for number, one in enumerate(run["seconds"])}
        times = {time: ms / 1e3 for time, ms in times.items() if ms is not None}
        points = series.take("response_time.quantile", scenario=scenario, quantile=quantile)
        gauges(name, points, times, compared)
    due = [at(number) for number, one in enumerate(run["seconds"]) if one["due"]]
    longest = series.take("response_time.quantile", scenario=scenario, quantile="0.99")
    compared.same("p99: times", list(longest), due)


def counted(series, labels, run, index, began, compared):
    """Sums of the seconds so far, judged and not, beginning with a zero."""
    window = run["window"]
    for judged in (False, True):
        total, zero, expected = {}, None, {}
        for number, second in enumerate(run["seconds"]):
            start = number * 1000
            if (window["from_ms"] <= start and start + 1000 <= window["to_ms"]) != judged:
                continue
            part = second["endpoints"][index]
            ended = {name: count for name, count in part["outcomes"].items() if name != "ok"}
            ended["ok"] = part["due"] - part["failed"]
            zero = began + start * MS if zero is None else zero
            for outcome, count in ended.items():
                total[outcome] = total.get(outcome, 0) + count
            expected[began + (start + 1000) * MS] = dict(total)
        for outcome in (outcome for outcome, count in total.items() if count):
            what = f"{labels['endpoint']}: {outcome}, judged {judged}"
            points = series.take("requests", outcome=outcome, judged=str(judged).lower(), **labels)
            compared.same(f"{what}: times", list(points), [zero, *expected])
            compared.same(f"{what}: zero", points[zero].as_int, 0)
            for time, sums in expected.items():
                compared.same(f"{what} at {time}", points[time].as_int, sums.get(outcome, 0))
                compared.same(f"{what}: start", points[time].start_time_unix_nano, began)
        if judged and not run["search"]:
            outcomes = {name: count for name, count in total.items() if count}
            compared.same(f"{labels}: sum", outcomes, run["endpoints"][index]["outcomes"])


def whole(series, labels, part, window, began, compared):
    points = series.take("response_time", **labels)
    stored = HdrHistogram.decode(part["histograms"]["response"])
    if stored.get_total_count() == 0:
        compared.same(f"{labels}: nothing", points, {})
        return
    [(time, point)] = points.items()
    compared.same("from", point.start_time_unix_nano, began + round(window["from_ms"] * MS))
    compared.same("to", time, began + round(window["to_ms"] * MS))
    compared.same("count", point.count, stored.get_total_count())
    mean = part["response_time_ms"]["mean"]
    compared.near("sum", point.sum, mean * point.count / 1e3)
    compared.near("max", point.max, part["response_time_ms"]["max"] / 1e3)
    expected = {}
    for item in stored.get_recorded_iterator():
        longest = stored.get_highest_equivalent_value(item.value_iterated_to) / 1e9
        bucket = math.ceil(math.log2(longest) * 2**point.scale) - 1
        expected[bucket] = expected.get(bucket, 0) + item.count_added_in_this_iter_step
    counts = enumerate(point.positive.bucket_counts, point.positive.offset)
    compared.same("buckets", {bucket: count for bucket, count in counts if count}, expected)
    compared.same("zeros", point.zero_count, 0)
