"""Detectors: how well each tells abnormal images apart, on data that is less and less like what it learnt from.

Subjects that were held out; a family of files that was held out; normal images squeezed as wider ones would be;
another hospital. What held-out subjects alone show flatters: a detector may know the device, or the shape of the frame.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.labelled_images import LabelledImages, read_labelled
from xray_platform.bench.map_quality import baselines, box_masks, map_figures
from xray_platform.bench.phantom_maps import phantom_maps
from xray_platform.bench.said import Row, Said, auroc_of, together
from xray_platform.detectors.all import DETECTORS
from xray_platform.detectors.contract import Detector, DetectorKind
from xray_platform.image_stack import Images, Scores
from xray_platform.imaging.recipes import named_recipe
from xray_platform.models.ensemble import better_parts
from xray_platform.progress import Progress, silent

SEEDS = (0, 1, 2)
SQUEEZED = (
    0.83  # of the width: normal images of Kermany's have an aspect of 1.2, others of 1.45, and all were made square
)
GAIN = 0.001  # AUROC on the validation part by which a further detector must be better to be fused
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
SHARPNESS, SHARPNESS_SIDE = "sharpness alone", 224
Score = Callable[[Images], Scores]


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

    def large(self, recipe: str, side: int) -> "list[Prepared]":
        """Return those that are divided by subject into train, validation and test."""
        return [self._prepared(each, recipe, side) for each in self.all if len(each.rows) >= LEAST_FOR_SPLIT]

    def small(self, recipe: str, side: int) -> "list[Prepared]":
        """Return those that are halved."""
        return [self._prepared(each, recipe, side) for each in self.all if len(each.rows) < LEAST_FOR_SPLIT]

    def _prepared(self, images: LabelledImages, recipe: str, side: int) -> "Prepared":
        key = (images.name, recipe, side)
        if key not in self.stacks:
            self.stacks[key] = images.prepared(named_recipe(*key[1:]), self.progress)
        return Prepared(images, self.stacks[key])


def measure(progress: Progress, inputs: Inputs) -> Figures:
    """Fit every detector with its defaults to the normal images of each folder, and judge it; `inputs.only` some."""
    cv2.setNumThreads(1)
    kinds = {name: kind for name, kind in DETECTORS.items() if name in inputs.only or not inputs.only}
    sets, figures = Sets(inputs, progress), Row()
    for each in sets.all:
        figures[f"{each.name}: normal"] = int((~each.abnormal).sum())
        figures[f"{each.name}: abnormal"] = int(each.abnormal.sum())
    figures |= _sharpness(sets)
    figures |= phantom_maps(kinds, progress)
    said: dict[str, dict[str, dict[str, Said]]] = {}
    for done, kind in enumerate(kinds.values(), start=1):
        others = sets.small(kind.recipe, kind.side)
        for data in sets.large(kind.recipe, kind.side):
            found, scores = _judged_kind(data, kind, kind.name, {}, others)
            figures |= found
            said.setdefault(data.images.name, {})[kind.name] = scores
            figures |= _seeds(data, kind, scores[""])
        for data in others:
            figures |= _halves(data, kind)
        progress(done, len(kinds), "detectors judged")
    for set_name, scores_of in said.items():
        figures |= _fusions(set_name, scores_of)
    return figures | _variants(sets, kinds)


def _sharpness(sets: Sets) -> Row:
    """Judge the lack of fine detail alone: what every detector must beat."""
    figures = Row()
    for data in sets.large("default", SHARPNESS_SIDE):
        figures |= _judged(data, f"{data.images.name}: {SHARPNESS}", lambda _: blurredness)[0]
    for data in sets.small("default", SHARPNESS_SIDE):
        figures |= _elsewhere(data, f"{data.images.name}: {SHARPNESS}", blurredness)
    return figures


def _variants(sets: Sets, kinds: Mapping[str, DetectorKind]) -> Row:
    """Judge detectors with a part of them taken away, or with another recipe."""
    figures = Row()
    for title, (name, changes) in VARIANTS.items():
        for data in sets.large(DETECTORS[name].recipe, DETECTORS[name].side) if name in kinds else []:
            figures |= _judged_kind(data, DETECTORS[name], title, changes, [])[0]
    for name, recipe in RECIPE_VARIANTS:
        for data in sets.large(recipe, DETECTORS[name].side) if name in kinds else []:
            figures |= _judged_kind(data, DETECTORS[name], f"{name}, recipe {recipe}", {}, [])[0]
    return figures


def _fewer(images: LabelledImages) -> LabelledImages:
    """Leave out abnormal images that are neither judged nor choose what is fused, and of those more than so many."""
    if len(images.rows) < LEAST_FOR_SPLIT:
        return images
    keep = ~images.abnormal
    for split, most in (("test", MOST_ABNORMAL), ("val", MOST_ABNORMAL // 2)):
        found = np.flatnonzero(images.abnormal & images.within(split))
        keep[np.random.default_rng(0).permutation(found)[:most]] = True
    return images.kept(keep)


def _judged_kind(
    data: Prepared, kind: DetectorKind, title: str, changes: Mapping[str, object], others: list[Prepared]
) -> tuple[Row, dict[str, Said]]:
    """Judge a detector of one set on held-out subjects, held-out families, squeezed images and other sets."""
    name, seconds = f"{data.images.name}: {title}", {"fit": 0.0, "score": 0.0, "scored": 0.0}
    first: list[Detector] = []

    def fit(normal: NDArray[np.bool_]) -> Score:
        began = time.process_time()
        detector = _fit(kind, data.stack[normal], changes)
        first.append(detector)
        seconds["fit"] = seconds["fit"] or time.process_time() - began

        def score(images: Images) -> Scores:
            began = time.process_time()
            scores = detector.score(images)
            seconds["score"] += time.process_time() - began
            seconds["scored"] += len(images)
            return scores

        return score

    found, said = _judged(data, name, fit)
    if not changes:
        found[f"{name}, fit, s_of_processor"] = seconds["fit"]
        found[f"{name}, scored, images_per_s_of_processor"] = seconds["scored"] / max(seconds["score"], 1e-9)
    for other in others:
        found |= _elsewhere(other, f"{name}, on {other.images.name}", first[0].score)
    return found, said


def _judged(data: Prepared, name: str, fit: Callable[[NDArray[np.bool_]], Score]) -> tuple[Row, dict[str, Said]]:
    """Judge what `fit` makes of normal images; return the figures, and the scores by the family that was learnt from.

    Under the name "" are the scores of what learnt from all families.
    """
    score = fit(data.normal("train"))
    normal = data.stack[data.normal("test")]
    abnormal = score(data.stack[data.abnormal])
    others = {
        "normal": score(normal),
        "abnormal": abnormal,
        "squeezed": score(np.stack([squeezed(image) for image in normal])),
        "validation": score(data.stack[data.images.abnormal & data.images.within("val")]),
    }
    said = {"": Said(score(data.stack[data.normal("val")]), others)}
    found, family = said[""].held_out(name), data.images.rows["family"].to_numpy(str)
    for chosen in data.images.families:
        inside = family == chosen
        score = fit(data.normal("train") & inside)
        held_out = score(data.stack[data.normal("train", "val", "test") & ~inside])
        scores = {"normal": held_out, "abnormal": score(data.stack[data.abnormal])}
        said[chosen] = Said(score(data.stack[data.normal("val") & inside]), scores)
        found |= said[chosen].other_family(name, chosen)
        unseen = {"normal": score(data.stack[data.normal("test") & ~inside]), "abnormal": scores["abnormal"]}
        both = Said(score(data.stack[data.normal("val")]), unseen)
        found |= both.validated_on_several(name, chosen, family[data.normal("val")])
    return found, said


def _fusions(set_name: str, said: Mapping[str, Mapping[str, Said]]) -> Row:
    """Judge all detectors together, and those that the validation part keeps, as an ensemble would keep them."""
    if len(said) < 2:
        return {}
    names, found = list(said), Row()
    normal = together([said[name][""] for name in names])
    labels = np.arange(len(normal.reference) + len(normal.of["validation"])) >= len(normal.reference)
    scores = [_standardised(said[name][""]) for name in names]
    kept = [names[number] for number in better_parts(scores, labels, GAIN)]
    for title, parts in (("all together", names), ("kept by validation", kept)):
        name = f"{set_name}: {title}"
        found[f"{name}, parts"] = ", ".join(parts)
        for chosen in said[names[0]]:
            scores_of = together([said[part][chosen] for part in parts])
            found |= scores_of.other_family(name, chosen) if chosen else scores_of.held_out(name)
    return found


def _standardised(said: Said) -> Scores:
    """Return the scores of the validation part, normal images first, in deviations of these."""
    alone = together([said])
    return np.concatenate([alone.reference, alone.of["validation"]])


def _seeds(data: Prepared, kind: DetectorKind, first: Said) -> Row:
    """Judge held-out subjects with several seeds of the detector, of which the first was judged already."""
    values = [first.auroc("normal")]
    for seed in SEEDS[1:]:
        detector = _fit(kind, data.stack[data.normal("train")], {"seed": seed})
        values.append(auroc_of(*(detector.score(data.stack[which]) for which in (data.normal("test"), data.abnormal))))
    if len(values) < 2:
        return {}
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
        rows.append(_elsewhere(Prepared(data.images.kept(~inside), data.stack[~inside]), "", detector.score))
        held_out = ~inside[numbers]
        maps.append((detector.heatmap(data.stack[numbers[held_out]]), masks[held_out]))
    name = f"{data.images.name}: {kind.name}"
    found: Row = {f"{name}, learnt here{key}": float(np.mean([float(row[key]) for row in rows])) for key in rows[0]}
    if len(numbers):
        heat, drawn = (np.concatenate(parts) for parts in zip(*maps, strict=True))
        found |= {
            f"{name}, learnt here, {len(drawn)} images with boxes, {k}": v for k, v in map_figures(heat, drawn).items()
        }
        for beside, blind in baselines(len(drawn), heat.shape[1]).items():
            found |= {f"{data.images.name}: {beside}, {k}": v for k, v in map_figures(blind, drawn).items()}
    return found


def _elsewhere(data: Prepared, name: str, score_of: Score) -> Row:
    """Judge scores on all images of a set, and on those that a radiologist read again."""
    score, abnormal = score_of(data.stack), data.images.abnormal
    found: Row = {f"{name}, all, auroc": auroc_of(score[~abnormal], score[abnormal])}
    read = data.images.rows["read"]
    if read.notna().any():
        opacity, normal = ((read == value).to_numpy(bool) for value in (True, False))
        found[f"{name}, read by a radiologist, auroc"] = auroc_of(score[normal], score[opacity])
    return found


def _fit(kind: DetectorKind, normal: Images, changes: Mapping[str, object]) -> Detector:
    return kind.fit(normal, kind.settings.model_validate(dict(changes)), progress=silent)


def blurredness(images: Images) -> Scores:
    """Return how little fine detail there is in the middle of pictures (N, S, S): a floor that knows no anatomy."""
    edge = images.shape[1] // 4
    middles = np.ascontiguousarray(images[:, edge:-edge, edge:-edge])
    return np.array([-cv2.Laplacian(middle, cv2.CV_32F).std() for middle in middles], np.float64)


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
    parts=tuple(DETECTORS),
    needs="folders of images with manifest.csv or labels.csv (file, patient, class), and boxes.csv where there is one",
)
