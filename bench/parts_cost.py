"""What a generator costs beside processor time: memory, growth, and the time until it begins."""

import time

import figures
import ours
import parts_speed
import paths
import peers
import process
import server
import tables

OURS = "agentos-perf"
MANY = (1000, 5000)
#: For k6, which takes a hundred times as much for each of its users, and hey, which keeps no more than 500.
FEW = (100, 500)


def memory(context):
    """Memory per connected user: the slope between two numbers of them."""
    with server.Nginx(paths.SERVER_CORE) as nginx, server.Own("echo") as echo:
        http = lambda name, users: peers.many(name, nginx.url(), users, 60)
        socket = lambda name, users: peers.sockets(name, echo.url(), users, 60, pause=20)
        mine = lambda users: ours.command("idle-users", nginx.url(), f"idle-{users}", "--users", users, "--workers", 1)
        mine_socket = lambda users: ours.command(
            "idle-sockets", echo.url(), f"idle-sockets-{users}", "--users", users, "--workers", 1)
        users = {OURS: per_user(OURS, mine, context)}
        for name in ("wrk", "h2load", "oha", "hey", "aiohttp", "k6"):
            if name in context.peers:
                users[name] = per_user(name, lambda count, name=name: http(name, count), context)
        sockets = {OURS: per_user(f"{OURS} sockets", mine_socket, context)}
        for name in ("aiohttp", "k6"):
            if name in context.peers:
                sockets[name] = per_user(f"{name} sockets", lambda count, name=name: socket(name, count), context)
    context.keep("memory", {"http": users, "sockets": sockets})
    context.parts["memory"] = tables.table(
        ["KiB per connected user", "over HTTP", "wanted", "on a WebSocket", "wanted"],
        [memory_row(name, users.get(name), sockets.get(name)) for name in users],
    )


def memory_row(name, over_http, on_socket):
    """One generator's line."""
    own = name == OURS
    limit = lambda value, wanted: tables.met(value, wanted, at_least=False) if own else ""
    return [name, tables.number(over_http), limit(over_http, 12), tables.number(on_socket), limit(on_socket, 16)]


def per_user(name, command, context):
    """KiB of a connection, and `None` with a word where it did not come about."""
    counts = FEW if name.split()[0] in ("k6", "hey") else MANY
    counts = [count // 10 for count in counts] if context.quick else counts
    children = [start(name, command(count), count) for count in counts]
    try:
        points = [settled(child, count) for child, count in zip(children, counts)]
    except paths.Trouble as error:
        context.say(f"{name}: {error}")
        return None
    finally:
        for child in children:
            process.stop(child)
    found = figures.slope(points)
    context.say(f"{name}: {found:.1f} KiB per user")
    return found


def start(name, command, count):
    return process.start(command, log=paths.WORK / "logs" / f"memory-{name.replace(' ', '-')}-{count}.log")


def settled(child, count):
    """Connections and KiB, once all of them are there and memory is at rest."""

    def connected():
        if child.poll() is not None:
            raise paths.Trouble("it ended before its users were there")
        return process.sockets(child.pid) >= count

    process.wait_until(connected, 45, f"not all of {count} users are connected", every=0.25)
    time.sleep(1)
    return process.sockets(child.pid), process.memory_kib(child.pid)


def soak(context, seconds=None):
    """Growth of memory under 10,000 requests per second: a minute, or ten with `--only soak`."""
    seconds = seconds or (8 if context.quick else 60)
    settle = seconds / 6
    with server.Nginx(paths.SERVER_CORE) as nginx:
        command = ours.command("flat-out", nginx.url(), "soak", "--rate", "10000/s", "--workers", 1, "--duration",
                               f"{seconds + 5}s")
        context.say(f"10,000 requests per second for {seconds} s")
        child = process.start(command, core=paths.GENERATOR_CORE, log=paths.WORK / "logs" / "soak.log")
        points, begun = [], time.monotonic()
        try:
            while (passed := time.monotonic() - begun) < seconds:
                if child.poll() is not None:
                    raise paths.Trouble(f"agentos-perf ended: {process.tail(paths.WORK / 'logs' / 'soak.log')}")
                if passed >= settle:
                    points.append((passed, process.memory_kib(child.pid)))
                time.sleep(min(5, seconds / 12))
            counted = nginx.requests()
        finally:
            process.stop(child)
    grown = points[-1][1] - points[0][1]
    per_minute = figures.slope(points) * 60
    context.keep("soak", {"points": points, "requests": counted})
    state = tables.met(grown / 1024, 1, at_least=False) if seconds >= 600 else "< 1 MiB in ten minutes: see `--only soak`"
    context.parts["soak"] = tables.table(
        ["at 10,000 requests/s", "", "wanted"],
        [
            ["seconds watched, after the first sixth", tables.number(points[-1][0] - points[0][0]), ""],
            ["requests answered", tables.count(counted), ""],
            ["resident memory at first, MiB", tables.number(points[0][1] / 1024), ""],
            ["grown by, MiB", tables.number(grown / 1024), state],
            ["slope, KiB per minute", tables.number(per_minute), ""],
        ],
    )


def startup(context):
    """From the start of the process to the first request, and to the first of the load."""
    names = [OURS] + [name for name in peers.ALL if name in context.peers]
    times = {name: [] for name in names}
    troubles = {}
    for _ in range(1 if context.quick else 5):
        for name in names:
            if name not in troubles:
                try:
                    times[name].append(first_request(name))
                except paths.Trouble as error:
                    troubles[name] = str(error)
                    context.say(str(error))
    rows = []
    for name in names:
        first = figures.spread([one[0] for one in times[name]])
        load = figures.spread([one[1] for one in times[name]])
        state = tables.met(load["median"], 200, at_least=False) if name == OURS and load else ""
        rows.append([name, tables.ranged(first), tables.ranged(load) if name == OURS else tables.ranged(first), state])
        if first:
            context.say(f"{name}: first request after {first['median']:.0f} ms")
    context.keep("startup", times)
    head = ["ms from start to", "first request", "first of the load", "wanted"]
    context.parts["startup"] = tables.table(head, rows) + parts_speed.told(troubles)


def first_request(name):
    """Milliseconds to the first and to the second request: ours looks at its one endpoint before the load."""
    with server.Doorbell() as bell:
        if name == OURS:
            command = ours.command("constant", bell.url(), "startup", "--duration", "2s", "--workers", 1)
        elif name == "artillery":
            command = peers.timed(name, bell.url(), 100, 2, 10, paths.WORK / "logs" / "artillery-startup.json")
        else:
            command = peers.flat(name, bell.url(), 2, connections=10)
        log = paths.WORK / "logs" / f"startup-{name}.log"
        begun = time.monotonic()
        child = process.start(command, core=paths.GENERATOR_CORE, log=log)
        try:
            process.wait_until(lambda: len(bell.rings) >= 2, 40, f"{name} sends nothing", every=0.005)
        except paths.Trouble as error:
            raise paths.Trouble(f"{error}: {process.tail(log)}") from error
        finally:
            process.stop(child)
    return [(ring - begun) * 1000 for ring in bell.rings[:2]]
