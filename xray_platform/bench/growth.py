"""Growth: does a batch cost the same beside hundreds of earlier ones? Each stage of its way, by processor time."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from xray_platform.bench.batch_way import TICKS, Seconds, StepSeconds, busy, command, drop, run, ticks
from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.grown_store import grow
from xray_platform.bench.opened_store import open_store, own_key
from xray_platform.defs.batch_states import unfinished
from xray_platform.defs.partitions import BATCHES
from xray_platform.errors import MachineError
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.progress import Progress
from xray_platform.tables.places import Places

EARLIER = (1, 100, 500)
PICTURES = 200  # a batch
SIDE = 128
ROUNDS = 3


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
        ticks(store, TICKS)  # the first looks, which find everything


def take_in_one_more(places: Places, files: Sequence[Path], folder: str) -> Seconds:
    """Take a batch in through the inbox of a store; return the processor seconds of each stage."""
    found: Seconds = {}
    with open_store(places) as store:
        _, found["inbox sensor, nothing new"] = busy(lambda: ticks(store, 1))
        drop(files, places.inbox / folder)
        opened, found["inbox sensor, a new batch"] = busy(lambda: ticks(store, TICKS))
        if len(opened) != 1:
            raise MachineError(f"the inbox sensor opened {len(opened)} batches for one delivery")
        store.instance.add_dynamic_partitions(str(BATCHES.name), opened)
        keys = store.select(["archive", "imaging"], None)
        steps = StepSeconds()
        by_batch = [key for key in keys if store.graph.partitioned(key)]
        _, found["run of the batch, in all"] = busy(lambda: run(store, by_batch, steps, opened))
        found |= {f"step {name}": seconds for name, seconds in steps.seconds.items()}
        found["run of the batch, beside its steps"] = found["run of the batch, in all"] - sum(steps.seconds.values())
        _, found["labels and splits of all batches"] = busy(lambda: run(store, keys, StepSeconds(), ()))
        _, found["xray run, nothing to do"] = busy(lambda: run(store, keys, StepSeconds(), None))
        _, found["what is pending"] = busy(store.pending)
        _, found["which batches are unfinished"] = busy(lambda: unfinished(store))
    _, found["xray status"] = busy(lambda: command(places, "status"))
    return found


GROWTH = Benchmark("growth", "what a batch costs beside 1, 100 and 500 earlier ones, stage by stage", measure)
