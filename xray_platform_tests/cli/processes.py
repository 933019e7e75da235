"""Processes: the command as a user starts it, and how much processor time it takes."""

import os
import resource
import subprocess
import sys
from pathlib import Path

XRAY = str(Path(sys.executable).parent / "xray")
ROOT = Path(__file__).resolve().parents[2]


def environment(**more: str) -> dict[str, str]:
    """This process's environment in which `xray` is that of this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def processor_seconds(*words: object) -> float:
    """Return the processor time of `xray …` and its children; other work on the machine does not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([XRAY, *map(str, words)], env=environment(), check=True, capture_output=True, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def imported(*words: object) -> set[str]:
    """Return the names of all modules that `xray …` imports in its own process."""
    code = "import sys; from xray_platform.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code, *map(str, words)],
        env=environment(), check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
