"""Intake processes: files a second that one, two and four processes take in, each its own batches of the same store.

Each process has one core, as a machine of one core has; of more processes than cores some share one. What starting
costs is not counted: each process takes one batch in before its time begins. Run as
`python -m xray_platform.bench.intake_processes STORE CORE BATCH...` it does that, says that it is ready, waits for a
line, takes the other batches in, and says so.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from xray_platform.bench.intake import take_batch_in
from xray_platform.bench.intake_files import write_archive
from xray_platform.dicom.intake.batch_plan import batch_names, plan_batches
from xray_platform.errors import MachineError
from xray_platform.tables.all import IMAGES
from xray_platform.tables.places import Places

PROCESSES = (1, 2, 4)
ARCHIVES = {"8 MB": (48, 4, 2048), "64 kB": (2400, 100, 180)}  # files, files a batch, pixels a side


def processes(folder: Path) -> dict[str, float]:
    """Return files a second by size and number of processes, and each rate against that of one process."""
    figures: dict[str, float] = {}
    for size, (count, batch, side) in ARCHIVES.items():
        warm = max(PROCESSES) * batch
        write_archive(folder / f"{size} apart", count + warm, side)
        rates = {
            many: _rate(folder / f"store {size} {many}", folder / f"{size} apart", batch, many) for many in PROCESSES
        }
        figures |= {f"{size}: processes of one core: {many}, files_per_s": rate for many, rate in rates.items()}
        figures |= {
            f"{size}: processes of one core: {many}, against one, ratio": rates[many] / rates[1]
            for many in PROCESSES
            if many > 1
        }
    return figures


def _rate(store: Path, source: Path, batch_size: int, many: int) -> float:
    places = Places(store)
    plan_batches(places, source, batch_size=batch_size)
    batches, cores = batch_names(places), sorted(os.sched_getaffinity(0))
    timed = batches[max(PROCESSES) :]
    started = [
        _start(store, cores[number % len(cores)], [batches[number], *timed[number::many]]) for number in range(many)
    ]
    try:
        for process in started:
            _said(process, "ready")
        began = time.perf_counter()
        for process in started:
            if process.stdin is not None:
                process.stdin.write("go\n")
                process.stdin.flush()
        for process in started:
            _said(process, "done")
        seconds = time.perf_counter() - began
    finally:
        for process in started:
            process.kill()
            process.communicate()
    return sum(len(IMAGES.read(places, batch)) for batch in timed) / seconds


def _start(store: Path, core: int, batches: Sequence[str]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", __name__, str(store), str(core), *batches]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _said(process: "subprocess.Popen[str]", word: str) -> None:
    line = process.stdout.readline().strip() if process.stdout is not None else ""
    if line != word:
        raise MachineError(f"a process of the intake ended: it said {line!r} instead of {word!r}")


def main(store: Path, core: int, batches: Sequence[str]) -> None:
    """Take the first batch in, wait for a line, and take the others in."""
    os.sched_setaffinity(0, {core})
    places = Places(store)
    take_batch_in(places, batches[0])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for batch in batches[1:]:
        take_batch_in(places, batch)
    sys.stdout.write("done\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
