"""Drift as the champion sees it: alarms where nothing changed, and where its images did, on a store's own images."""

from collections.abc import Callable, Iterator
from functools import partial

import cv2
import numpy as np
import pandas as pd

from xray_platform.bench.alarm_rate import alarm_rate
from xray_platform.bench.contract import Figures
from xray_platform.defs.cohort import Cohort, with_tensors
from xray_platform.defs.read_parts import read_parts
from xray_platform.evaluation.dataset.drift import SEEN, FactSet
from xray_platform.image_stack import Images
from xray_platform.progress import Progress
from xray_platform.serving.predict import Predictor
from xray_platform.serving.principal_axes import PrincipalAxes
from xray_platform.tables.all import IMAGES
from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.registry import champion, champion_bundle

MOST = 1200  # subjects that are looked at
ROUNDS = 200
ONLY_SEEN = FactSet({}, {}, embeddings=SEEN)
Change = Callable[[Images], Images]


def measure_seen(places: Places, sizes: tuple[int, ...], progress: Progress) -> Figures:
    """Return alarm rates of batches of these sizes; nothing where no champion, or too few of its images, are there."""
    tracking = open_tracking(places)
    if champion(tracking) is None:
        return {}
    predictor = Predictor.load(champion_bundle(tracking).folder, threads=1)
    pictures = IMAGES.read(places, columns=("image", "batch", "subject")).sort_values("image")
    rows = with_tensors(places, pictures.drop_duplicates("subject").head(MOST), predictor.facts.recipes)
    if predictor.reference is None or len(rows) < 2 * min(sizes):
        return {}
    cohort = Cohort(places, predictor.facts.recipes, rows)
    seen = dict[str, pd.DataFrame]()
    for done, (name, change) in enumerate(CHANGES.items(), start=1):
        seen[name] = pd.DataFrame({"embedding": list(_seen(predictor, predictor.reference.axes, cohort, change))})
        progress(done, len(CHANGES), "what the champion sees")
    return dict(_rates(seen, tuple(size for size in sizes if 2 * size <= len(rows)), predictor.facts.model))


def _seen(predictor: Predictor, axes: PrincipalAxes, cohort: Cohort, change: Change) -> Iterator[tuple[float, ...]]:
    for _, read in read_parts(predictor.model, cohort.images(cohort.rows)):
        changed = np.clip(change(read), 0, 1).astype(np.float32)
        seen = np.stack([where.seen for where in predictor.place(changed) if where is not None])
        yield from map(tuple, axes.along(seen).tolist())


def _rates(seen: dict[str, pd.DataFrame], sizes: tuple[int, ...], model: str) -> Iterator[tuple[str, float | str]]:
    """Yield the share of shuffles in which a batch of changed images is an alarm beside others as they are."""
    usual = seen[AS_IT_IS]
    yield "what the champion sees", f"{model}, {len(usual)} subjects, {ROUNDS} shuffles each"
    for size in sizes:
        for name, changed in seen.items():
            raised = alarm_rate(usual, size, ROUNDS, partial(_as_changed, changed), ONLY_SEEN)
            said = "false alarms" if name == AS_IT_IS else f"found, {name}"
            yield f"what the champion sees, {size} subjects: {said}", raised


def _as_changed(changed: pd.DataFrame, batch: pd.DataFrame) -> pd.DataFrame:
    return changed.loc[batch.index]


def _each(images: Images, change: Callable[[Images], Images]) -> Images:
    """Change each single picture, (S, S), of images (N, S, S) or (N, V, S, S)."""
    flat = images.reshape(-1, *images.shape[-2:])
    return np.stack([change(one) for one in flat]).reshape(images.shape)


def _noisy(images: Images) -> Images:
    noise = np.random.default_rng(0).normal(0, 0.01, images.shape)
    return np.asarray(images + noise, np.float32)


def _framed(images: Images) -> Images:
    framed, width = np.zeros_like(images), images.shape[-1] // 16
    inside = (..., slice(width, -width), slice(width, -width))
    framed[inside] = images[inside]
    return framed


AS_IT_IS = "as they are"
CHANGES: dict[str, Change] = {
    AS_IT_IS: lambda images: images,
    "gamma 0.9": lambda images: np.asarray(images**0.9, np.float32),
    "noise of 1 %": _noisy,
    "blurred by 1 px": lambda images: _each(images, lambda one: np.asarray(cv2.GaussianBlur(one, (0, 0), 1.0))),
    "a black border": _framed,
    "turned by a quarter": lambda images: np.rot90(images, axes=(-2, -1)),
}
"""Changes of what the champion is given, after its recipe."""
