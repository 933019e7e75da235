"""Inbox benchmark: half an hour of a hospital that drops a batch a minute, with the daemon as `xray ui` starts it.

Watched are the batches (each taken in once, and how soon), and the memory and number of all processes of the store.
"""

import contextlib
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.defs.instance import open_instance
from xray_platform.errors import MachineError
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.ports import free_port
from xray_platform.progress import Progress
from xray_platform.tables.all import IMAGES, PREDICTIONS, QUALITY
from xray_platform.tables.places import Places

MINUTES = 30
PICTURES = 6  # a batch
SIDE = 256
SAMPLE_SECONDS = 5.0
AFTER_SECONDS = 300  # the longest wait for the last batches
SETTLED_MINUTES = 5  # what memory is compared with what it is at the end
PLOT = "inbox.svg"


@dataclass(frozen=True)
class Sample:
    """What is there at one moment: seconds since the start, processes, and the memory that they hold together."""

    seconds: float
    processes: int
    memory_mb: float


def measure(progress: Progress, inputs: Inputs) -> Figures:
    """Serve a store of its own, drop a batch a minute into its inbox, and take a sample every few seconds."""
    with TemporaryDirectory(prefix="xray-inbox-") as folder:
        places = Places(Path(folder) / "store")
        deliveries = _deliveries(Path(folder) / "archive")
        places.inbox.mkdir(parents=True)
        with _served(places):
            samples, dropped, done = _half_an_hour(places, deliveries, progress)
        plot = inputs.root / PLOT
        _draw(plot, samples, dropped, done)
        note = f"{MINUTES} batches of {PICTURES} phantoms, {SIDE} px, one a minute; {PLOT} shows memory and processes"
        return {"note": note, **_figures(places, samples, dropped, done)}


def _deliveries(archive: Path) -> list[list[Path]]:
    write_archive(archive, ArchiveSettings(pictures=MINUTES * PICTURES, side=SIDE, seed=11))
    files = sorted(archive.rglob("*.dcm"))
    return [files[number::MINUTES][:PICTURES] for number in range(MINUTES)]


@contextlib.contextmanager
def _served(places: Places) -> Iterator[None]:
    ports = [free_port() for _ in range(2)]
    command = [str(Path(sys.executable).parent / "xray"), "--root", str(places.root), "ui"]
    command += ["--dagster-port", str(ports[0]), "--mlflow-port", str(ports[1])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None or "http" not in process.stdout.readline():
                raise MachineError("`xray ui` did not start; it has said why")
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _half_an_hour(
    places: Places, deliveries: Sequence[Sequence[Path]], progress: Progress
) -> tuple[list[Sample], list[float], dict[str, float]]:
    """Return what was seen, when each delivery was dropped, and when each batch was judged; seconds since the start."""
    began = time.monotonic()
    samples: list[Sample] = []
    dropped: list[float] = []
    done: dict[str, float] = {}
    while len(done) < len(deliveries) and time.monotonic() - began < 60 * len(deliveries) + AFTER_SECONDS:
        now = time.monotonic() - began
        if len(dropped) < len(deliveries) and now >= 60 * len(dropped):
            for number, file in enumerate(deliveries[len(dropped)]):
                shutil.copyfile(file, places.inbox / f"{len(dropped):02d}-{number}.dcm")
            dropped.append(now)
            progress(len(dropped), len(deliveries), "batches dropped")
        for batch in PREDICTIONS.parts(places):
            done.setdefault(batch, now)
        samples.append(_sample(places, now))
        time.sleep(SAMPLE_SECONDS)
    return samples, dropped, done


def _sample(places: Places, now: float) -> Sample:
    mark, held = f"XRAY_ROOT={places.root}\0".encode(), []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, StopIteration):
            if mark in (entry / "environ").read_bytes():
                lines = (entry / "smaps_rollup").read_text().splitlines()
                held.append(int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024)
    return Sample(now, len(held), sum(held))


def _figures(
    places: Places, samples: Sequence[Sample], dropped: Sequence[float], done: Mapping[str, float]
) -> dict[str, float | int | str]:
    waited = [done[batch] - at for batch, at in zip(sorted(done), dropped, strict=False)]
    settled = (_minutes(samples, 0), _minutes(samples, -SETTLED_MINUTES))
    idle = [min(sample.memory_mb for sample in part) for part in settled]
    calm = [min(sample.processes for sample in part) for part in settled]
    return {
        "batches dropped": len(dropped),
        "batches taken in": len(done),
        "intake runs of a batch, most": max(_runs_a_batch(places).values(), default=0),
        "files judged by quality": int(QUALITY.read(places)["sha256"].nunique()),
        "pictures published": sum(len(IMAGES.read(places, batch)) for batch in done),
        "from dropped to judged, median, s": round(statistics.median(waited), 1) if waited else -1,
        "from dropped to judged, longest, s": round(max(waited), 1) if waited else -1,
        "memory at rest, first minutes, mb": round(idle[0]),
        "memory at rest, last minutes, mb": round(idle[1]),
        "memory, most, mb": round(max(sample.memory_mb for sample in samples)),
        "processes at rest, first minutes": calm[0],
        "processes at rest, last minutes": calm[1],
        "processes, most": max(sample.processes for sample in samples),
    }


def _minutes(samples: Sequence[Sample], start: int) -> list[Sample]:
    """Return the samples of some settled minutes: from the second on, or the last ones."""
    first = 60.0 if start == 0 else samples[-1].seconds + 60 * start
    return [sample for sample in samples if first <= sample.seconds <= first + 60 * SETTLED_MINUTES] or list(samples)


def _runs_a_batch(places: Places) -> Counter[str]:
    """Return how many intake runs Dagster had for each batch."""
    instance = open_instance(places)
    try:
        return Counter(run.tags["dagster/partition"] for run in instance.get_runs() if run.job_name == "intake")
    finally:
        instance.dispose()


def _draw(path: Path, samples: Sequence[Sample], dropped: Sequence[float], done: Mapping[str, float]) -> None:
    """Draw memory and processes over time, with a tick for each batch dropped and each one judged."""
    from matplotlib.figure import Figure  # takes a second to import, and is needed once

    figure = Figure(figsize=(9, 4.5), layout="constrained")
    memory, processes = figure.subplots(2, 1, sharex=True)
    minutes = [sample.seconds / 60 for sample in samples]
    memory.plot(minutes, [sample.memory_mb for sample in samples], lw=1)
    memory.set(ylabel="memory (PSS), MB", ylim=(0, None))
    processes.plot(minutes, [sample.processes for sample in samples], lw=1, color="tab:green")
    processes.set(ylabel="processes", xlabel="minutes", ylim=(0, None))
    memory.plot([at / 60 for at in dropped], [0] * len(dropped), "|", color="k", ms=8, label="batch dropped")
    memory.plot([at / 60 for at in done.values()], [0] * len(done), "|", color="tab:red", ms=12, label="batch judged")
    memory.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    figure.savefig(path)


INBOX = Benchmark(
    "inbox", "half an hour of a batch a minute through the daemon: taken in once, how soon, memory, processes", measure
)
