"""HTTP/1.1, WebSockets, TLS and HTTP/2: what a second of processor time sends."""

import subprocess

import figures
import flatout
import ours
import paths
import peers
import process
import server
import tables

OURS = "agentos-perf"
WANTED = {"wrk": 1.0, "oha": 1.3, "k6": 5.0, "locust": 10.0}
WANTED_SOCKETS = {"k6": 3.5}
SOCKETS = 200


class Offered:
    """The rate that ours is offered: a little more than it sends, by a run before the rounds."""

    def __init__(self, name, url, *flags):
        self.name, self.url, self.flags = name, url, flags
        self.rate = 400_000

    def command(self, seconds):
        return ours.command(
            "flat-out", self.url, self.name, "--rate", f"{self.rate:.0f}/s", "--connections", peers.CONNECTIONS,
            "--duration", f"{seconds}s", "--workers", 1, *self.flags,
        )

    def calibrate(self, nginx, length, say):
        short = flatout.Length(warm=length.warm, window=min(1.5, length.window), rounds=1)
        found = flatout.once(flatout.Lane(OURS, self.command), nginx, short)
        # The machine's slow and fast states lie apart by a factor of two.
        self.rate = min(1_000_000, max(found["per_second"], found["thousands"] * 1000) * 1.5)
        say(f"{OURS} is offered {self.rate:,.0f}/s")


def http(context):
    """The main table: kept connections, HTTP/1.1, flat out."""
    with server.Nginx(paths.SERVER_CORE) as nginx:
        url = nginx.url()
        offered = Offered("flat-out", url)
        offered.calibrate(nginx, context.length, context.say)
        lanes = [flatout.Lane(OURS, offered.command)]
        lanes += [flatout.Lane(name, lambda seconds, name=name: peers.flat(name, url, seconds))
                  for name in peers.HTTP if name in context.peers]
        results, troubles = flatout.rounds(lanes, nginx, context.length, context.say)
        rows = flatout.rows(lanes, results, troubles, OURS)
        context.keep("http", {"rounds": results, "rows": rows, "troubles": troubles})
        context.commands += [(lane.name, peers.shown(lane.command(5))) for lane in lanes]
        context.parts["http"] = tables.ratio_table("thousand requests per processor second", rows, WANTED) + told(troubles)
        context.parts["pace"] = pace(context, nginx)


def pace(context, nginx):
    """Ours at 10,000 requests per second: how late it sends, and what a second thread costs."""
    seconds = 4 if context.quick else 10
    url = nginx.url()

    def command(name, workers, seconds):
        return ours.command("flat-out", url, name, "--rate", "10000/s", "--duration", f"{seconds}s", "--workers", workers)

    context.say("10,000 requests per second on one core")
    child = process.start(command("pace", 1, seconds), core=paths.GENERATOR_CORE, log=paths.WORK / "logs" / "pace.log")
    try:
        child.wait(timeout=seconds + 30)
    except subprocess.TimeoutExpired as error:
        raise paths.Trouble("agentos-perf does not end") from error
    finally:
        process.stop(child)
    late = ours.lateness("pace")
    lanes = [flatout.Lane(f"{n} workers", lambda seconds, n=n: command(f"workers-{n}", n, seconds)) for n in (1, 2)]
    results = []
    for _ in range(context.length.rounds):
        # On both cores: a second thread on the same one would tell nothing.
        results.append({lane.name: flatout.once(lane, nginx, context.length, core=None)["microseconds"] for lane in lanes})
    one, two = (figures.spread([result[lane.name] for result in results]) for lane in lanes)
    more = figures.ratios(results, "2 workers", "1 workers")
    context.keep("pace", {"lateness": late, "workers": results})
    return tables.table(
        ["10,000 requests/s", "", "wanted"],
        [
            ["sent late, p50", tables.milliseconds(late["p50"]), ""],
            ["sent late, p99", tables.milliseconds(late["p99"]), f"< 1 ms: {'met' if late['p99'] < 1 else '**not met**'}"],
            ["sent late, max", tables.milliseconds(late["max"]), ""],
            ["processor time per request, one thread", f"{tables.ranged(one)} µs", ""],
            ["processor time per request, two threads", f"{tables.ranged(two)} µs", ""],
            ["two threads over one", tables.ranged(more), tables.met(more["median"], 1.1, at_least=False)],
        ],
    )


def sockets(context):
    """Ping-pong on WebSockets."""
    with server.Own("echo", core=paths.SERVER_CORE) as echo:
        url = echo.url()

        def mine(seconds):
            return ours.command("sockets", url, "sockets", "--users", SOCKETS, "--duration", f"{seconds}s", "--workers", 1)

        lanes = [flatout.Lane(OURS, mine)]
        lanes += [flatout.Lane(name, lambda seconds, name=name: peers.sockets(name, url, SOCKETS, seconds))
                  for name in ("k6", "aiohttp") if name in context.peers]
        results, troubles = flatout.rounds(lanes, echo, context.more(), context.say)
        rows = flatout.rows(lanes, results, troubles, OURS)
        context.keep("sockets", {"rounds": results, "rows": rows, "troubles": troubles})
        context.commands += [(f"{lane.name}, WebSocket", peers.shown(lane.command(5))) for lane in lanes]
        unit = "thousand messages per processor second"
        context.parts["sockets"] = tables.ratio_table(unit, rows, WANTED_SOCKETS) + told(troubles)


KINDS = {"tls": "HTTP/1.1 over TLS", "h2": "HTTP/2 over TLS", "h2c": "HTTP/2 without TLS, by prior knowledge"}


def secure(context):
    """TLS and HTTP/2."""
    texts = []
    with server.Nginx(paths.SERVER_CORE) as nginx:
        for kind, title in KINDS.items():
            context.say(title)
            url = nginx.url(kind)
            lanes = secure_peers(context, kind, url)
            refused = refusal() if kind != "tls" else None
            if refused is None:
                flags = ["--insecure"] * (kind != "h2c") + (["--http", "2"] if kind != "tls" else [])
                offered = Offered(kind, url, *flags)
                offered.calibrate(nginx, context.length, context.say)
                lanes.insert(0, flatout.Lane(OURS, offered.command))
            results, troubles = flatout.rounds(lanes, nginx, context.fewer(), context.say)
            rows = flatout.rows(lanes, results, troubles, OURS)
            if refused is not None:
                rows.append({"name": OURS, "note": "not supported"})
            context.keep(kind, {"rounds": results, "rows": rows, "troubles": troubles})
            context.commands += [(f"{lane.name}, {title}", peers.shown(lane.command(5))) for lane in lanes]
            unit = "thousand requests per processor second"
            texts.append(f"{title}:\n\n{tables.ratio_table(unit, rows, {})}{told(troubles)}")
    context.parts["secure"] = "\n\n".join(texts)


def secure_peers(context, kind, url):
    """The peers that can do it."""
    lanes = []
    for name in peers.HTTP:
        if name in context.peers and peers.secure(name, kind, url, 1) is not None:
            lanes.append(flatout.Lane(name, lambda seconds, name=name: peers.secure(name, kind, url, seconds)))
    return lanes


def refusal():
    """What ours says against `--http 2`; `None` when it knows the flag."""
    done = subprocess.run(
        [paths.OURS, "test", "--list", "--http", "2"], capture_output=True, text=True, env=process.quiet_environment()
    )
    return None if done.returncode == 0 else done.stderr.strip() or "refused"


def told(troubles):
    """What could not be measured, below a table."""
    return "".join(f"\n\nNot measured: {name}. {why}" for name, why in sorted(troubles.items()))
