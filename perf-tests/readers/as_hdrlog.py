"""The interval log, by the hdrhistogram package."""

from datetime import datetime
from urllib.parse import quote

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from common import clean

KINDS = ("response", "answered", "service")
# In thousandths, so that ranks are whole numbers.
QUANTILES = {"p50": 500, "p90": 900, "p95": 950, "p99": 990, "p999": 999}


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def value_at(histogram, thousandths):
    """In milliseconds. The package's own percentiles round the rank down too, which is another one of few times."""
    rank = max(1, -(-histogram.get_total_count() * thousandths // 1000))
    seen = 0
    for item in histogram.get_recorded_iterator():
        seen += item.count_added_in_this_iter_step
        if seen >= rank:
            return histogram.get_highest_equivalent_value(item.value_iterated_to) / 1e6
    return None


def expected(report):
    """Tag, window, times and histogram of each line that must be there."""
    for run in report["runs"]:
        scenario = quote(run["scenario"], safe="").replace("~", "%7E")
        parts = [("", step, step["window"]) for step in (run["search"] or {}).get("steps", [])]
        kinds = KINDS[:2] if parts else KINDS
        parts = parts or [(one["name"], one, run["window"]) for one in run["endpoints"]]
        for name, part, window in parts:
            for kind in kinds:
                if part[f"{kind}_time_ms"]["max"] is None:
                    continue
                endpoint = quote(name, safe="").replace("~", "%7E")
                yield f"{scenario}/{endpoint}/{kind}", run, part, window, kind


def check(path, report, compared):
    reader = HistogramLogReader(str(path), HdrHistogram(1, 3_600_000_000_000, 3))
    for tag, run, part, window, kind in expected(report):
        histogram = reader.get_next_interval_histogram()
        place = clean(tag)
        compared.same(f"{place}: a line", histogram is not None, True)
        compared.same(place, histogram.get_tag(), tag)
        began = instant(run["started"])
        start, end = histogram.get_start_time_stamp(), histogram.get_end_time_stamp()
        compared.near(f"{place}: start", start / 1e3, began + window["from_ms"] / 1e3, 1e-12)
        compared.near(f"{place}: end", end / 1e3, began + window["to_ms"] / 1e3, 1e-12)
        stored = HdrHistogram.decode(part["histograms"][kind])
        compared.same(f"{place}: count", histogram.get_total_count(), stored.get_total_count())
        if kind == "response":
            compared.same(f"{place}: due", histogram.get_total_count(), part["due"])
        times = part[f"{kind}_time_ms"]
        for name, thousandths in QUANTILES.items():
            value = value_at(histogram, thousandths)
            compared.near(f"{place}: {name}", value, times[name]["value"])
        compared.near(f"{place}: mean", histogram.get_mean_value() / 1e6, times["mean"], 1e-3)
        same = all(
            histogram.get_count_at_value(item.value_iterated_to)
            == stored.get_count_at_value(item.value_iterated_to)
            for item in stored.get_recorded_iterator()
        )
        compared.same(f"{place}: counts", same, True)
    compared.same("no further line", reader.get_next_interval_histogram(), None)
