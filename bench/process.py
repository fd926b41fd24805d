"""Processes of ours: started pinned, watched through /proc, ended by their id."""

import contextlib
import ctypes
import os
import pathlib
import signal
import subprocess
import time

import paths

TICK = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1
PR_SET_TIMERSLACK = 29
LIBC = ctypes.CDLL(None)
STARTED = set()


def quiet_environment():
    """Nothing may call home, and no proxy may stand between."""
    env = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    env = {name: value for name, value in env.items() if not name.startswith("PERF_")}
    return env | {
        "ARTILLERY_DISABLE_TELEMETRY": "true",
        "K6_NO_USAGE_REPORT": "true",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }


def start(command, core=None, log=None, stdin=subprocess.DEVNULL, stdout=None, cwd=None, precise=False):
    """Starts a command in a session of its own, on one core if one is named."""

    def prepare():
        # nginx ends its worker when it is asked to, and not when it is killed.
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if precise:
            LIBC.prctl(PR_SET_TIMERSLACK, 1)
        if core is not None:
            os.sched_setaffinity(0, {core})

    sink = open(log, "wb") if log else subprocess.DEVNULL
    try:
        child = subprocess.Popen(
            [str(word) for word in command],
            stdin=stdin,
            stdout=stdout if stdout is not None else sink,
            stderr=subprocess.STDOUT if log and stdout is None else sink,
            cwd=cwd or paths.WORK,
            env=quiet_environment(),
            start_new_session=True,
            preexec_fn=prepare,
        )
    except OSError as error:
        raise paths.Trouble(f"cannot start {command[0]}: {error.strerror}") from error
    finally:
        if log:
            sink.close()
    STARTED.add(child)
    return child


def stop(child, gently=False):
    """Ends a process and what it started."""
    if gently and child.poll() is None:
        child.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=15)
    # The group outlives its leader as long as the leader has not been waited for.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    STARTED.discard(child)


def stop_all():
    """Ends whatever is left of what was started."""
    for child in list(STARTED):
        stop(child)


def tree(pid):
    """A process that was started here and all that it started: those of its session."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = pathlib.Path(entry.path, "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == pid:
                    found.append(int(entry.name))
    return found


def cpu_seconds(pid):
    """Processor time of a process tree, ended children included."""
    ticks = 0
    for member in tree(pid):
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICK


def memory_kib(pid):
    """Proportional resident memory (PSS) of a process tree, in KiB."""
    total = 0
    for member in tree(pid):
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{member}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total


def sockets(pid):
    """Open sockets of a process tree."""
    count = 0
    for member in tree(pid):
        with contextlib.suppress(OSError):
            for entry in os.scandir(f"/proc/{member}/fd"):
                with contextlib.suppress(OSError):
                    count += os.readlink(entry.path).startswith("socket:")
    return count


def wait_until(happens, seconds, what, every=0.02):
    """Waits for something, and says what did not come."""
    end = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > end:
            raise paths.Trouble(f"{what} within {seconds:.0f} s")
        time.sleep(every)


def tail(log):
    """The last line of a log that says something, for a message."""
    with contextlib.suppress(OSError):
        lines = [line.strip() for line in pathlib.Path(log).read_text(errors="replace").splitlines()]
        return next((line[-200:] for line in reversed(lines) if any(sign.isalpha() for sign in line)), "it said nothing")
    return "it said nothing"
