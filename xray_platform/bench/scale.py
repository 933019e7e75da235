"""Scale: what each step of a store costs at ten thousand, a hundred thousand and a million pictures.

Each step is a process of its own. What was measured of a size is kept below `bench/scale` of the root, so that a
cut-off run goes on. Where `--only` names steps, these alone are measured, anew, and shown beside what was kept. The
grown stores stay there until somebody removes them: a million pictures have a million small files.
"""

import json
import math
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from xray_platform.atomic import atomic_write
from xray_platform.bench.contract import CELL, Benchmark, Figures, Inputs
from xray_platform.bench.scale_figure import draw_scale
from xray_platform.bench.scale_steps import GROWN, NEW_BATCH, STEPS
from xray_platform.dicom.pseudonym import KEY_VARIABLE
from xray_platform.errors import MachineError
from xray_platform.progress import Progress
from xray_platform.tables.owner_only import FILE_MODE

SIZES = (10_000, 100_000, 1_000_000)
MOST_MB = 4096
MOST_RATIO = 1.5
LOOKED_EVERY_S = 0.2
CHILD = "xray_platform.bench.scale_steps"
Seconds = Mapping[str, float]


@dataclass(frozen=True)
class Measured:
    """One step at one size: processor seconds by name, and the most MiB that one of its processes had."""

    seconds: Seconds
    mb: float


def measure(progress: Progress, inputs: Inputs) -> Figures:
    """Grow a store of each size, do every step in it, and hold the times and memory against the promises."""
    folder = inputs.root / "bench" / "scale"
    sizes = [size for size in SIZES if str(size) in inputs.only] or list(SIZES)
    anew = [step for step in STEPS if step in inputs.only]
    found: dict[int, dict[str, Measured]] = {}
    for place, size in enumerate(sizes):
        found[size] = {}
        for number, step in enumerate((GROWN, *STEPS)):
            if not anew or step in {GROWN, *anew} or _file(folder / str(size), step).is_file():
                found[size][step] = _kept(folder / str(size), step, size, anew=step in anew)
            progress(place * (len(STEPS) + 1) + number + 1, len(sizes) * (len(STEPS) + 1), f"{size:,}: {step}")
    drawing = folder / "growth.svg"
    drawing.write_bytes(draw_scale(_by_name(found)))
    return {**_promises(found), "drawn in": str(drawing.relative_to(inputs.root)), **dict(_cells(found))}


def _kept(folder: Path, step: str, size: int, *, anew: bool) -> Measured:
    """Return what was measured of a step, from its file where that was done before."""
    file = _file(folder, step)
    if anew or not file.is_file():
        if step == GROWN:
            shutil.rmtree(folder, ignore_errors=True)
        atomic_write(file, json.dumps(vars(_measured(folder, step, size))).encode())
    return Measured(**json.loads(file.read_text(encoding="utf-8")))


def _file(folder: Path, step: str) -> Path:
    return folder / "measured" / f"{step}.json"


def _measured(folder: Path, step: str, size: int) -> Measured:
    root = folder / "store"
    root.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", CHILD, str(root), step, str(size)]
    output = folder / f"{step}.log"
    with output.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=_environment(folder))
        most = _watched(process)
    text = output.read_text(encoding="utf-8", errors="replace")
    if process.returncode:
        raise MachineError(f"the step {step} of {size:,} pictures failed; {output} says why")
    said = json.loads(text.splitlines()[-1])
    return Measured(said["seconds"], max(most, said["mb"]))


def _environment(folder: Path) -> dict[str, str]:
    """Give the grown store a pseudonym key of its own, the same each time."""
    file = folder / "key"
    if not file.is_file():
        atomic_write(file, secrets.token_hex(32), mode=FILE_MODE)
    return {**os.environ, KEY_VARIABLE: file.read_text(encoding="utf-8")}


def _watched(process: "subprocess.Popen[bytes]") -> float:
    """Wait for a process to end; return the most MiB that it, or any that it started, had."""
    most = 0.0
    while process.poll() is None:
        most = max([most, *_peaks(process.pid)])
        time.sleep(LOOKED_EVERY_S)
    return most


def _peaks(pid: int) -> Iterator[float]:
    with suppress(psutil.Error, OSError, StopIteration):
        for one in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            lines = Path(f"/proc/{one.pid}/status").read_text(encoding="utf-8").splitlines()
            yield next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _by_name(found: Mapping[int, Mapping[str, Measured]]) -> dict[str, dict[int, float]]:
    """Return the processor seconds of each named step by size."""
    named: dict[str, dict[int, float]] = {}
    for size, steps in found.items():
        for step in steps.values():
            for name, seconds in step.seconds.items():
                named.setdefault(name, {})[size] = seconds
    return named


def growth(seconds: Mapping[int, float]) -> float | None:
    """Return how a step grew between the two largest sizes, against n log n; None where there is one size only.

    1: just so; 0.83 between 100,000 and a million: in proportion.
    """
    sizes = sorted(seconds)
    if len(sizes) < 2:
        return None
    few, many = sizes[-2:]
    allowed = many * math.log(many) / (few * math.log(few))
    return seconds[many] / max(seconds[few], 0.01) / allowed


def _promises(found: Mapping[int, Mapping[str, Measured]]) -> dict[str, str | float]:
    """Say of each promise whether it was kept, with the worst figure."""
    named = _by_name(found)
    grew = {name: rate for name, sizes in named.items() if (rate := growth(sizes)) is not None}
    held = {(step, size): one.mb for size, steps in found.items() for step, one in steps.items()}
    batch = named.get(NEW_BATCH, {})
    most = max(held, key=lambda one: held[one])
    said: dict[str, str | float] = {}
    if grew:
        worst = max(grew, key=lambda name: grew[name])
        said["no step grows faster than n log n"] = _kept_or_broken(
            grew[worst] <= 1, f"the worst is {worst!r}, {grew[worst]:.2f} of n log n"
        )
    said[f"no step holds more than {MOST_MB:,} MiB"] = _kept_or_broken(
        held[most] <= MOST_MB, f"the most is {held[most]:,.0f} MiB, {most[0]!r} of {most[1]:,}"
    )
    if len(batch) > 1:
        ratio = batch[max(batch)] / batch[min(batch)]
        name = f"{NEW_BATCH}, beside {max(batch):,} at most {MOST_RATIO} x that beside {min(batch):,}"
        said[name] = _kept_or_broken(ratio <= MOST_RATIO, f"{ratio:.2f}")
    return said


def _kept_or_broken(kept: bool, why: str) -> str:
    return f"{'kept' if kept else 'BROKEN'}: {why}"


def _cells(found: Mapping[int, Mapping[str, Measured]]) -> Iterator[tuple[str, float]]:
    """Yield the table: a row a named step, its seconds and growth; then the memory of each process."""
    for name, seconds in _by_name(found).items():
        for size, spent in seconds.items():
            yield f"{name}{CELL}{size:,}, s", round(spent, 2)
        if (rate := growth(seconds)) is not None:
            yield f"{name}{CELL}of n log n, ratio", round(rate, 2)
    for step in (GROWN, *STEPS):
        for size in (size for size in found if step in found[size]):
            yield f"process of {step!r}{CELL}{size:,}, MiB", round(found[size][step].mb)


SCALE = Benchmark(
    "scale",
    "what each step costs at 10,000, 100,000 and 1,000,000 pictures, in time and memory, against three promises",
    measure,
    parts=(*STEPS, *(str(size) for size in SIZES)),
)
