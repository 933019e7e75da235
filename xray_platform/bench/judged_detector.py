"""Judged detector: what one detector is worth on subjects, families of files and sets that it did not learn from."""

import time
from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.bench.detector_sets import Prepared
from xray_platform.bench.map_quality import baselines, box_masks, map_figures
from xray_platform.bench.said import Row, Said, ap_of, auroc_of
from xray_platform.detectors.contract import Detector, DetectorKind
from xray_platform.image_stack import Images, Scores
from xray_platform.progress import silent

SEEDS = (0, 1, 2)
SQUEEZED = (
    0.83  # of the width: normal images of Kermany's have an aspect of 1.2, others of 1.45, and all were made square
)
Score = Callable[[Images], Scores]


def judged_kind(
    data: Prepared, kind: DetectorKind, title: str, changes: Mapping[str, object], others: list[Prepared]
) -> tuple[Row, dict[str, Said]]:
    """Judge a detector of one set on held-out subjects, held-out families, squeezed images and other sets."""
    name, seconds = f"{data.images.name}: {title}", {"fit": 0.0, "score": 0.0, "scored": 0.0}
    first: list[Detector] = []

    def fit(normal: NDArray[np.bool_]) -> Score:
        began = time.process_time()
        detector = fitted(kind, data.stack[normal], changes)
        first.append(detector)
        seconds["fit"] = seconds["fit"] or time.process_time() - began

        def score(images: Images) -> Scores:
            began = time.process_time()
            scores = detector.score(images)
            seconds["score"] += time.process_time() - began
            seconds["scored"] += len(images)
            return scores

        return score

    found, said = judged(data, name, fit)
    if not changes:
        found[f"{name}, fit, s_of_processor"] = seconds["fit"]
        found[f"{name}, scored, images_per_s_of_processor"] = seconds["scored"] / max(seconds["score"], 1e-9)
    for other in others:
        found |= elsewhere(other, f"{name}, on {other.images.name}", first[0].score)
    return found, said


def judged(data: Prepared, name: str, fit: Callable[[NDArray[np.bool_]], Score]) -> tuple[Row, dict[str, Said]]:
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


def over_seeds(data: Prepared, kind: DetectorKind, first: Said) -> Row:
    """Judge held-out subjects with several seeds of the detector, of which the first was judged already."""
    row = first.held_out("")
    found = {name: [float(row[f", held-out subjects, {name}"])] for name in ("auroc", "ap")}
    for seed in SEEDS[1:]:
        detector = fitted(kind, data.stack[data.normal("train")], {"seed": seed})
        normal, abnormal = (detector.score(data.stack[which]) for which in (data.normal("test"), data.abnormal))
        found["auroc"].append(auroc_of(normal, abnormal))
        found["ap"].append(ap_of(normal, abnormal))
    if len(SEEDS) < 2:
        return {}
    name = f"{data.images.name}: {kind.name}, held-out subjects"
    return {
        f"{name}, {what} over {len(SEEDS)} seeds, {way}": number
        for what, values in found.items()
        for way, number in (("mean", float(np.mean(values))), ("deviation", float(np.std(values, ddof=1))))
    }


def learnt_from_halves(data: Prepared, kind: DetectorKind, others: list[Prepared]) -> Row:
    """Learn from the normal images of half of the subjects, judge the others, and the other way round; the mean.

    Both are judged on other sets as well.
    """
    rows: list[Row] = []
    maps: list[tuple[Images, NDArray[np.bool_]]] = []
    subjects = data.images.rows["subject"].to_numpy(str)
    half = np.isin(subjects, sorted(set(subjects))[::2])
    numbers, masks = box_masks(data.images, data.stack.shape[1])
    for inside in (half, ~half):
        detector = fitted(kind, data.stack[~data.images.abnormal & inside], {})
        row = elsewhere(Prepared(data.images.kept(~inside), data.stack[~inside]), "", detector.score)
        for other in others:
            row |= elsewhere(other, f", on {other.images.name}", detector.score)
        rows.append(row)
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


def elsewhere(data: Prepared, name: str, score_of: Score) -> Row:
    """Judge scores on all images of a set, and on those that a radiologist read again."""
    score, abnormal = score_of(data.stack), data.images.abnormal
    found: Row = {f"{name}, all, auroc": auroc_of(score[~abnormal], score[abnormal])}
    read = data.images.rows["read"]
    if read.notna().any():
        opacity, normal = ((read == value).to_numpy(bool) for value in (True, False))
        found[f"{name}, read by a radiologist, auroc"] = auroc_of(score[normal], score[opacity])
    return found


def fitted(kind: DetectorKind, normal: Images, changes: Mapping[str, object]) -> Detector:
    """Return a detector with its defaults but for these; one thread, since others' work makes several wait in turns."""
    alone = {"threads": 1} if "threads" in kind.settings.model_fields else {}
    return kind.fit(normal, kind.settings.model_validate({**alone, **changes}), progress=silent)


def squeezed(image: Images) -> Images:
    """Return an image (S, S) as if it had been wider before it was made square; its edges are continued."""
    side = image.shape[0]
    matrix = np.array([[SQUEEZED, 0, side / 2 * (1 - SQUEEZED)], [0, 1, 0]], np.float32)
    moved = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)
