"""Serving: how soon `xray serve` answers, cold, warm and together, and what a minute of too many clients does to it."""

import http.client
import json
import os
import signal
import statistics
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.serving_peers import mlflow_milliseconds, scoring_milliseconds
from xray_platform.bench.started import OK, await_answer, xray_command
from xray_platform.errors import InputError, MachineError
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.ports import HOST, free_port
from xray_platform.progress import Progress
from xray_platform.serving.predict import Predictor
from xray_platform.tables.places import Places
from xray_platform.tracking.names import CHAMPION
from xray_platform.tracking.registry_file import registered_bundle

SIDE = 2048
ALONE = 25  # images, one after the other
TOGETHER_SECONDS = 15
CLIENTS = 8
LOAD_SECONDS = 60
BUSY = 429


@dataclass
class Asked:
    """What clients were answered: milliseconds of each served image, and how often each status came."""

    served: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)


def measure(progress: Progress, inputs: Inputs) -> Figures:
    """Ask a server of this store's champion, over HTTP on the loopback address, for made-up images of 8 MB."""
    bundle = registered_bundle(Places(inputs.root), CHAMPION)
    if bundle is None:
        raise InputError(f"{inputs.root} has no champion to serve; make one with `xray demo` or `xray run`")
    with TemporaryDirectory(prefix="xray-serving-") as folder:
        data = _image(Path(folder))
        began = time.perf_counter()
        with _server(inputs.root) as (port, process):
            started = time.perf_counter() - began
            progress(1, 5, "one at a time")
            first = _timed(_client(port), data, heatmap=True)[1]
            plain, shown = _alone(port, data, heatmap=False), _alone(port, data, heatmap=True)
            progress(2, 5, "four at a time")
            four = _together(port, data, clients=4, seconds=TOGETHER_SECONDS)
            progress(3, 5, f"{CLIENTS} clients for {LOAD_SECONDS} s")
            before = _memory_mb(process)
            many = _together(port, data, clients=CLIENTS, seconds=LOAD_SECONDS)
            after = _memory_mb(process)
        progress(4, 5, "in this process")
        predictor = Predictor.load(bundle.folder, expected=bundle.id)
        inside = _in_process(predictor, data)
        progress(5, 5, "mlflow models serve")
        peer = mlflow_milliseconds(bundle.folder, data)
    errors = sum(count for status, count in many.statuses.items() if status not in {OK, BUSY})
    return {
        "image": f"{SIDE} x {SIDE}, 12 bit, {len(data) / 1e6:.1f} MB of DICOM",
        "load of the machine when it ended": os.getloadavg()[0],
        "start until ready, s": started,
        "first image with heat map, ms": first,
        "one at a time, median ms": statistics.median(plain),
        "one at a time with heat map, median ms": statistics.median(shown),
        "one at a time with heat map, least ms": min(shown),
        "in one process with heat map, without HTTP, median ms": statistics.median(inside),
        "`mlflow models serve` with heat map, median ms": statistics.median(peer),
        **scoring_milliseconds(predictor),
        "four at a time with heat map, images per s": four.statuses[OK] / TOGETHER_SECONDS,
        f"{CLIENTS} clients for {LOAD_SECONDS} s: served": many.statuses[OK],
        f"{CLIENTS} clients for {LOAD_SECONDS} s: told to come again (429)": many.statuses[BUSY],
        f"{CLIENTS} clients for {LOAD_SECONDS} s: errors": errors,
        f"{CLIENTS} clients for {LOAD_SECONDS} s: p50 of the served, ms": float(np.percentile(many.served, 50)),
        f"{CLIENTS} clients for {LOAD_SECONDS} s: p99 of the served, ms": float(np.percentile(many.served, 99)),
        "memory of server and readers before, MB": before,
        "memory of server and readers after, MB": after,
    }


def _image(folder: Path) -> bytes:
    """Return an uncompressed phantom."""
    write_archive(folder / "archive", ArchiveSettings(pictures=4, side=SIDE, broken=False))
    largest = max(folder.rglob("*.dcm"), key=lambda path: path.stat().st_size)
    return largest.read_bytes()


@contextmanager
def _server(root: Path) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """Run `xray serve` in a process of its own, as a user does, until the end of the block."""
    port = free_port()
    command = xray_command(root, "serve", "--port", str(port))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            await_answer(process, port, "/readyz", "xray serve")
            yield port, process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _client(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(HOST, port, timeout=120)


def _timed(client: http.client.HTTPConnection, data: bytes, *, heatmap: bool) -> tuple[int, float]:
    """Ask once; return the status, and milliseconds from the first byte sent to the last one read."""
    began = time.perf_counter()
    query = "?heatmap=true" if heatmap else ""
    client.request("POST", f"/v1/predictions{query}", data, {"content-type": "application/dicom"})
    answer = client.getresponse()
    body = answer.read()
    milliseconds = 1000 * (time.perf_counter() - began)
    if answer.status == OK and "label" not in json.loads(body)["images"][0]:
        raise MachineError("the server answered without a prediction")
    return answer.status, milliseconds


def _alone(port: int, data: bytes, *, heatmap: bool) -> list[float]:
    client = _client(port)
    return [_timed(client, data, heatmap=heatmap)[1] for _ in range(ALONE)]


def _together(port: int, data: bytes, clients: int, seconds: float) -> Asked:
    """Let clients ask as fast as they are answered; who is told to come again waits for as long as it is told."""
    asked, lock, until = Asked(), threading.Lock(), time.monotonic() + seconds

    def ask() -> None:
        client = _client(port)
        while time.monotonic() < until:
            try:
                status, milliseconds = _timed(client, data, heatmap=True)
            except (OSError, http.client.HTTPException):
                status, milliseconds, client = 0, 0.0, _client(port)
            with lock:
                asked.statuses[status] += 1
                if status == OK:
                    asked.served.append(milliseconds)
            if status == BUSY:
                time.sleep(1)

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return asked


def _memory_mb(process: "subprocess.Popen[bytes]") -> float:
    """Return the resident memory of a process and all that it has started, in MB; shared pages count for each."""
    server = psutil.Process(process.pid)
    return float(sum(one.memory_info().rss for one in (server, *server.children(recursive=True))) / 1e6)


def _in_process(predictor: Predictor, data: bytes) -> list[float]:
    """Return the milliseconds of the predictor alone, after one image to warm up."""
    taken = []
    for _ in range(ALONE + 1):
        began = time.perf_counter()
        predictor.predict(data, heatmap=True)
        taken.append(1000 * (time.perf_counter() - began))
    return taken[1:]


SERVING = Benchmark(
    "serving",
    "answers of `xray serve`: cold, warm, four at a time, a minute of eight clients; beside `mlflow models serve`",
    measure,
)
