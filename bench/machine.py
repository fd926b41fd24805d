"""What the figures were measured on."""

import os
import pathlib
import platform
import re


def described():
    """Rows of a table: processor, cores, memory, kernel, system."""
    cpu = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.*)$", cpu, re.MULTILINE)
    memory = int(re.search(r"^MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])
    virtual = "hypervisor" in cpu
    return [
        ["processor", (model[1] if model else platform.machine()) + (", virtual" if virtual else "")],
        ["cores", str(len(os.sched_getaffinity(0)))],
        ["memory", f"{memory / 2**20:.0f} GiB"],
        ["kernel", f"{platform.system()} {platform.release()}"],
        ["system", system()],
    ]


def system():
    """The distribution's name."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "unknown"
