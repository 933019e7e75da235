"""Training: how fast networks learn and score beside plain PyTorch, on the same machine in the same run.

Our loop changes every picture, clips gradients, keeps a moving average, validates and writes a checkpoint after each
epoch; the plain one does none of this. Both compute on one thread and read on another.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import pandas as pd
import torch
import zarr
from numpy.typing import NDArray

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.plain_loop import plain_epochs
from xray_platform.bench.tensor_store import record_tensors
from xray_platform.bench.timing import best_seconds
from xray_platform.image_stack import ImageSource, SelectedImages
from xray_platform.imaging.recipe import default_recipe
from xray_platform.imaging.store.stored_images import StoredImages
from xray_platform.imaging.store.tensors import create_tensors
from xray_platform.networks.all import NETWORKS
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom
from xray_platform.progress import Progress
from xray_platform.tables.layouts import tensor_array
from xray_platform.tables.places import Places
from xray_platform.training.fit import fit_network
from xray_platform.training.scoring_form import ScoringForm, scoring_graph
from xray_platform.training.threads import threads
from xray_platform.training.training_settings import TrainingSettings
from xray_platform.workers import cores

SIDE, BATCH = 128, 32
ORIGINAL = 1024  # side of the PNG files, as NIH publishes ChestX-ray14
DRAWN, IMAGES, VALIDATION = 12, 160, 32
EPOCHS, ROUNDS = 3, 2
NAMES = ("attention_cnn", "resnet")
SCORED = 64
BUSY = "while True: pass"
Seconds = NDArray[np.float64]
"""Of the clock and of the processor, (2,)."""


def run(progress: Progress, _: Inputs) -> Figures:
    """Measure learning, scoring, and learning while a core is taken."""
    figures: dict[str, float | int | str] = {
        "images": f"{IMAGES - VALIDATION} made-up chests to learn from, {VALIDATION} to validate on, {SIDE} px"
    }
    with TemporaryDirectory(prefix="xray-training-") as folder:
        sides = {ORIGINAL: Path(folder) / "original", SIDE: Path(folder) / "small"}
        images, labels = _written(Path(folder) / "store", sides)
        learning = Learning(images, labels, Path(folder) / "fits")
        for done, name in enumerate(NAMES, start=1):
            figures |= _learning(name, learning, sides)
            figures |= _scoring(name, learning)
            progress(done, len(NAMES) + 1, f"{name} measured")
        figures |= _while_a_core_is_taken(learning)
        progress(len(NAMES) + 1, len(NAMES) + 1, "all measured")
    return figures


class Learning:
    """Images and labels in the two parts of a fit, and epochs of our own loop on them."""

    def __init__(self, images: ImageSource, labels: NDArray[np.bool_], folder: Path) -> None:
        numbers, self.folder = np.arange(len(labels)), folder
        self.parts = [
            (SelectedImages(images, chosen), labels[chosen]) for chosen in (numbers[VALIDATION:], numbers[:VALIDATION])
        ]

    def seconds(self, name: str, **changed: Any) -> Seconds:
        """Return what the fastest epoch but the first took, validation and all."""
        moments: list[tuple[float, float]] = []
        training = TrainingSettings(epochs=EPOCHS, batch_size=BATCH, device="cpu", **changed)
        kind = NETWORKS[name]
        fit_network(
            name, kind.settings(), training, *self.parts, folder=self.folder,
            on_epoch=lambda _, __: moments.append(now()),
        )  # fmt: skip
        return _fastest(moments)


def now() -> tuple[float, float]:
    """Return the seconds of the clock, and those of all cores that this process and its ended children used."""
    spent = os.times()
    return time.perf_counter(), spent.user + spent.system + spent.children_user + spent.children_system


def _fastest(moments: list[tuple[float, float]]) -> Seconds:
    return np.asarray(np.diff(np.array(moments), axis=0).min(axis=0), np.float64)


def _written(root: Path, sides: dict[int, Path]) -> tuple[StoredImages, NDArray[np.bool_]]:
    """Write chests as PNG files, with their labels in their names, and as tensors of a store."""
    rng, recipe, places = np.random.default_rng(0), default_recipe(SIDE), Places(root)
    drawn = [render(sample_phantom(rng, PhantomSettings(side=ORIGINAL))) for _ in range(DRAWN)]
    labels, tensors = np.arange(IMAGES) % 2 > 0, np.empty((IMAGES, SIDE, SIDE), np.uint16)
    for folder in sides.values():
        folder.mkdir(parents=True)
    for number in range(IMAGES):
        pixels = np.roll(drawn[number % DRAWN].pixels, int(rng.integers(-40, 40)), axis=1)
        tensors[number] = recipe.apply(pixels)
        eight = np.asarray(cv2.normalize(pixels, None, 0, 255, cv2.NORM_MINMAX), np.uint8)  # type: ignore[call-overload]
        for side, folder in sides.items():
            small = cv2.resize(eight, (side, side), interpolation=cv2.INTER_AREA)
            if number >= VALIDATION:
                cv2.imwrite(str(folder / f"{int(labels[number])}-{number}.png"), small)
    array = tensor_array(places, recipe.id, "batch-0001")
    create_tensors(array, IMAGES, recipe)
    zarr.open_array(array, mode="r+")[:] = tensors
    record_tensors(places, recipe.id, "batch-0001")
    rows = pd.DataFrame({"batch": "batch-0001", "row": np.arange(IMAGES)})
    return StoredImages.open(places, recipe, rows), labels


def _learning(name: str, learning: Learning, sides: dict[int, Path]) -> dict[str, float | int | str]:
    """Return pictures a second of our loop and of the plain one, the best of several rounds in turns."""
    kind, taken = NETWORKS[name], dict[str, list[Seconds]]()
    for _ in range(ROUNDS):
        taken.setdefault("ours", []).append(learning.seconds(name, threads=1))
        with threads(1):
            for side, folder in sides.items():
                epochs = plain_epochs(kind.build(kind.settings(), 1), folder, SIDE, BATCH)
                moments = [now() for _ in islice(epochs, EPOCHS)]
                taken.setdefault(f"plain, PNG of {side} px", []).append(_fastest(moments))
    found = dict[str, float | int | str]()
    for place, unit in enumerate(("per_s", "per_s_of_processor")):
        rates = {way: (IMAGES - VALIDATION) / min(each[place] for each in rounds) for way, rounds in taken.items()}
        found |= {f"{name}: learning, {way}, pictures_{unit}": float(rate) for way, rate in rates.items()}
        for side in sides:
            against = float(rates["ours"] / rates[f"plain, PNG of {side} px"])
            found[f"{name}: learning, ours against plain, PNG of {side} px, {unit}, ratio"] = against
    return found


def _scoring(name: str, learning: Learning) -> dict[str, float | int | str]:
    """Return pictures a second of the graph that scores and of eager torch in float32, both on one thread."""
    kind = NETWORKS[name]
    network = kind.build(kind.settings(), 1).eval()
    graph, eager, images = scoring_graph(network, SIDE), ScoringForm(network), learning.parts[0][0][:SCORED]
    stack = torch.from_numpy(images)[:, None]
    with threads(1), torch.inference_mode():
        ways: dict[str, Callable[[], object]] = {
            "OpenVINO": lambda: graph(images, threads=1),
            "eager torch": lambda: eager(stack),
        }
        seconds = best_seconds(ways, 2 * ROUNDS, time.process_time)
    found: dict[str, float | int | str] = {
        f"{name}: scoring, {way}, pictures_per_s_of_processor": SCORED / taken for way, taken in seconds.items()
    }
    found[f"{name}: scoring, OpenVINO against eager torch, ratio"] = seconds["eager torch"] / seconds["OpenVINO"]
    return found


def _while_a_core_is_taken(learning: Learning) -> dict[str, float | int | str]:
    """Return how much longer an epoch on all cores takes while another process keeps one of them busy."""
    free, taken = np.inf, np.inf
    for _ in range(ROUNDS):
        free = min(free, float(learning.seconds(NAMES[0])[0]))
        with _busy_core():
            taken = min(taken, float(learning.seconds(NAMES[0])[0]))
    return {
        f"{NAMES[0]}: epoch on {cores()} cores, s": float(free),
        f"{NAMES[0]}: epoch on {cores()} cores, one of them taken by another process, s": float(taken),
        f"{NAMES[0]}: epoch while a core is taken against free, ratio": float(taken / free),
    }


@contextmanager
def _busy_core() -> Iterator[None]:
    core = max(os.sched_getaffinity(0))
    with subprocess.Popen([sys.executable, "-c", f"import os; os.sched_setaffinity(0, [{core}])\n{BUSY}"]) as process:
        try:
            time.sleep(0.5)  # it starts
            yield
        finally:
            process.kill()


TRAINING = Benchmark("training", "how fast networks learn and score, beside plain PyTorch with a folder of PNG", run)
