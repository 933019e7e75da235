"""Batch way: how a delivery goes into a store, as a user's does: dropped, seen, run; and what that used."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import dagster as dg
import psutil

from xray_platform.bench.grown_store import LONG_AGO
from xray_platform.defs.inbox import inbox_sensor
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.store import Store
from xray_platform.errors import MachineError
from xray_platform.tables.places import Places

TICKS = 2  # of the inbox sensor until a file counts as finished
Seconds = dict[str, float]
Result = TypeVar("Result")


def drop(files: Sequence[Path], folder: Path) -> None:
    """Copy files into a new folder of the inbox, as if they had lain there for long."""
    folder.mkdir()
    for number, file in enumerate(files):
        path = folder / f"{number:04d}.dcm"
        shutil.copyfile(file, path)
        os.utime(path, (LONG_AGO, LONG_AGO))


def ticks(store: LocalRunner, count: int) -> list[str]:
    """Let the inbox sensor look so often; return the batches that it opened the last time."""
    repository = store.definitions.get_repository_def()
    opened: list[str] = []
    for _ in range(count):
        with dg.build_sensor_context(
            store.instance,
            resources={"store": Store(root=str(store.places.root))},
            repository_def=repository,
            instance_ref=store.instance.get_ref(),
        ) as context:
            tick = inbox_sensor.evaluate_tick(context)
        opened = [str(request.partition_key) for request in tick.run_requests or ()]
    return opened


def run(
    store: LocalRunner,
    keys: Sequence[dg.AssetKey],
    steps: "StepSeconds",
    batches: Sequence[str] | None,
    *,
    force: bool = False,
) -> None:
    """Materialise what is pending of these, or with `force` all of them; MachineError where a run fails."""
    for outcome in store.run(keys, steps.hear, batches=batches, force=force):
        if not outcome.success:
            raise MachineError(f"the run failed: {dict(outcome.failures)}")


def command(places: Places, name: str) -> None:
    """Run a sub-command of `xray` on a store, in a process of its own."""
    line = [str(Path(sys.executable).parent / "xray"), "--root", str(places.root), name]
    subprocess.run(line, check=True, capture_output=True)


class StepSeconds:
    """The processor seconds of each step of a run, by its events."""

    def __init__(self) -> None:
        self.seconds: Seconds = {}
        self._began: Seconds = {}

    def hear(self, entry: dg.EventLogEntry) -> None:
        """Note the beginning or the end of a step."""
        event = entry.dagster_event
        if event is None or event.step_key is None:
            return
        if event.event_type == dg.DagsterEventType.STEP_START:
            self._began[event.step_key] = processor_seconds()
        elif event.event_type == dg.DagsterEventType.STEP_SUCCESS:
            self.seconds[event.step_key] = processor_seconds() - self._began[event.step_key]


def busy(work: Callable[[], Result]) -> tuple[Result, float]:
    """Return what some work gives, and the processor seconds that it used, those of its children too."""
    began = processor_seconds()
    return work(), processor_seconds() - began


def processor_seconds() -> float:
    """Return what this process, its children and theirs have used so far, of those that ended too."""
    me = psutil.Process()
    return sum(_used(process) for process in (me, *me.children(recursive=True)))


def _used(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
