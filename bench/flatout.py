"""Requests, or messages, per second of the generator's processor time; one run, and rounds of them."""

import dataclasses
import time

import figures
import paths
import process


@dataclasses.dataclass
class Lane:
    """One generator in a comparison: its name and the command for so many seconds."""

    name: str
    command: object
    #: Whether it is stopped as a person would, so that it writes its report.
    gently: bool = False


@dataclasses.dataclass
class Length:
    """How long things take, in seconds."""

    warm: float = 1.0
    window: float = 2.2
    rounds: int = 4

    @property
    def whole(self):
        # Some count their own start, which takes seconds; what is too long is cut off.
        return round(self.warm + self.window) + 10


def once(lane, server, length, core=paths.GENERATOR_CORE):
    """Thousands per processor second of one run, counted at the server within its steady part."""
    command = lane.command(length.whole)
    log = paths.WORK / "logs" / f"{lane.name.replace(' ', '-').replace('/', '-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    before = server.requests()
    child = process.start(command, core=core, log=log)
    try:
        wait_for_load(child, server, before, lane, log)
        time.sleep(length.warm)
        counted, used, clock = server.requests(), process.cpu_seconds(child.pid), time.monotonic()
        time.sleep(length.window)
        counted = server.requests() - counted
        used = process.cpu_seconds(child.pid) - used
        clock = time.monotonic() - clock
        if child.poll() is not None:
            raise paths.Trouble(f"{lane.name} ended too early: {process.tail(log)}")
    finally:
        process.stop(child, gently=lane.gently)
    if used <= 0 or counted <= 0:
        raise paths.Trouble(f"{lane.name} sent nothing: {process.tail(log)}")
    return {"thousands": counted / used / 1000, "per_second": counted / clock, "busy": used / clock,
            "microseconds": used / counted * 1e6}


def wait_for_load(child, server, before, lane, log):
    """Until the load proper has begun, which takes some of them seconds."""

    def begun():
        if child.poll() is not None:
            raise paths.Trouble(f"{lane.name} ended at once: {process.tail(log)}")
        return server.requests() - before > 500

    process.wait_until(begun, 30, f"{lane.name} does not begin to send")


def rounds(lanes, server, length, say):
    """All of them in turn, several times: the machine changes, and is the same only within a round."""
    results, troubles = [], {}
    for number in range(length.rounds):
        one = {}
        # Every other round goes backwards, so that nobody always comes after the same neighbour.
        for lane in lanes if number % 2 == 0 else reversed(lanes):
            if lane.name in troubles:
                continue
            try:
                one[lane.name] = once(lane, server, length)
                say(f"round {number + 1}: {lane.name} {one[lane.name]['thousands']:.1f} k per processor second, "
                    f"{one[lane.name]['per_second']:,.0f}/s")
            except paths.Trouble as error:
                troubles[lane.name] = str(error)
                say(str(error))
        results.append(one)
    return results, troubles


def rows(lanes, results, troubles, ours):
    """For the table: every figure with its spread, and ours over it, pair by pair."""
    plain = [{name: run["thousands"] for name, run in one.items()} for one in results]
    listed = []
    for lane in lanes:
        row = {"name": lane.name, "figure": figures.spread([one.get(lane.name) for one in plain])}
        if lane.name in troubles and row["figure"] is None:
            row["note"] = "not measured"
        if lane.name != ours:
            row["ratio"] = figures.ratios(plain, ours, lane.name)
        listed.append(row)
    return listed
