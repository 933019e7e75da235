"""Growth: does a batch cost the same beside hundreds of earlier ones? Each stage of its way, by processor time."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import dagster as dg
import psutil

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.grown_store import LONG_AGO, grow
from xray_platform.bench.opened_store import open_store, own_key
from xray_platform.defs.batch_states import unfinished
from xray_platform.defs.inbox import inbox_sensor
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.store import Store
from xray_platform.errors import MachineError
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.progress import Progress
from xray_platform.tables.places import Places

EARLIER = (1, 100, 500)
PICTURES = 200  # a batch
SIDE = 128
ROUNDS = 3
TICKS = 2  # of the inbox sensor until a file counts as finished
Seconds = dict[str, float]
Result = TypeVar("Result")


def measure(progress: Progress, _: Inputs) -> Figures:
    """Grow a store for each number of earlier batches, take batches of phantoms in by turns, and keep the best times.

    Times are seconds of processor time of this process and its children.
    """
    best: dict[int, Seconds] = {earlier: {} for earlier in EARLIER}
    with TemporaryDirectory(prefix="xray-growth-") as name, own_key():
        folder = Path(name)
        deliveries = _deliveries(folder / "archive")
        for done, earlier in enumerate(EARLIER):
            _grown(folder / str(earlier), earlier)
            progress(done + 1, len(EARLIER) * (ROUNDS + 1), "stores")
        for number, files in enumerate(deliveries):
            for done, earlier in enumerate(EARLIER):
                for stage, seconds in take_in_one_more(Places(folder / str(earlier)), files, f"new-{number}").items():
                    best[earlier][stage] = min(best[earlier].get(stage, seconds), seconds)
                progress((number + 1) * len(EARLIER) + done + 1, len(EARLIER) * (ROUNDS + 1), "batches")
    return {"what": f"a batch of {PICTURES} phantoms of {SIDE} px, processor seconds, best of {ROUNDS}", **_told(best)}


def _told(best: dict[int, Seconds]) -> dict[str, float]:
    least, most = min(best), max(best)
    figures: dict[str, float] = {}
    for stage in best[least]:
        figures |= {f"{stage}, beside {earlier}, s": round(best[earlier][stage], 3) for earlier in best}
        figures[f"{stage}, {most} against {least}, ratio"] = best[most][stage] / max(best[least][stage], 0.001)
    return figures


def _deliveries(archive: Path) -> list[list[Path]]:
    write_archive(archive, ArchiveSettings(pictures=ROUNDS * PICTURES, side=SIDE, seed=5, broken=False))
    files = sorted(archive.rglob("*.dcm"))
    return [files[number::ROUNDS][:PICTURES] for number in range(ROUNDS)]


def _grown(root: Path, earlier: int) -> None:
    with open_store(Places(root)) as store:
        grow(store, earlier, PICTURES)
        _ticks(store, TICKS)  # the first looks, which find everything


def take_in_one_more(places: Places, files: Sequence[Path], folder: str) -> Seconds:
    """Take a batch in through the inbox of a store; return the processor seconds of each stage."""
    found: Seconds = {}
    with open_store(places) as store:
        _, found["inbox sensor, nothing new"] = _busy(lambda: _ticks(store, 1))
        _drop(files, places.inbox / folder)
        opened, found["inbox sensor, a new batch"] = _busy(lambda: _ticks(store, TICKS))
        if len(opened) != 1:
            raise MachineError(f"the inbox sensor opened {len(opened)} batches for one delivery")
        store.instance.add_dynamic_partitions(str(BATCHES.name), opened)
        keys = store.select(["archive", "imaging"], None)
        steps = _Steps()
        by_batch = [key for key in keys if store.graph.partitioned(key)]
        _, found["run of the batch, in all"] = _busy(lambda: _run(store, by_batch, steps, opened))
        found |= {f"step {name}": seconds for name, seconds in steps.seconds.items()}
        found["run of the batch, beside its steps"] = found["run of the batch, in all"] - sum(steps.seconds.values())
        _, found["labels and splits of all batches"] = _busy(lambda: _run(store, keys, _Steps(), ()))
        _, found["xray run, nothing to do"] = _busy(lambda: _run(store, keys, _Steps(), None))
        _, found["what is pending"] = _busy(store.pending)
        _, found["which batches are unfinished"] = _busy(lambda: unfinished(store))
    _, found["xray status"] = _busy(lambda: _command(places, "status"))
    return found


def _drop(files: Sequence[Path], folder: Path) -> None:
    folder.mkdir()
    for number, file in enumerate(files):
        path = folder / f"{number:04d}.dcm"
        shutil.copyfile(file, path)
        os.utime(path, (LONG_AGO, LONG_AGO))


def _ticks(store: LocalRunner, count: int) -> list[str]:
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


def _run(store: LocalRunner, keys: Sequence[dg.AssetKey], steps: "_Steps", batches: Sequence[str] | None) -> None:
    for outcome in store.run(keys, steps.hear, batches=batches):
        if not outcome.success:
            raise MachineError(f"the run failed: {dict(outcome.failures)}")


def _command(places: Places, name: str) -> None:
    command = [str(Path(sys.executable).parent / "xray"), "--root", str(places.root), name]
    subprocess.run(command, check=True, capture_output=True)


class _Steps:
    """The processor seconds of each step of a run, by its events."""

    def __init__(self) -> None:
        self.seconds: Seconds = {}
        self._began: Seconds = {}

    def hear(self, entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is None or event.step_key is None:
            return
        if event.event_type == dg.DagsterEventType.STEP_START:
            self._began[event.step_key] = processor_seconds()
        elif event.event_type == dg.DagsterEventType.STEP_SUCCESS:
            self.seconds[event.step_key] = processor_seconds() - self._began[event.step_key]


def _busy(work: Callable[[], Result]) -> tuple[Result, float]:
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


GROWTH = Benchmark("growth", "what a batch costs beside 1, 100 and 500 earlier ones, stage by stage", measure)
