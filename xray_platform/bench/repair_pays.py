"""Repair pays: how rightly a network judges damaged images once they are restored, beside clean ones.

The network learns from a folder of clean images, the subjects of those that were damaged left out. It is judged, at
the threshold of its validation part, on the same images damaged, restored by either means, and clean.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xray_platform.bench.contract import CELL, Benchmark, Figures, Inputs
from xray_platform.bench.networks import AT_TEST, SHOWN, judged, prepared, read_rows
from xray_platform.errors import InputError, StoreError
from xray_platform.image_stack import Images
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.recipes import named_recipe
from xray_platform.imaging.repair.folder import LIMITS
from xray_platform.imaging.repair.levels import grey_of
from xray_platform.imaging.repair.picture_file import read_rgb
from xray_platform.imaging.repair.restore import RestoreFunction, restore
from xray_platform.networks.all import NETWORKS
from xray_platform.progress import Progress
from xray_platform.training.fit import fit_network
from xray_platform.training.restorer.pretrained import pretrained_restorer
from xray_platform.training.trained_network import TrainedNetwork
from xray_platform.training.training_settings import TrainingSettings
from xray_platform.workers import Lost, map_in_children

NETWORK, EPOCHS = "attention_cnn", 4
VALIDATION = 0.85  # where it begins, among the lots of the subjects
KEPT_OUT = "in_durham_set"
"""Column of a list that is 1 where an image, or a damaged form of it, is also elsewhere."""
Read = Callable[[Path], NDArray[Any]]


def run(progress: Progress, inputs: Inputs) -> Figures:
    """Train on the clean folder, restore the pairs, and judge all forms of them with the same network."""
    clean = [folder for folder in inputs.data if not (folder / "pairs.csv").is_file()]
    paired = [folder for folder in inputs.data if (folder / "pairs.csv").is_file()]
    if len(clean) != 1 or len(paired) != 1:
        raise InputError("give one folder with manifest.csv and one with pairs.csv, damaged/ and clean/")
    rows, pairs = read_rows(clean[0]), read_pairs(paired[0], clean[0].name)
    kept_out = _kept_out(clean[0], rows, pairs)
    learnt = rows.assign(split=np.where(rows["lot"] < VALIDATION, "train", "val"))[~rows["subject"].isin(kept_out)]
    network = _network(clean[0], learnt, inputs.root / "bench" / "repair_pays", progress)
    recipe = named_recipe(NETWORKS[NETWORK].recipe, network.side)
    validation = learnt[learnt["split"] == "val"]
    known = validation.assign(
        image=validation["file"],
        score=network.score(prepared(clean[0], validation["file"], recipe, network.side, progress)),
    )
    forms = _forms(paired[0], list(pairs["file"]), recipe, progress)
    figures: dict[str, float | int | str] = {
        "learnt from": len(learnt) - len(validation),
        "epochs": EPOCHS,
        "subjects left out": len(kept_out),
    }
    owners = rows.set_index("file")["subject"]
    asked = pairs.assign(split="test", image=pairs["file"], subject=[owners.get(of, of) for of in pairs["original"]])
    for form, images in forms.items():
        found = judged(pd.concat([known, asked.assign(score=network.score(images))], ignore_index=True))
        for name in SHOWN:
            figures[f"{form}{CELL}{name}"] = f"{found[name]:.3f} ({found[f'{name}, 95% interval']})"
        figures[f"{form}{CELL}{AT_TEST}"] = found[AT_TEST]
    return figures


def read_pairs(folder: Path, of: str) -> pd.DataFrame:
    """Return the pairs: file (below `damaged` and `clean`), original (in the folder named `of`) and abnormal."""
    listed = pd.read_csv(folder / "pairs.csv", dtype=str)
    if missing := sorted({"file", "class", f"{of}_file"} - set(listed)):
        raise InputError(f"{folder / 'pairs.csv'} has no column {missing[0]!r}")
    return pd.DataFrame(
        {
            "file": listed["file"],
            "original": listed[f"{of}_file"],
            "abnormal": listed["class"].str.upper() != "NORMAL",
        }
    )


def _kept_out(folder: Path, rows: pd.DataFrame, pairs: pd.DataFrame) -> set[str]:
    """Return the subjects of images that are damaged elsewhere; InputError where an original is not in the list."""
    listed = pd.read_csv(folder / "manifest.csv", dtype=str)
    owners = dict(zip(listed["file"], listed["patient"], strict=True))
    if unknown := [of for of in pairs["original"] if of not in owners]:
        raise InputError(f"{folder / 'manifest.csv'} does not list {unknown[0]}, the original of a damaged image")
    marked: list[str] = listed.loc[listed[KEPT_OUT] == "1", "patient"].tolist() if KEPT_OUT in listed else []
    return ({owners[of] for of in pairs["original"]} | set(marked)) & set(rows["subject"])


def _network(folder: Path, rows: pd.DataFrame, below: Path, progress: Progress) -> TrainedNetwork:
    """Return the network as it is shipped, learnt from these rows; that of an earlier run where it is there."""
    kind, training = NETWORKS[NETWORK], TrainingSettings(threads=1, epochs=EPOCHS)
    recipe = named_recipe(kind.recipe, kind.side)
    made = [kind.name, kind.version, recipe.id, training.model_dump_json(), *rows["file"], *rows["split"]]
    kept = below / sha256("\n".join(made).encode()).hexdigest()[:16]
    try:
        return TrainedNetwork.load(kept)
    except StoreError:
        pass  # not trained yet, or not to its end
    stack, abnormal = prepared(folder, rows["file"], recipe, kind.side, progress), rows["abnormal"].to_numpy(bool)
    parts = [np.flatnonzero(rows["split"] == split) for split in ("train", "val")]
    network = fit_network(
        kind.name, kind.settings(), training, *((stack[of], abnormal[of]) for of in parts), folder=kept,
        progress=progress,
    )  # fmt: skip
    network.save(kept)
    return network


def _forms(folder: Path, names: Sequence[str], recipe: Recipe, progress: Progress) -> Mapping[str, Images]:
    """Return the pairs as the network sees them: damaged, restored by each of the means, clean."""
    learnt = pretrained_restorer()
    ways: dict[str, tuple[str, Read]] = {
        "damaged": ("damaged", _as_is),
        "restored by classical means": ("damaged", partial(_restored, learnt=None)),
        **({"restored by a learnt restorer": ("damaged", partial(_restored, learnt=learnt))} if learnt else {}),
        "clean": ("clean", _as_is),
    }
    forms = {}
    for form, (part, read) in ways.items():
        work = partial(_seen, read=read, recipe=recipe)
        files = [folder / part / name for name in names]
        found = list(map_in_children(work, files, what=form, limits=LIMITS, progress=progress))
        seen = [image for image in found if not isinstance(image, Lost)]
        if len(seen) < len(files):
            lost = next(file for file, image in zip(files, found, strict=True) if isinstance(image, Lost))
            raise InputError(f"{lost} cannot be read or restored")
        forms[form] = np.stack(seen).astype(np.float32)
    return forms


def _seen(file: Path, read: Read, recipe: Recipe) -> Images:
    cv2.setNumThreads(1)
    pixels = read(file)
    stored = pixels.astype(np.uint16) * np.uint16(257) if pixels.dtype == np.uint8 else pixels
    return np.asarray(recipe.apply(stored) / np.float32(65535), np.float32)


def _as_is(file: Path) -> NDArray[Any]:
    return np.asarray(grey_of(read_rgb(file)))


def _restored(file: Path, learnt: RestoreFunction | None) -> NDArray[Any]:
    return np.asarray(restore(read_rgb(file), learnt=learnt).pixels)


REPAIR_PAYS = Benchmark(
    "repair_pays",
    "how rightly a network judges damaged images, restored ones and clean ones",
    run,
    needs="a folder of images with manifest.csv (file, class, patient), and one with pairs.csv (file, class and, in "
    "a column named after the other folder, e.g. kermany_file, the original), damaged/ and clean/",
)
