"""Detectors: how well each tells abnormal images apart, on data that is less and less like what it learnt from.

Subjects that were held out; a family of files that was held out; normal images squeezed as wider ones would be;
another hospital. What held-out subjects alone show flatters: a detector may know the device, or the shape of the frame.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.labelled_images import LabelledImages, read_labelled
from xray_platform.bench.map_quality import baselines, box_masks, map_figures
from xray_platform.detectors.all import DETECTORS
from xray_platform.detectors.contract import Detector, DetectorKind
from xray_platform.evaluation.map_in_boxes import pixel_ap
from xray_platform.evaluation.metrics import auroc
from xray_platform.evaluation.threshold import ThresholdSettings, choose_threshold
from xray_platform.image_stack import Images, Scores
from xray_platform.imaging.recipes import named_recipe
from xray_platform.progress import Progress, silent

SEEDS = (0, 1, 2)
PROMISED = ThresholdSettings(rule="specificity", target=0.95)
SQUEEZED = (
    0.83  # of the width: normal images of Kermany's have an aspect of 1.2, others of 1.45, and all were made square
)
MOST_ABNORMAL = 600  # images, drawn at random, from each part that is judged
LEAST_FOR_SPLIT = 1000  # images; a smaller set is halved by subject, each half judged by what learnt from the other
VARIANTS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "patch_distance, whole picture": ("patch_distance", {"border": 0.0}),
    "patch_distance, its own place alone": ("patch_distance", {"reach": 0}),
    "texture_gaussian, whole picture": ("texture_gaussian", {"border": 0.0}),
    "texture_gaussian, not reframed": ("texture_gaussian", {"copies": 0}),
}
"""What blindness to the frame buys: detectors with one part of it taken away."""
RECIPE_VARIANTS = (("pca_residual", "equalised"), ("patch_distance", "equalised"))
"""What blindness to tone buys: another recipe."""
Row = dict[str, float | int | str]


@dataclass(frozen=True)
class Prepared:
    """Images of a set as a detector reads them."""

    images: LabelledImages
    stack: Images

    def normal(self, *splits: str) -> NDArray[np.bool_]:
        return ~self.images.abnormal & self.images.within(*splits)

    @property
    def abnormal(self) -> NDArray[np.bool_]:
        return self.images.abnormal & self.images.within("test")


class Sets:
    """The sets that were given, prepared once for each recipe and side."""

    def __init__(self, inputs: Inputs, progress: Progress) -> None:
        self.progress = progress
        self.all = [_fewer(read_labelled(folder)) for folder in inputs.data]
        self.stacks: dict[tuple[str, str, int], Images] = {}

    def large(self, kind: DetectorKind, recipe: str | None = None) -> "list[Prepared]":
        """Return those that are divided by subject into train, validation and test."""
        return [self._prepared(each, kind, recipe) for each in self.all if len(each.rows) >= LEAST_FOR_SPLIT]

    def small(self, kind: DetectorKind) -> "list[Prepared]":
        """Return those that are halved."""
        return [self._prepared(each, kind, None) for each in self.all if len(each.rows) < LEAST_FOR_SPLIT]

    def _prepared(self, images: LabelledImages, kind: DetectorKind, recipe: str | None) -> "Prepared":
        key = (images.name, recipe or kind.recipe, kind.side)
        if key not in self.stacks:
            self.stacks[key] = images.prepared(named_recipe(*key[1:]), self.progress)
        return Prepared(images, self.stacks[key])


def measure(progress: Progress, inputs: Inputs) -> Figures:
    """Fit every detector with its defaults to the normal images of each folder, and judge it."""
    cv2.setNumThreads(1)
    sets, figures = Sets(inputs, progress), Row()
    for each in sets.all:
        figures[f"{each.name}: normal"] = int((~each.abnormal).sum())
        figures[f"{each.name}: abnormal"] = int(each.abnormal.sum())
    for done, kind in enumerate(DETECTORS.values(), start=1):
        others = sets.small(kind)
        for data in sets.large(kind):
            figures |= _judged(data, kind, kind.name, {}, others) | _seeds(data, kind)
        for data in others:
            figures |= _halves(data, kind)
        progress(done, len(DETECTORS), "detectors judged")
    for title, (name, changes) in VARIANTS.items():
        for data in sets.large(DETECTORS[name]):
            figures |= _judged(data, DETECTORS[name], title, changes, [])
    for name, recipe in RECIPE_VARIANTS:
        for data in sets.large(DETECTORS[name], recipe):
            figures |= _judged(data, DETECTORS[name], f"{name}, recipe {recipe}", {}, [])
    return figures


def _fewer(images: LabelledImages) -> LabelledImages:
    """Leave out abnormal images that are not judged, and of those more than so many."""
    if len(images.rows) < LEAST_FOR_SPLIT:
        return images
    judged = np.flatnonzero(images.abnormal & images.within("test"))
    keep = ~images.abnormal
    keep[np.random.default_rng(0).permutation(judged)[:MOST_ABNORMAL]] = True
    return images.kept(keep)


def _judged(
    data: Prepared, kind: DetectorKind, title: str, changes: Mapping[str, object], others: list[Prepared]
) -> Row:
    """Judge a detector of one set on held-out subjects, held-out families, squeezed images and other sets."""
    name, normal = f"{data.images.name}: {title}", data.normal("train")
    began = time.process_time()
    detector = _fit(kind, data.stack[normal], changes)
    fitted = time.process_time()
    test, abnormal = detector.score(data.stack[data.normal("test")]), detector.score(data.stack[data.abnormal])
    scored = time.process_time()
    bar = _bar(detector.score(data.stack[data.normal("val")]))
    narrow = detector.score(np.stack([squeezed(image) for image in data.stack[data.normal("test")]]))
    found: Row = {
        f"{name}, held-out subjects, auroc": _auroc(test, abnormal),
        f"{name}, held-out subjects, ap": _ap(test, abnormal),
        f"{name}, held-out subjects, false alarms of 0.05 promised, share": _alarms(test, bar),
        f"{name}, held-out subjects, sensitivity at that, share": _alarms(abnormal, bar),
        f"{name}, squeezed normals, auroc": _auroc(narrow, abnormal),
        f"{name}, squeezed normals, false alarms of 0.05 promised, share": _alarms(narrow, bar),
    }
    if not changes:
        found[f"{name}, fit, s_of_processor"] = fitted - began
        found[f"{name}, scored, images_per_s_of_processor"] = (len(test) + len(abnormal)) / max(scored - fitted, 1e-9)
    for other in others:
        found |= {f"{name}, on {key}": value for key, value in _elsewhere(other, detector).items()}
    return found | _families(data, kind, name, changes)


def _families(data: Prepared, kind: DetectorKind, name: str, changes: Mapping[str, object]) -> Row:
    """Learn from the normal images of one family of files and judge those of the others, threshold and all."""
    found: Row = {}
    family = data.images.rows["family"].to_numpy(str)
    for chosen in data.images.families:
        inside = family == chosen
        detector = _fit(kind, data.stack[data.normal("train") & inside], changes)
        bar = _bar(detector.score(data.stack[data.normal("val") & inside]))
        held_out = detector.score(data.stack[data.normal("train", "val", "test") & ~inside])
        abnormal = detector.score(data.stack[data.abnormal])
        found |= {
            f"{name}, learnt from {chosen} alone, auroc": _auroc(held_out, abnormal),
            f"{name}, learnt from {chosen} alone, false alarms of 0.05 promised, share": _alarms(held_out, bar),
        }
    return found


def _seeds(data: Prepared, kind: DetectorKind) -> Row:
    """Judge held-out subjects with several seeds of the detector."""
    values = []
    for seed in SEEDS:
        detector = _fit(kind, data.stack[data.normal("train")], {"seed": seed})
        test, abnormal = (detector.score(data.stack[which]) for which in (data.normal("test"), data.abnormal))
        values.append(_auroc(test, abnormal))
    name = f"{data.images.name}: {kind.name}, held-out subjects, auroc over {len(SEEDS)} seeds"
    return {f"{name}, mean": float(np.mean(values)), f"{name}, deviation": float(np.std(values, ddof=1))}


def _halves(data: Prepared, kind: DetectorKind) -> Row:
    """Learn from the normal images of half of the subjects, judge the others, and the other way round; the mean."""
    rows: list[Row] = []
    maps: list[tuple[Images, NDArray[np.bool_]]] = []
    subjects = data.images.rows["subject"].to_numpy(str)
    half = np.isin(subjects, sorted(set(subjects))[::2])
    numbers, masks = box_masks(data.images, data.stack.shape[1])
    for inside in (half, ~half):
        detector = _fit(kind, data.stack[~data.images.abnormal & inside], {})
        rows.append(_elsewhere(Prepared(data.images.kept(~inside), data.stack[~inside]), detector))
        held_out = ~inside[numbers]
        maps.append((detector.heatmap(data.stack[numbers[held_out]]), masks[held_out]))
    name = f"{data.images.name}: {kind.name}"
    found: Row = {
        f"{name}, learnt here, {key.split(', ', 1)[1]}": float(np.mean([float(row[key]) for row in rows]))
        for key in rows[0]
    }
    if len(numbers):
        heat, drawn = (np.concatenate(parts) for parts in zip(*maps, strict=True))
        found |= {
            f"{name}, learnt here, {len(drawn)} images with boxes, {k}": v for k, v in map_figures(heat, drawn).items()
        }
        for beside, blind in baselines(len(drawn), heat.shape[1]).items():
            found |= {f"{data.images.name}: {beside}, {k}": v for k, v in map_figures(blind, drawn).items()}
    return found


def _elsewhere(data: Prepared, detector: Detector) -> Row:
    """Judge a detector on all images of a set, and on those that a radiologist read again."""
    score, abnormal = detector.score(data.stack), data.images.abnormal
    found: Row = {f"{data.images.name}, all, auroc": _auroc(score[~abnormal], score[abnormal])}
    read = data.images.rows["read"]
    if read.notna().any():
        opacity, normal = ((read == value).to_numpy(bool) for value in (True, False))
        found[f"{data.images.name}, read by a radiologist, auroc"] = _auroc(score[normal], score[opacity])
    return found


def _fit(kind: DetectorKind, normal: Images, changes: Mapping[str, object]) -> Detector:
    return kind.fit(normal, kind.settings.model_validate(dict(changes)), progress=silent)


def _bar(normal: Scores) -> float:
    return choose_threshold(normal, np.zeros(len(normal), bool), PROMISED).value


def _alarms(score: Scores, bar: float) -> float:
    return float(np.mean(score >= bar))


def _auroc(normal: Scores, abnormal: Scores) -> float:
    value = auroc(*_joined(normal, abnormal))
    return float("nan") if value is None else value


def _ap(normal: Scores, abnormal: Scores) -> float:
    score, labels = _joined(normal, abnormal)
    return pixel_ap(score.astype(np.float32), labels)


def _joined(normal: Scores, abnormal: Scores) -> tuple[Scores, NDArray[np.bool_]]:
    return np.concatenate([normal, abnormal]), np.arange(len(normal) + len(abnormal)) >= len(normal)


def squeezed(image: Images) -> Images:
    """Return an image (S, S) as if it had been wider before it was made square; its edges are continued."""
    side = image.shape[0]
    matrix = np.array([[SQUEEZED, 0, side / 2 * (1 - SQUEEZED)], [0, 1, 0]], np.float32)
    moved = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


DETECTORS_BENCH = Benchmark(
    "detectors",
    "how well each detector tells abnormal images apart on subjects, files and a hospital that it did not learn from",
    measure,
    needs="folders of images with manifest.csv or labels.csv (file, patient, class), and boxes.csv where there is one",
)
