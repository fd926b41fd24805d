"""Arithmetic on what was measured; pure."""

import heapq
import math
import statistics


def spread(values):
    """Median, least and greatest."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    return {"median": statistics.median(values), "low": min(values), "high": max(values), "rounds": len(values)}


def ratios(rounds, ours, peer):
    """Ours over the peer's, round by round: the machine is the same only within a round."""
    pairs = [(one.get(ours), one.get(peer)) for one in rounds]
    return spread([mine / theirs for mine, theirs in pairs if mine and theirs])


def slope(points):
    """Least squares of y over x: what each more of x costs."""
    if len(points) < 2:
        return None
    mean_x = statistics.fmean(x for x, _ in points)
    mean_y = statistics.fmean(y for _, y in points)
    square = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / square if square else None


def quantile(ordered, share):
    """The smallest value that at least this share of the values does not exceed."""
    return ordered[max(1, math.ceil(share * len(ordered) - 1e-9)) - 1] if ordered else None


def percentiles(values):
    """What the accuracy table shows, of times in ms."""
    ordered = sorted(values)
    named = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: quantile(ordered, share) for name, share in named.items()}


def truth(rate, seconds, connections=None, delay=0.02, stall=(5.0, 7.0)):
    """The response times of the reference case in ms, by arithmetic.

    Requests are due every `1 / rate`, and take the first free one of `connections`, or a new one.
    """
    count = round(rate * seconds)
    lanes = [0.0] * (connections or count)
    times = []
    for number in range(count):
        due = number / rate
        # Of a heap the first is the least: the connection that is free first.
        done = answered(max(due, lanes[0]), delay, stall)
        heapq.heapreplace(lanes, done)
        times.append((done - due) * 1000)
    return percentiles(times)


def truth_of_users(begins, pause, each, delay=0.02, stall=(5.0, 7.0)):
    """The same of users who begin at these seconds and are due `each` times, a `pause` apart, one at a time."""
    times = []
    for begin in begins:
        free = 0.0
        for number in range(each):
            due = begin + number * pause
            free = answered(max(due, free), delay, stall)
            times.append((free - due) * 1000)
    return percentiles(times)


def answered(came, delay, stall):
    """When the server answers what came at this moment; the same as in peers/server/slow.rs."""
    begins, ends = stall
    ready = (ends if begins <= came < ends else came) + delay
    return ends if begins <= ready < ends else ready


def right(measured, true, tolerance=0.01, least=0.5):
    """Whether all that was told is true, within a share or at least so many ms; `None` if nothing was told."""
    told = [(measured[name], true[name]) for name in true if measured.get(name) is not None]
    if not told:
        return None
    return all(abs(value - wanted) <= max(tolerance * wanted, least) for value, wanted in told)
