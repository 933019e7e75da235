"""Machine: what a figure was measured on."""

import os
import platform
import resource
from pathlib import Path

import psutil

from xray_platform.workers import cores


def machine() -> str:
    """Return processor, cores in use, memory and load in one line, without the machine's name."""
    memory = psutil.virtual_memory().total / 1024**3
    load = os.getloadavg()[0]
    return f"{_processor()}, {cores()} cores, {memory:.0f} GB, load {load:.1f}, Python {platform.python_version()}"


def peak_memory_mb() -> float:
    """Return the most memory in MiB that this process had since it was started, without what its parent had before.

    (The usage that Linux reports of a child begins with that of the process that started it.)
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
