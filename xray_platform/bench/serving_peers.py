"""Serving peers: the same image asked of `mlflow models serve`, and a network's own scoring beside eager torch."""

import base64
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from xray_platform.bench.contract import Figures
from xray_platform.bench.started import OK, await_answer
from xray_platform.errors import MachineError
from xray_platform.ports import HOST, free_port
from xray_platform.serving.predict import Predictor
from xray_platform.tracking.server_command import SERVER_ENVIRONMENT

ASKED = 15
SCORED = 50


def mlflow_milliseconds(bundle: Path, data: bytes) -> list[float]:
    """Return how long `mlflow models serve` takes for one image with heat map, after one to warm up.

    `bundle` is the bundle's folder inside of the MLflow model.
    """
    row = {"columns": ["picture"], "data": [[base64.b64encode(data).decode()]]}
    body = json.dumps({"dataframe_split": row, "params": {"heatmap": True}}).encode()
    with _server(bundle.parents[1]) as port:
        return [_ask(port, body) for _ in range(ASKED + 1)][1:]


def _ask(port: int, body: bytes) -> float:
    client = http.client.HTTPConnection(HOST, port, timeout=120)
    began = time.perf_counter()
    client.request("POST", "/invocations", body, {"content-type": "application/json"})
    answer = client.getresponse()
    said = json.loads(answer.read())
    taken = 1000 * (time.perf_counter() - began)
    if answer.status != OK or not said["predictions"][0].get("heatmap"):
        raise MachineError(f"`mlflow models serve` answered {answer.status} without a heat map")
    return taken


@contextmanager
def _server(model: Path) -> Iterator[int]:
    """Serve an MLflow model, as its documents say, until the end of the block."""
    port, binaries = free_port(), str(Path(sys.executable).parent)
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(model), "--env-manager", "local"]
    command += ["--host", HOST, "--port", str(port)]
    environment = {**os.environ, **SERVER_ENVIRONMENT, "PATH": f"{binaries}:{os.environ['PATH']}"}
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
    ) as process:
        try:
            await_answer(process, port, "/ping", "mlflow models serve")
            yield port
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # it serves in a child of its own
            process.wait(60)


def scoring_milliseconds(predictor: Predictor) -> Figures:
    """Return how long the scoring alone takes for one image, and beside it eager torch where the model is a network.

    Both with one thread, in turns.
    """
    from xray_platform.training.trained_network import TrainedNetwork  # torch takes seconds to import

    side = predictor.facts.recipe.side or 0
    image = np.random.default_rng(0).random((1, side, side), dtype=np.float32)
    if not isinstance(predictor.model, TrainedNetwork):
        return {}
    import torch

    from xray_platform.training.threads import threads

    module, own, eager = predictor.model.module, list[float](), list[float]()
    with threads(1), torch.inference_mode():
        for _ in range(SCORED):
            own.append(_took(lambda: predictor.model.score(image)))
            eager.append(_took(lambda: module(torch.from_numpy(image[:, None]))))
    return {
        "scoring alone, one image, one thread, median ms": statistics.median(own),
        "the same in eager torch, median ms": statistics.median(eager),
    }


def _took(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)
