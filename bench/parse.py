"""What the peers say of a run's response times, in ms; pure but for the files that they leave."""

import csv
import json
import pathlib
import re

import figures


def k6(out, _text):
    times = json.loads(pathlib.Path(out).read_text())["metrics"]["http_req_duration"]
    return {"p50": times["med"], "p95": times["p(95)"], "p99": times["p(99)"], "max": times["max"]}


def oha(_out, text):
    found = json.loads(text[text.index("{"):])
    times = found["latencyPercentiles"]
    seconds = {"p50": times["p50"], "p95": times["p95"], "p99": times["p99"], "max": found["summary"]["slowest"]}
    return {name: value * 1000 for name, value in seconds.items() if value is not None}


def hey(_out, text):
    times = {f"p{share}": float(value) * 1000 for share, value in re.findall(r"(\d+)%+ in ([\d.]+) secs", text)}
    return {name: times.get(name) for name in ("p50", "p95", "p99")} | {
        "max": float(re.search(r"Slowest:\s+([\d.]+)", text)[1]) * 1000
    }


def h2load(out, _text):
    lines = pathlib.Path(out).read_text().splitlines()
    return figures.percentiles([int(line.split()[2]) / 1000 for line in lines if line.strip()])


def autocannon(_out, text):
    times = json.loads(text[text.index("{"):])["latency"]
    return {"p50": times["p50"], "p95": times.get("p95"), "p99": times["p99"], "max": times["max"]}


def artillery(out, _text):
    times = json.loads(pathlib.Path(out).read_text())["aggregate"]["summaries"]["http.response_time"]
    return {"p50": times.get("p50", times["median"]), "p95": times["p95"], "p99": times["p99"], "max": times["max"]}


def locust(out, _text):
    with open(f"{out}_stats.csv", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
    return {"p50": float(row["50%"]), "p95": float(row["95%"]), "p99": float(row["99%"]), "max": float(row["Max Response Time"])}


def goose(out, _text):
    row = json.loads(pathlib.Path(f"{out}.json").read_text())["raw_response_metrics"][-1]
    return {name: row[f"percentile_{share}"] for name, share in (("p50", 50), ("p95", 95), ("p99", 99), ("max", 100))}


def rlt(out, _text):
    times = json.loads(pathlib.Path(out).read_text())["latency"]
    shares = times["percentiles"]
    return {name: seconds * 1000 for name, seconds in
            {"p50": shares["p50"], "p95": shares["p95"], "p99": shares["p99"], "max": times["stats"]["max"]}.items()}
