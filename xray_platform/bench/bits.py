"""Bits: what 8 bits and JPEG cost a network that learns from the same images under the same seeds.

Made-up 12-bit chests are stored in two ways: filling the detector's range, as after processing, and filling a
sixteenth of a 16-bit range, as a detector of wide latitude stores them before. Each is kept as it is, rounded to 8
bits, and sent through JPEG; the recipe that follows is the same. Fits that are done are kept below the store's root,
so that a run that was ended goes on; `--only done` tells of those alone.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.atomic import atomic_write
from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.evaluation.delong import compare_aurocs, delong_interval
from xray_platform.image_stack import Images
from xray_platform.imaging.recipes import named_recipe
from xray_platform.networks.all import NETWORKS
from xray_platform.phantoms.phantom import Pixels
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom
from xray_platform.progress import Progress
from xray_platform.training.fit import fit_network
from xray_platform.training.training_settings import TrainingSettings

SEED = 12  # of the phantoms
DRAWN = PhantomSettings(side=256, difficulty=1.0)  # at 0.5 every network finds all, whatever the bits
SIDES = (112, 224, 512)
DONE = "done"
TRAIN, VAL, TEST = 240, 60, 200
SEEDS = (0, 1)  # of the fits; the scores of both are averaged
QUALITY = 90  # of JPEG
LATITUDE = 16  # how much of a wide range the chest does not fill
Stored = NDArray[np.uint16]

RANGES: Mapping[str, Callable[[Pixels], Stored]] = {
    "full range": lambda pixels: pixels * np.uint16(16),
    "a sixteenth of the range": lambda pixels: pixels + np.uint16(65536 // LATITUDE * (LATITUDE // 2)),
}
"""12-bit values as a detector stores them in 16 bits."""


def eight_bits(stored: Stored) -> Stored:
    """Return values rounded to 256 levels of the whole range."""
    return _byte(stored).astype(np.uint16) * np.uint16(257)


def jpeg(stored: Stored) -> Stored:
    """Return values rounded to 8 bits and sent through JPEG."""
    _, data = cv2.imencode(".jpg", _byte(stored), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)).astype(np.uint16) * np.uint16(257)


def _byte(stored: Stored) -> NDArray[np.uint8]:
    return np.rint(stored / 257.0).astype(np.uint8)


KEPT: Mapping[str, Callable[[Stored], Stored]] = {"16 bits": lambda stored: stored, "8 bits": eight_bits, "JPEG": jpeg}


@dataclass(frozen=True)
class Trial:
    """One network, of a side, learnt from images that were stored in one way."""

    network: str
    side: int
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        form = self.settings.get("form", "")
        return f"{self.network}{f' ({form})' if form else ''} at {self.side} px"


TRIALS = tuple(
    Trial(network, side, settings)
    for side in SIDES
    for network, settings in (("attention_cnn", {}), ("resnet", {"form": "standard"}), ("resnet", {"form": "proposed"}))
)


def run(progress: Progress, inputs: Inputs) -> Figures:
    """Fit each network on each kind of images, of the sides asked for, and compare what it says of the test images."""
    below, fits = inputs.root / "bench" / "bits", DONE not in inputs.only
    sides = {int(part) for part in inputs.only if part != DONE} or {trial.side for trial in TRIALS}
    figures: dict[str, float | int | str] = {
        "images": f"{TRAIN} to learn from, {VAL} to validate on, {TEST} to test on"
    }
    for side in sorted(sides):
        chests = list(_chests(side, progress))
        pixels, abnormal = [one[0] for one in chests], np.array([one[1] for one in chests])
        for trial, stored in product((trial for trial in TRIALS if trial.side == side), RANGES):
            files = {kept: below / f"{_digest(trial, stored, kept)}.json" for kept in KEPT}
            for kept, file in files.items():
                if fits and not file.exists():
                    images = prepared(pixels, side, stored, kept)
                    said = _scores(trial, images, abnormal, file.with_suffix(""), progress)
                    atomic_write(file, json.dumps(said.tolist()).encode())
            if all(file.exists() for file in files.values()):
                scores = {kept: np.array(json.loads(file.read_text())) for kept, file in files.items()}
                figures |= compared(f"{trial.title}, {stored}", scores, abnormal[TRAIN + VAL :])
    return figures


def _drawn(side: int) -> PhantomSettings:
    """Return how the chests of a side are drawn: no smaller than the network sees them."""
    return DRAWN.model_copy(update={"side": max(DRAWN.side, side)})


def _chests(side: int, progress: Progress) -> Iterator[tuple[Pixels, bool]]:
    rng, count = np.random.default_rng(SEED), TRAIN + VAL + TEST
    for number in range(count):
        phantom = render(sample_phantom(rng, _drawn(side)))
        yield phantom.pixels, phantom.finding != "normal"
        progress(number + 1, count, f"phantoms for {side} px")


def prepared(pixels: list[Pixels], side: int, stored: str, kept: str) -> Images:
    """Return the chests as a network sees them, (N, S, S) float32 in [0, 1], having been stored and kept in a way."""
    recipe = named_recipe("equalised", side)
    stack = [recipe.apply(KEPT[kept](RANGES[stored](one))) for one in pixels]
    return np.stack(stack).astype(np.float32) / np.float32(65535)


def _scores(
    trial: Trial, images: Images, abnormal: NDArray[np.bool_], folder: Path, progress: Progress
) -> NDArray[np.float64]:
    """Return what the networks of all seeds say of the test images on average, (TEST,)."""
    kind = NETWORKS[trial.network]
    quick = {name: value for name, value in kind.quick.items() if name in kind.settings.model_fields}
    settings = kind.settings.model_validate({**quick, **trial.settings})
    usual = {name: value for name, value in kind.quick.items() if name in TrainingSettings.model_fields}
    first, second = slice(0, TRAIN), slice(TRAIN, TRAIN + VAL)
    said = []
    for seed in SEEDS:
        training = TrainingSettings.model_validate({**usual, "epochs": 16, "patience": 16, "seed": seed})
        parts = [(images[part], abnormal[part]) for part in (first, second)]
        fitted = fit_network(trial.network, settings, training, *parts, folder=folder, progress=progress)
        said.append(fitted.score(images[TRAIN + VAL :]))
    mean: NDArray[np.float64] = np.mean(said, axis=0)
    return mean


def compared(
    title: str, scores: Mapping[str, NDArray[np.float64]], abnormal: NDArray[np.bool_]
) -> dict[str, float | int | str]:
    """Return the AUROC of each way of keeping images, and what each loses against the first, with 95 % intervals."""
    subjects = [str(number) for number in range(len(abnormal))]
    first, found = next(iter(scores)), dict[str, float | int | str]()
    for kept, said in scores.items():
        area = delong_interval(said, abnormal, subjects)
        found[f"{title}, {kept}: auroc"] = float(area.value or 0.0)
        found[f"{title}, {kept}: auroc, 95% interval"] = f"{area.low or 0:.3f} to {area.high or 0:.3f}"
        if kept != first:
            less = compare_aurocs(scores[first], said, abnormal, subjects)
            interval = f"{less.difference.low or 0:+.3f} to {less.difference.high or 0:+.3f}"
            found[f"{title}, {kept}: auroc lost against {first}"] = float(less.difference.value or 0.0)
            found[f"{title}, {kept}: auroc lost against {first}, 95% interval"] = interval
    return found


def _digest(trial: Trial, stored: str, kept: str) -> str:
    kind = NETWORKS[trial.network]
    made: list[Any] = [trial.title, kind.version, dict(kind.quick), stored, kept, SEEDS]
    made += [_drawn(trial.side).model_dump(mode="json"), SEED]
    return sha256(json.dumps(made).encode()).hexdigest()[:16]


BITS = Benchmark(
    "bits",
    "what 8 bits and JPEG cost a network, on plain and on faint made-up chests",
    run,
    parts=(*map(str, SIDES), DONE),
)
