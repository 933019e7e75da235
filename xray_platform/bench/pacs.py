"""PACS: objects in by DICOM as fast as an archive takes them, and 500 images whose results go back to it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.orthanc import TITLE, Orthanc, orthanc
from xray_platform.bench.started import xray_command
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.dicom.intake.raw_store import take_in
from xray_platform.errors import InputError, MachineError
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.ports import HOST, free_port
from xray_platform.progress import Progress
from xray_platform.serving.pacs.delivery import web_client
from xray_platform.serving.pacs.destinations import Archive
from xray_platform.serving.pacs.result_store import results_folder
from xray_platform.serving.pacs.results import KINDS, ModelIdentity
from xray_platform.serving.pacs.send import ListedImage, Sender
from xray_platform.serving.pacs.settings import PacsSettings
from xray_platform.serving.predict import Predictor
from xray_platform.tables.places import Places
from xray_platform.tracking.names import CHAMPION
from xray_platform.tracking.registry_file import registered_bundle

OURS = "XRAY"
IMAGES, SMALL_SIDE = 500, 256
LARGE, LARGE_SIDE, LARGE_BYTES, REPEATED = 10, 2048, 8_000_000, 12  # those whose pixels are not compressed
CLIENTS = 4
CHECKED = 50  # of the images, all of whose results dciodvfy looks at
MEBI = 1024**2


@dataclass(frozen=True)
class _Target:
    """Who takes objects: a title and a port."""

    title: str
    port: int


def measure(progress: Progress, inputs: Inputs) -> Figures:
    """Send the same files to `xray receive` and to Orthanc, in turn; then bring this store's results back."""
    bundle = registered_bundle(Places(inputs.root), CHAMPION)
    if bundle is None:
        raise InputError(f"{inputs.root} has no champion; make one with `xray demo` or `xray run`")
    if shutil.which("storescu") is None or shutil.which("dcmsend") is None:
        raise MachineError("storescu and dcmsend are needed: apt-get install dcmtk")
    predictor = Predictor.load(bundle.folder, expected=bundle.id)
    model = ModelIdentity(predictor.facts.model, bundle.version, bundle.id)
    with TemporaryDirectory(prefix="xray-pacs-") as name:
        folder = Path(name)
        small = _files(folder / "small", IMAGES, SMALL_SIDE)
        large = [file for file in _files(folder / "large", LARGE, LARGE_SIDE) if file.stat().st_size > LARGE_BYTES]
        progress(1, 3, "throughput")
        store = Places(folder / "store")
        with orthanc(folder / "orthanc") as archive:
            with _receiver(store.root) as (port, process):
                figures = _throughput(small, large, _Target(OURS, port), _Target(TITLE, archive.port))
                memory = psutil.Process(process.pid).memory_info().rss / 1e6
            progress(2, 3, "results")
            with orthanc(folder / "hospital") as hospital:
                _send(small, _Target(TITLE, hospital.port))
                back = _round_trip(folder, small, hospital, predictor, model)
        progress(3, 3, "done")
    return {
        "load of the machine when it ended": os.getloadavg()[0],
        **figures,
        "memory of the receiver at its end, MB": memory,
        **back,
    }


def _files(folder: Path, pictures: int, side: int) -> list[Path]:
    """Write phantoms, in several transfer syntaxes."""
    write_archive(folder, ArchiveSettings(pictures=pictures, side=side, broken=False))
    return sorted(folder.rglob("*.dcm"))


@contextmanager
def _receiver(root: Path) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """Run `xray receive` in a process of its own, as a user does, until the end of the block."""
    port = free_port()
    command = xray_command(root, "receive", "--port", str(port))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            if process.stdout is None or not process.stdout.readline().startswith(b"Receiving"):
                raise MachineError("the receiver did not start; `xray receive` says why")
            yield port, process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _throughput(small: Sequence[Path], large: Sequence[Path], ours: _Target, theirs: _Target) -> dict[str, float]:
    """Measure each kind of load on both in turn, ours first and last, so that neither has the quieter minute."""
    found: dict[str, float] = {}
    loads = (
        (f"{len(small)} small images, one association", small, 1, 1),
        (f"{len(large) * REPEATED} images of 8 MB, one association", large, REPEATED, 1),
        (f"{len(large) * REPEATED * CLIENTS} images of 8 MB, {CLIENTS} associations", large, REPEATED, CLIENTS),
    )
    for what, files, repeated, clients in loads:
        taken: dict[_Target, float] = {}
        for target in (ours, theirs, theirs, ours):
            seconds = _send(files, target, repeated, clients)
            taken[target] = min(seconds, taken.get(target, seconds))
        size = sum(file.stat().st_size for file in files) * repeated * clients
        for target, said in ((ours, "xray receive"), (theirs, "Orthanc")):
            found[f"{what}: {said}, images per s"] = len(files) * repeated * clients / taken[target]
            found[f"{what}: {said}, MB per s"] = size / taken[target] / 1e6
        found[f"{what}: ratio to Orthanc"] = taken[theirs] / taken[ours]
    return found


def _send(files: Sequence[Path], target: _Target, repeated: int = 1, clients: int = 1) -> float:
    """Send files from so many clients at once, each so many times as new objects; return the seconds that it took."""
    where = ["-aec", target.title, HOST, str(target.port), *map(str, files)]
    if repeated > 1:
        command = ["storescu", "-R", "--repeat", str(repeated), "--invent-instance", "--max-send-pdu", "131072", *where]
    else:
        command = ["dcmsend", "--decompress-never", "--max-send-pdu", "131072", *where]
    quiet, began = subprocess.DEVNULL, time.perf_counter()
    running = [subprocess.Popen(command, stdout=quiet, stderr=quiet) for _ in range(clients)]
    ended = [client.wait() for client in running]
    if any(ended):
        raise MachineError(f"storescu could not send to {target.title}")
    return time.perf_counter() - began


def _round_trip(
    folder: Path, files: Sequence[Path], hospital: Orthanc, predictor: Predictor, model: ModelIdentity
) -> dict[str, float | int]:
    """Take images in by DICOM, send results about all of them, and read those again from the archive."""
    places = Places(folder / "round trip")
    with _receiver(places.root) as (port, _):
        _send(files, _Target(OURS, port))
    images = [
        ListedImage(str(sha256), str(sha256))
        for plan in plan_batches(places, places.inbox)
        for sha256 in take_in(places, plan)["sha256"]
    ]
    settings = PacsSettings(network_seconds=60)
    sender = Sender(places, predictor, model, settings)
    began = time.perf_counter()
    made_none = list(sender.make(images))
    made = time.perf_counter()
    outcomes = list(sender.send(images, Archive.parse("hospital", hospital.dicom)))
    sent = time.perf_counter()
    client = web_client(Archive.parse("hospital", hospital.web), settings)
    reports = client.search_for_series(search_filters={"Modality": "SR"})
    read = sum(len(client.retrieve_series(one["0020000D"]["Value"][0], one["0020000E"]["Value"][0])) for one in reports)
    return {
        "images that came by C-STORE and were taken in": len(images),
        "results made, images": len(images) - len(made_none),
        "results made, images per s": (len(images) - len(made_none)) / (made - began),
        "results sent, images": sum(one.ending == "sent" for one in outcomes),
        "results sent, images per s": sum(one.ending == "sent" for one in outcomes) / (sent - made),
        "reports found in Orthanc by QIDO-RS": len(reports),
        "reports read from Orthanc by WADO-RS": read,
        "studies in Orthanc that no source is of": len(hospital.asked("/studies")) - len({*map(_study, files)}),
        **_valid(places, images[:CHECKED], model),
    }


def _study(file: Path) -> str:
    """Return which study a phantom is of: their folders say."""
    return str(file.parents[1])


def _valid(places: Places, images: Sequence[ListedImage], model: ModelIdentity) -> dict[str, int]:
    if shutil.which("dciodvfy") is None:
        return {}
    errors = checked = 0
    for image in images:
        for kind in KINDS:
            path = results_folder(places, image.sha256, model.bundle) / f"{kind}.dcm"
            if path.is_file():
                done = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False)
                errors += sum(line.startswith("Error") for line in done.stderr.splitlines())
                checked += 1
    return {"result objects held against dciodvfy": checked, "errors of dciodvfy": errors}


PACS = Benchmark(
    "pacs", "objects received against Orthanc on the same files; results of 500 images there and back", measure
)
