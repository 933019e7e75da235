"""Networks: how good each network is on subjects and families of files that it never saw; what each measure buys.

A family is what the names of files begin with (`IM-`, `NORMAL2-IM-`, `person`): the same class from another machine,
day or folder. A network that is trained without one family of normals and judged on it shows how much of what it
learnt is the archive. Trials that are done are kept below the store's root, so that a run that was ended goes on.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_platform.atomic import atomic_write
from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.errors import InputError
from xray_platform.evaluation.evaluate import EvaluationSettings, evaluate
from xray_platform.image_stack import Images
from xray_platform.imaging.recipes import named_recipe
from xray_platform.imaging.repair.picture_file import read_rgb
from xray_platform.networks.all import NETWORKS
from xray_platform.networks.contract import NetworkKind
from xray_platform.progress import Progress
from xray_platform.training.fit import fit_network
from xray_platform.training.training_settings import TrainingSettings

SEED = 0  # of the division into parts
SHARES = (0.70, 0.85)  # where training ends, and validation
BRIEF: Mapping[str, Any] = {"epochs": 6}
BRIEF_SIDE = 96
MEASURES: Mapping[str, Mapping[str, Any]] = {
    "light augmentation": {
        "rotation_degrees": 7.0, "shift": 0.05, "scale": 0.1, "stretch": 0.1, "brightness": 0.1, "contrast": 0.2,
        "gamma": 0.0, "sharpness": 0.0, "blur": 0.0, "noise": 0.02,
    },
    "no moving average": {"ema_decay": 0.0},
    "no label smoothing": {"label_smoothing": 0.0},
    "cosine schedule, best epoch": {"schedule": "cosine", "warmup": 0.1, "kept_epoch": "best"},
}  # fmt: skip
SHOWN = ("auroc", "accuracy", "sensitivity", "specificity")
TEST_PREVALENCE = 0.625  # share of the abnormal in the official test part of the Kermany images


@dataclass(frozen=True)
class Trial:
    """One training: of which network, on which images, without which family, with what changed."""

    title: str
    network: NetworkKind
    recipe: str
    side: int
    without: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)

    def id(self) -> str:
        """Return digits that another trial does not have."""
        kind = self.network
        settings = [kind.settings().model_dump(mode="json"), TrainingSettings(**self.training).model_dump(mode="json")]
        steps = named_recipe(self.recipe, self.side).id
        return sha256(json.dumps([kind.name, kind.version, steps, self.without, settings]).encode()).hexdigest()[:16]


def run(progress: Progress, inputs: Inputs) -> Figures:
    """Train and judge every trial, and return the figures of all."""
    figures: dict[str, float | int | str] = {}
    for folder in inputs.data:
        rows = read_rows(folder)
        for trial in trials(rows):
            done = _kept(trial, folder, rows, inputs.root / "bench" / "networks", progress)
            figures |= {f"{folder.name}: {trial.title}: {name}": value for name, value in done.items()}
    return figures


def read_rows(folder: Path) -> pd.DataFrame:
    """Return the listed images, each once: file, subject, abnormal, family, and `lot` in [0, 1), one a subject."""
    listed = folder / "manifest.csv"
    if not listed.is_file():
        raise InputError(f"{folder} holds no manifest.csv with the columns file, class and patient")
    rows = pd.read_csv(listed)
    if missing := sorted({"file", "class", "patient"} - set(rows)):
        raise InputError(f"{listed} has no column {missing[0]!r}")
    digests = [sha256((folder / file).read_bytes()).hexdigest() for file in rows["file"]]
    rows = rows.loc[~pd.Series(digests, index=rows.index).duplicated()].reset_index(drop=True)
    return pd.DataFrame(
        {
            "file": rows["file"],
            "subject": rows["patient"].astype(str),
            "abnormal": rows["class"].str.upper() != "NORMAL",
            "family": [family_of(file) for file in rows["file"]],
            "lot": [_lot(subject) for subject in rows["patient"].astype(str)],
        }
    )


def family_of(file: str) -> str:
    """Return what stands before the first number in a file's name, but for a number in its first word.

    >>> family_of("NORMAL/NORMAL2-IM-0383-0001.jpeg"), family_of("x/IM-0115.jpeg"), family_of("person1_virus_6.jpeg")
    ('NORMAL2-IM', 'IM', 'person')
    """
    found = re.match(r"(?:[A-Za-z]+\d?-)?[A-Za-z]+", Path(file).name)
    return found.group() if found else ""


def _lot(subject: str) -> float:
    return int(sha256(f"{SEED}|{subject}".encode()).hexdigest()[:12], 16) / 16**12


def trials(rows: pd.DataFrame) -> Iterator[Trial]:
    """Yield every network as it is shipped, without each family of normals, and then without each measure."""
    families = sorted(rows.loc[~rows["abnormal"], "family"].unique())
    unseen = families if len(families) > 1 else []
    for kind in NETWORKS.values():
        yield Trial(kind.name, kind, kind.recipe, kind.side)
        for family in unseen:
            yield Trial(f"{kind.name}, {family} never seen", kind, kind.recipe, kind.side, family)
    for kind in NETWORKS.values():
        for family in unseen:
            brief = f"{kind.name}, brief, {family} never seen"
            yield Trial(f"{brief}, as shipped", kind, kind.recipe, BRIEF_SIDE, family, BRIEF)
            yield Trial(f"{brief}, recipe default", kind, "default", BRIEF_SIDE, family, BRIEF)
            for measure, changed in MEASURES.items():
                yield Trial(f"{brief}, {measure}", kind, kind.recipe, BRIEF_SIDE, family, {**BRIEF, **changed})


def parts_of(rows: pd.DataFrame, without: str) -> pd.Series:
    """Return `train`, `val` or `test` for each image, by its subject; a family that is never seen is test alone."""
    part = np.where(rows["lot"] < SHARES[0], "train", np.where(rows["lot"] < SHARES[1], "val", "test"))
    if not without:
        return pd.Series(part, index=rows.index)
    hidden = rows["family"] == without
    part = np.where(hidden, "test", part)
    return pd.Series(np.where((part == "test") & ~rows["abnormal"] & ~hidden, "", part), index=rows.index)


def _kept(trial: Trial, folder: Path, rows: pd.DataFrame, below: Path, progress: Progress) -> Figures:
    """Return what a trial gave, from its file where it is done."""
    named = sha256("".join(rows["file"]).encode()).hexdigest()[:8]
    file = below / f"{folder.name}-{named}-{trial.id()}.json"
    if not file.exists():
        figures = _ran(trial, folder, rows, file.with_suffix(""), progress)
        atomic_write(file, json.dumps({"trial": trial.title, "figures": figures}, indent=1).encode())
    done: Figures = json.loads(file.read_text())["figures"]
    return done


def _ran(
    trial: Trial, folder: Path, rows: pd.DataFrame, checkpoints: Path, progress: Progress
) -> dict[str, float | int | str]:
    rows = rows.assign(split=parts_of(rows, trial.without)).query("split != ''")
    images = prepared(folder, rows, trial, progress)
    parts = [
        (images[members], rows["abnormal"].to_numpy(bool)[members])
        for members in (np.flatnonzero(rows["split"] == split) for split in ("train", "val"))
    ]
    training, began = TrainingSettings(**trial.training), time.monotonic()
    network = fit_network(
        trial.network.name, trial.network.settings(), training, *parts, folder=checkpoints, progress=progress
    )
    minutes = (time.monotonic() - began) / 60
    scores = rows.assign(image=rows["file"], score=network.score(images))
    return {
        "training images": len(parts[0][0]),
        "parameters": trial.network.parameters(trial.network.settings()),
        "training, min": minutes,
        **judged(scores),
    }


def prepared(folder: Path, rows: pd.DataFrame, trial: Trial, progress: Progress) -> Images:
    """Return the images as the trial's recipe makes them, (N, S, S) float32 in [0, 1]."""
    recipe, images = named_recipe(trial.recipe, trial.side), np.empty((len(rows), trial.side, trial.side), np.float32)
    for number, file in enumerate(rows["file"]):
        images[number] = recipe.apply(_grey(folder / file)) / np.float32(65535)
        progress(number + 1, len(rows), f"preparing images by the recipe {trial.recipe}")
    return images


def _grey(file: Path) -> NDArray[np.uint16]:
    pixels = read_rgb(file)
    grey = pixels if pixels.ndim == 2 else pixels[..., 0]
    return grey.astype(np.uint16) * np.uint16(257) if grey.dtype == np.uint8 else grey


def judged(scores: pd.DataFrame) -> dict[str, float | int | str]:
    """Return the test figures with their intervals, at the threshold that the validation part gives."""
    evaluation = evaluate(scores, EvaluationSettings())
    test, figures = evaluation.metrics["test"], dict[str, float | int | str]()
    rows = evaluation.part("test")
    figures["test images, normal"] = int((~rows["abnormal"].astype(bool)).sum())
    figures["test images, abnormal"] = int(rows["abnormal"].astype(bool).sum())
    for name in SHOWN:
        figures[name] = float(test[name].value or 0.0)
        figures[f"{name}, 95% interval"] = f"{test[name].low or 0:.3f} to {test[name].high or 0:.3f}"
    sensitivity, specificity = figures["sensitivity"], figures["specificity"]
    of_test = TEST_PREVALENCE * float(sensitivity) + (1 - TEST_PREVALENCE) * float(specificity)
    figures[f"accuracy at {TEST_PREVALENCE:.1%} abnormal"] = of_test
    figures["validation auroc"] = float(evaluation.metrics["val"]["auroc"].value or 0.0)
    return figures


NETWORKS_BENCH = Benchmark(
    "networks",
    "how good networks are on unseen subjects and unseen families of files, and what each measure buys",
    run,
    needs="folders of frontal images with manifest.csv (columns file, class: NORMAL or a finding, patient)",
)
