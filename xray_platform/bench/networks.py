"""Networks: how good each network is on subjects and families of files that it never saw; what each measure buys.

A family is what the names of files begin with (`IM-`, `NORMAL2-IM-`, `person`): the same class from another machine,
day or folder. A network that is trained without one family of normals and judged on it shows how much of what it
learnt is the archive. Trials that are done are kept below the store's root with their scores, so that a run that was
ended goes on, and what several networks say together costs no training.
"""

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_platform.atomic import atomic_path, atomic_write
from xray_platform.bench.contract import CELL, Benchmark, Figures, Inputs
from xray_platform.bench.network_trials import GROUPS, Trial, trials
from xray_platform.errors import InputError
from xray_platform.evaluation.evaluate import EvaluationSettings, evaluate
from xray_platform.image_stack import Images, Scores
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.repair.picture_file import read_rgb
from xray_platform.progress import Progress
from xray_platform.training.fit import fit_network
from xray_platform.training.test_time_views import MOST_VIEWS
from xray_platform.training.threads import threads
from xray_platform.training.trained_network import TrainedNetwork

SEED = 0  # of the division into parts
SHARES = (0.70, 0.85)  # where training ends, and validation
SHOWN = ("auroc", "accuracy", "sensitivity", "specificity")
TEST_PREVALENCE = 0.625  # share of the abnormal in the official test part of the Kermany images
AT_TEST = f"accuracy at {TEST_PREVALENCE:.1%} abnormal"
EFFORT = ("test images, normal", "test images, abnormal", "training, min of one core", "parameters")
DONE = "done"
VIEWS = f"{MOST_VIEWS} views"


def run(progress: Progress, inputs: Inputs) -> Figures:
    """Train and judge every trial, or those of the groups asked for, and return the figures of all that are done."""
    figures: dict[str, float | int | str] = {}
    below, groups = inputs.root / "bench" / "networks", set(inputs.only) - {DONE} or set(GROUPS)
    for folder in inputs.data:
        rows = read_rows(folder)
        chosen = [trial for trial in trials(rows) if trial.group in groups]
        kept = {trial: _file(trial, folder, rows, below) for trial in chosen}
        images = PreparedImages(folder, rows, progress)
        for trial, file in kept.items():
            if DONE not in inputs.only and not file.exists():
                _run(trial, rows, images, file, progress)
        said = {trial: file for trial, file in kept.items() if file.exists()}
        for trial, file in said.items():
            found = json.loads(file.read_text())["figures"]
            figures |= told(f"{folder.name}: {trial.title}", found)
        figures |= {f"{folder.name}: {name}": value for name, value in together(said).items()}
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


def parts_of(rows: pd.DataFrame, without: str, share: float = 1.0) -> pd.Series:
    """Return `train`, `val`, `test` or nothing for each image, by its subject.

    A family that is never seen is test alone; of the abnormal subjects of the training part only a share is in it.
    """
    part = np.where(rows["lot"] < SHARES[0], "train", np.where(rows["lot"] < SHARES[1], "val", "test"))
    part = np.where((part == "train") & rows["abnormal"] & (rows["lot"] >= share * SHARES[0]), "", part)
    if not without:
        return pd.Series(part, index=rows.index)
    hidden = rows["family"] == without
    part = np.where(hidden, "test", part)
    return pd.Series(np.where((part == "test") & ~rows["abnormal"] & ~hidden, "", part), index=rows.index)


class PreparedImages:
    """The images of a folder as the recipe asked for last makes them, so that trials after one another share them."""

    def __init__(self, folder: Path, rows: pd.DataFrame, progress: Progress) -> None:
        self.folder, self.rows, self.progress = folder, rows, progress
        self.recipe = ""
        self.images: Images = np.empty((0, 0, 0), np.float32)

    def by(self, trial: Trial) -> Images:
        """Return all images as the trial's recipe makes them, (N, S, S) float32 in [0, 1]."""
        if trial.steps.id != self.recipe:
            self.images = prepared(self.folder, self.rows["file"], trial.steps, trial.side, self.progress)
            self.recipe = trial.steps.id
        return self.images


def prepared(folder: Path, files: Iterable[str], recipe: Recipe, side: int, progress: Progress) -> Images:
    """Return the files as a recipe makes them, (N, S, S) float32 in [0, 1]."""
    listed = list(files)
    images = np.empty((len(listed), side, side), np.float32)
    for number, file in enumerate(listed):
        images[number] = recipe.apply(grey(folder / file)) / np.float32(65535)
        progress(number + 1, len(listed), f"preparing images of {side} px")
    return images


def grey(file: Path) -> NDArray[np.uint16]:
    """Return a picture's grey levels in 16 bits; of colours the first channel."""
    pixels = read_rgb(file)
    found = pixels if pixels.ndim == 2 else pixels[..., 0]
    return found.astype(np.uint16) * np.uint16(257) if found.dtype == np.uint8 else found


def _file(trial: Trial, folder: Path, rows: pd.DataFrame, below: Path) -> Path:
    named = sha256("".join(rows["file"]).encode()).hexdigest()[:8]
    return below / f"{folder.name}-{named}-{trial.id()}.json"


def _run(trial: Trial, rows: pd.DataFrame, images: PreparedImages, file: Path, progress: Progress) -> None:
    """Train and judge, and keep scores and figures; with the figures, which come last, the trial is done."""
    parts, abnormal = parts_of(rows, trial.without, trial.share), rows["abnormal"].to_numpy(bool)
    stack, learnt = images.by(trial), [np.flatnonzero(parts == split) for split in ("train", "val")]
    began = time.process_time()
    network = fit_network(
        trial.network.name,
        trial.network_settings,
        trial.training_settings,
        *((stack[members], abnormal[members]) for members in learnt),
        folder=file.with_suffix(""),
        progress=progress,
    )
    minutes, judged_on = (time.process_time() - began) / 60, np.flatnonzero(parts.isin(["val", "test"]))
    shown = rows.assign(split=parts, image=rows["file"]).iloc[judged_on]
    scores = shown.assign(score=_scores(network, stack[judged_on], 1))
    figures: dict[str, float | int | str] = {
        "training images": len(learnt[0]),
        "parameters": trial.network.parameters(trial.network_settings),
        "training, min of one core": minutes,
        **judged(scores),
    }
    if trial.pools or trial.group in {"shipped", "long"}:
        scores = scores.assign(views=_scores(network, stack[judged_on], MOST_VIEWS))
        figures |= {f"{VIEWS}, {name}": value for name, value in judged(scores.assign(score=scores["views"])).items()}
    with atomic_path(file.with_suffix(".parquet")) as temporary:
        scores.to_parquet(temporary)
    atomic_write(file, json.dumps({"trial": trial.title, "figures": figures}, indent=1).encode())


def _scores(network: TrainedNetwork, images: Images, views: int) -> Scores:
    asked = replace(network, training=network.training.model_copy(update={"test_time_views": views}))
    with threads(1):
        return asked.score(images)


def together(done: Mapping[Trial, Path]) -> dict[str, float | int | str]:
    """Return the figures of what networks say together: the mean of their scores, each in its validation spreads."""
    figures = dict[str, float | int | str]()
    for pool in dict.fromkeys(pool for trial in done for pool in trial.pools):
        each = [pd.read_parquet(file.with_suffix(".parquet")) for trial, file in done.items() if pool in trial.pools]
        if len(each) < 2:
            continue
        said = dict[str, float | int | str]()
        for way, named in (("score", ""), ("views", f"{VIEWS}, ")):
            mean = np.mean([_in_spreads(scores[way], scores["split"]) for scores in each], axis=0)
            found = judged(each[0].assign(score=mean))
            said |= {f"{named}{name}": value for name, value in found.items()}
        figures |= told(f"{pool}, {len(each)} averaged", said)
    return figures


def told(title: str, figures: Figures) -> dict[str, float | int | str]:
    """Return the figures of one trial as a row of the table, each with its interval where it has one."""
    row: dict[str, float | int | str] = {}
    for name in (*SHOWN, AT_TEST, f"{VIEWS}, auroc", f"{VIEWS}, {AT_TEST}", *EFFORT):
        if name in figures:
            interval = figures.get(f"{name}, 95% interval")
            row[f"{title}{CELL}{name}"] = f"{figures[name]:.3f} ({interval})" if interval else figures[name]
    return row


def _in_spreads(scores: pd.Series, split: pd.Series) -> NDArray[np.float64]:
    validation = scores[split == "val"]
    return ((scores - validation.mean()) / validation.std()).to_numpy(np.float64)


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
    figures[AT_TEST] = of_test
    figures["validation auroc"] = float(evaluation.metrics["val"]["auroc"].value or 0.0)
    return figures


NETWORKS_BENCH = Benchmark(
    "networks",
    "how good networks are on unseen subjects and unseen families of files, and what each measure buys",
    run,
    needs="folders of frontal images with manifest.csv (columns file, class: NORMAL or a finding, patient)",
    parts=(*GROUPS, DONE),
)
