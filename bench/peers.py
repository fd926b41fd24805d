"""The peers: how each is told to send a load, as the person who uses it would write it.

Each function returns the words of a command; `None` means that the peer cannot do that.
"""

import json
import os
import re

import paths

VENV = paths.WORK / "venv" / "bin"
NODE = paths.WORK / "npm" / "node_modules" / ".bin"
CARGO = paths.WORK / "cargo" / "bin"
BUILT = paths.WORK / "cargo" / "target" / "release"
PEERS = paths.BENCH / "peers"
CONNECTIONS = 50
#: What differs from run to run in a command that is shown.
PORT = re.compile(r"(127\.0\.0\.1:|artillery-)[1-9]\d*")

#: In the order in which a round runs them.
HTTP = ("wrk", "ab", "h2load", "oha", "rlt", "autocannon", "goose", "hey", "k6", "aiohttp", "locust")
ALL = (*HTTP, "artillery")


def k6(script, url, users, seconds, rate=0, pause=0, export=None):
    words = [VENV / "k6", "run", "--quiet", "--no-usage-report", "--address", "127.0.0.1:0",
             "-e", f"URL={url}", "-e", f"USERS={users}", "-e", f"DURATION={seconds}s"]
    if rate:
        words += ["-e", f"RATE={rate}"]
    if pause:
        words += ["-e", f"PAUSE={pause}"]
    if export:
        words += ["--summary-export", export]
    return [*words, PEERS / script]


def locust(url, users, seconds, per_user=0, csv=None):
    words = ["env", f"PER_USER={per_user}", VENV / "locust", "-f", PEERS / "locustfile.py", "--headless", "--only-summary",
             "-u", users, "-r", users, "-t", f"{seconds}s", "-H", url]
    return words + (["--csv", csv] if csv else [])


def goose(url, users, seconds):
    return [BUILT / "bench-goose", "-H", url, "-u", users, "-r", users, "-t", f"{seconds}s"]


def flat(peer, url, seconds, connections=CONNECTIONS):
    """As fast as it goes, over kept connections."""
    commands = {
        "wrk": ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", url],
        "ab": ["ab", "-q", "-k", "-c", connections, "-t", seconds, "-n", 5_000_000, f"{url}/"],
        "h2load": ["h2load", "--h1", "-t1", f"-c{connections}", "-D", seconds, url],
        "oha": [CARGO / "oha", "--no-tui", "--insecure", "-z", f"{seconds}s", "-c", connections, url],
        "rlt": [BUILT / "bench-rlt", "-q", "-c", connections, "-d", f"{seconds}s", "--url", url],
        "autocannon": [NODE / "autocannon", "-c", connections, "-d", seconds, url],
        "goose": goose(url, connections, seconds),
        "hey": ["hey", "-z", f"{seconds}s", "-c", connections, url],
        "k6": k6("flat.js", url, connections, seconds),
        "aiohttp": [VENV / "python", PEERS / "aiohttp_load.py", url, connections, seconds, 0],
        "locust": locust(url, connections, seconds),
    }
    return commands.get(peer)


def secure(peer, kind, url, seconds, connections=CONNECTIONS):
    """The same over TLS (`tls`), HTTP/2 over TLS (`h2`) or HTTP/2 from the first byte on (`h2c`)."""
    h2load = ["h2load", "-t1", f"-c{connections}", "-m1", "-D", seconds, url]
    oha = [CARGO / "oha", "--no-tui", "--insecure", "--http2", "-p", 1, "-z", f"{seconds}s", "-c", connections, url]
    commands = {
        "tls": {name: flat(name, url, seconds, connections) for name in ("wrk", "h2load", "oha", "k6")},
        "h2": {"h2load": h2load, "oha": oha, "k6": k6("flat.js", url, connections, seconds)},
        "h2c": {"h2load": h2load, "oha": oha},
    }
    return commands[kind].get(peer)


def sockets(peer, url, users, seconds, pause=0):
    """Users on a WebSocket; each sends when the last message came back."""
    url = url.replace("http", "ws", 1) + "/ws"
    commands = {
        "k6": k6("sockets.js", url, users, seconds, pause=pause),
        "aiohttp": [VENV / "python", PEERS / "aiohttp_load.py", url, users, seconds, pause],
    }
    return commands.get(peer)


def many(peer, url, users, seconds):
    """Many connections that carry little, or that just are there."""
    commands = {
        "wrk": ["wrk", "-t1", f"-c{users}", f"-d{seconds}s", "--timeout", "60s", url],
        "h2load": ["h2load", "--h1", "-t1", f"-c{users}", "--rps", "0.1", "-D", seconds, url],
        "oha": [CARGO / "oha", "--no-tui", "-q", users // 4, "-z", f"{seconds}s", "-c", users, url],
        "hey": ["hey", "-z", f"{seconds}s", "-c", users, url],
        "k6": k6("flat.js", url, users, seconds, pause=20),
        "aiohttp": [VENV / "python", PEERS / "aiohttp_load.py", url, users, seconds, 20],
    }
    return commands.get(peer)


def timed(peer, url, rate, seconds, connections, out):
    """At a rate; what the peer says of it goes to `out`, or to its output."""
    each = rate / connections
    commands = {
        "k6": k6("flat.js", url, connections, seconds, rate=rate, export=out),
        "oha": [CARGO / "oha", "--no-tui", "--output-format", "json", "-q", rate, "-z", f"{seconds}s", "-c", connections, url],
        "hey": ["hey", "-z", f"{seconds}s", "-c", connections, "-q", f"{each:g}", url],
        "h2load": ["h2load", "--h1", "-t1", f"-c{connections}", "--rps", f"{each:g}", "-D", seconds, "--log-file", out, url],
        "autocannon": [NODE / "autocannon", "--json", "-c", connections, "-R", rate, "-d", seconds, url],
        "artillery": [NODE / "artillery", "run", "--quiet", "-o", out, artillery_script(url, rate, seconds)],
        "locust": locust(url, connections, seconds, per_user=each, csv=out),
        "goose": [*goose(url, connections, seconds), "--throttle-requests", rate, "--report-file", f"{out}.json"],
        "rlt": [BUILT / "bench-rlt", "-q", "-c", connections, "-d", f"{seconds}s", "-r", rate, "-o", "json", "-O", out,
                "--url", url],
    }
    commands["oha corrected"] = [*commands["oha"][:-1], "--latency-correction", url]
    return commands.get(peer)


def artillery_script(url, rate, seconds):
    """Writes what artillery wants in a file. JSON is YAML."""
    script = {
        "config": {"target": url, "phases": [{"duration": seconds, "arrivalRate": rate}]},
        "scenarios": [{"flow": [{"get": {"url": "/"}}]}],
    }
    file = paths.WORK / f"artillery-{url.rpartition(':')[2]}.yml"
    file.write_text(json.dumps(script))
    return file


def shown(command):
    """A command as a person would type it, without this machine's paths."""
    words = []
    for word in command or ():
        text = str(word)
        text = text.replace(str(paths.WORK), "target/bench").replace(str(paths.ROOT) + os.sep, "")
        text = PORT.sub(r"\1PORT", text)
        words.append(f"'{text}'" if any(sign in text for sign in " ;&|") else text)
    return " ".join(words)
