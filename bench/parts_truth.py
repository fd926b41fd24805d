"""The reference case: a server that stalls once, and what each generator says of it."""

import concurrent.futures
import contextlib
import dataclasses
import subprocess
import time

import figures
import ours
import parse
import paths
import peers
import process
import server
import tables

OURS = "agentos-perf"
RATE = 200
AT_ONCE = 4


#: Of these each connection keeps its own pace and all begin at once, so that with 500 of them a stall falls
#: between two bursts or on one: what would be true is chance.
IN_STEP = ("hey", "h2load", "locust")


@dataclasses.dataclass
class Case:
    """One row: who, with how many connections, and what would be true of it, from what the server saw."""

    name: str
    peer: str
    connections: int | None
    true: object
    random: bool = False


def cases(context):
    """The rows, ours first."""
    seconds, stall = context.truth_seconds, context.stall
    open_ = figures.truth(RATE, seconds, stall=stall)
    fifty = figures.truth(RATE, seconds, 50, stall=stall)

    def of_users(count):
        pause, each = count / RATE, round(RATE * seconds / count)
        return lambda seen: figures.truth_of_users(seen["begins"], pause, each, stall=stall)

    def as_served(seen):
        return {name: seen[name] for name in ("p50", "p95", "p99", "max")}

    rows = [
        Case(f"{OURS}, constant", "constant", None, lambda _: open_),
        Case(f"{OURS}, Poisson", "poisson", None, as_served, random=True),
        Case(f"{OURS}, 500 users", "users-500", None, of_users(500), random=True),
        Case(f"{OURS}, 50 users", "users-50", None, of_users(50), random=True),
    ]
    for peer, count in (("k6", 500), ("k6", 50), ("oha", 500), ("oha", 50), ("oha corrected", 50), ("autocannon", 50),
                        ("goose", 50), ("rlt", 50), *((peer, 50) for peer in IN_STEP)):
        if peer.split()[0] in context.peers:
            true = fifty if count == 50 else open_
            rows.append(Case(f"{peer}, {count}", peer, count, lambda _, true=true: true))
    if "artillery" in context.peers:
        rows.append(Case("artillery", "artillery", None, lambda _: open_))
    return rows


def accuracy(context):
    """All rows, several at a time: each has a server of its own, and they hardly use the processor."""
    rows, seconds = cases(context), context.truth_seconds
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        starts = [pool.submit(measured, case, context, place % AT_ONCE) for place, case in enumerate(rows)]
        found = [start.result() for start in starts]
    context.keep("accuracy", found)
    true = figures.truth(RATE, seconds, stall=context.stall)
    fifty = figures.truth(RATE, seconds, 50, stall=context.stall)
    truths = [
        {"name": f"*the truth, {what}*", "asked": RATE * seconds, "seen": None, **times, "right": None}
        for what, times in (("as many connections as needed", true), ("50 connections", fifty))
    ]
    context.parts["accuracy"] = tables.truth_table([*truths, *found])
    for case in rows:
        shown = peers.shown(command(case, "http://127.0.0.1:1", seconds, paths.WORK / "truth" / "OUT"))
        context.commands.append((f"{case.name}: truth", shown))


def measured(case, context, place):
    """One row: the run, what was seen at the server, what was told, and whether that is right."""
    # Starting at one instant, they would disturb each other.
    time.sleep(place * 0.7)
    asked = RATE * context.truth_seconds
    row = {"name": case.name, "asked": asked}
    stall = [round(moment * 1000) for moment in context.stall]
    try:
        with server.Own("slow", "20", str(stall[0]), str(stall[1] - stall[0])) as slow:
            times = run(case, slow, context)
            counted = slow.counted()
        true = case.true(counted)
        row |= times | {"seen": counted["requests"], "true": true, "right": figures.right(times, true)}
        if case.random:
            row["own_truth"] = true["p95"]
        context.say(f"{case.name}: p95 {tables.milliseconds(times.get('p95'))}, {'right' if row['right'] else 'wrong'}")
    except (paths.Trouble, KeyError, ValueError, TypeError, StopIteration, OSError) as error:
        row |= {"note": "not measured", "trouble": repr(error)}
        context.say(f"{case.name}: not measured: {error!r}")
    return row


def command(case, url, seconds, out):
    """The words of a row's run."""
    if case.name.startswith(OURS):
        return ours.command(case.peer, url, out.stem, "--duration", f"{seconds}s")
    return peers.timed(case.peer, url, RATE, seconds, case.connections or 50, out)


def run(case, slow, context):
    """What it says of its run."""
    name = case.name.replace(" ", "-").replace(",", "")
    folder = paths.WORK / "truth"
    folder.mkdir(exist_ok=True)
    out, log = folder / f"{name}.out", folder / f"{name}.log"
    with contextlib.suppress(FileNotFoundError):
        out.unlink()
    seconds = context.truth_seconds
    child = process.start(command(case, slow.url(), seconds, out), log=log, cwd=folder)
    try:
        child.wait(timeout=seconds + 40)
    except subprocess.TimeoutExpired as error:
        raise paths.Trouble(f"it does not end: {process.tail(log)}") from error
    finally:
        process.stop(child)
    if case.name.startswith(OURS):
        times = ours.response(out.stem)
        return {key: times[key] for key in ("p50", "p95", "p99", "max")}
    try:
        return getattr(parse, case.peer.split()[0])(out, log.read_text(errors="replace"))
    except (KeyError, ValueError, TypeError, StopIteration, OSError) as error:
        raise paths.Trouble(f"its output is not understood ({error!r}): {process.tail(log)}") from error
