"""Detectors: how well each tells abnormal images apart, on data that is less and less like what it learnt from.

Subjects that were held out; a family of files that was held out; normal images squeezed as wider ones would be;
another hospital. What held-out subjects alone show flatters: a detector may know the device, or the shape of the frame.
"""

from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256

import cv2
import numpy as np

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.detector_sets import Prepared, Sets
from xray_platform.bench.judged_detector import elsewhere, judged, judged_kind, learnt_from_halves, over_seeds
from xray_platform.bench.kept_part import Measured, kept_part
from xray_platform.bench.phantom_maps import PLAIN, PhantomMaps
from xray_platform.bench.said import Row, Said, auroc_of, together
from xray_platform.detectors.all import DETECTORS
from xray_platform.detectors.contract import DetectorKind
from xray_platform.image_stack import Images, Scores
from xray_platform.imaging.recipes import named_recipe
from xray_platform.models.ensemble import better_parts
from xray_platform.progress import Progress

GAIN = 0.001  # AUROC on the validation part by which a further detector must be better to be fused
VARIANTS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "patch_distance, whole picture": ("patch_distance", {"border": 0.0}),
    "patch_distance, its own place alone": ("patch_distance", {"reach": 0}),
    "texture_gaussian, whole picture": ("texture_gaussian", {"border": 0.0}),
    "texture_gaussian, not reframed": ("texture_gaussian", {"copies": 0}),
    **{f"pca_residual, rank {rank}": ("pca_residual", {"rank": rank}) for rank in (2, 4, 8, 16, 32, 64)},
}
"""What blindness to the frame buys: detectors with one part of it taken away; and how many ways of being normal."""
RECIPE_VARIANTS = (("pca_residual", "equalised"), ("patch_distance", "equalised"))
"""What blindness to tone buys: another recipe."""
SHARPNESS, SHARPNESS_SIDE = "sharpness alone", 224
FORM = 1  # of what is kept; raise it when the same detector is judged otherwise


def measure(progress: Progress, inputs: Inputs) -> Figures:
    """Fit every detector with its defaults to the normal images of each folder, and judge it; `inputs.only` some.

    What was measured is kept below the store's root: a run that was ended goes on.
    """
    cv2.setNumThreads(1)
    kinds = {name: kind for name, kind in DETECTORS.items() if name in inputs.only or not inputs.only}
    sets, phantoms, figures = Sets(inputs, progress), PhantomMaps(), Row()
    for each in sets.all:
        figures[f"{each.name}: normal"] = int((~each.abnormal).sum())
        figures[f"{each.name}: abnormal"] = int(each.abnormal.sum())
    figures |= _sharpness(sets)
    said: dict[str, dict[str, Mapping[str, Said]]] = {}
    for done, kind in enumerate(kinds.values(), start=1):
        for set_name, part in _parts(inputs, sets, phantoms, kind):
            figures |= part.figures
            if part.said:
                said.setdefault(set_name, {})[kind.name] = part.said
        progress(done, len(kinds), "detectors judged")
    for set_name, scores_of in said.items():
        figures |= _fusions(set_name, scores_of)
    return figures | _variants(inputs, sets, kinds)


def _parts(inputs: Inputs, sets: Sets, phantoms: PhantomMaps, kind: DetectorKind) -> list[tuple[str, Measured]]:
    """Return what a detector is worth on each set, and on phantoms, with the set's name."""

    def kept(what: str, measured: Callable[[], Measured]) -> Measured:
        return _kept(inputs, sets, kind, what, measured)

    def first(data: Prepared) -> Measured:
        return Measured(*judged_kind(data, kind, kind.name, {}, sets.small(kind.recipe, kind.side)))

    def seeds(data: Prepared, said: Said) -> Measured:
        return Measured(over_seeds(data, kind, said))

    def halves(data: Prepared) -> Measured:
        return Measured(learnt_from_halves(data, kind, sets.large(kind.recipe, kind.side)))

    parts = [("phantoms", kept("phantoms", lambda: Measured(phantoms.judged(kind))))]
    parts.append(("phantoms", kept("plain phantoms", lambda: Measured(phantoms.judged(kind, PLAIN)))))
    for data in sets.large(kind.recipe, kind.side):
        name = data.images.name
        judged_first = kept(name, partial(first, data))
        parts += [(name, judged_first), (name, kept(f"{name}, seeds", partial(seeds, data, judged_first.said[""])))]
    for data in sets.small(kind.recipe, kind.side):
        parts.append((data.images.name, kept(f"{data.images.name}, halves", partial(halves, data))))
    return parts


def _kept(
    inputs: Inputs, sets: Sets, kind: DetectorKind, what: str, measured: Callable[[], Measured], recipe: str = ""
) -> Measured:
    """Return what was measured of a detector, from its file where that was done before on the same images."""
    made_from = [kind.version, kind.settings().model_dump_json(), named_recipe(recipe or kind.recipe, kind.side).id]
    digest = sha256("|".join([str(FORM), *made_from, sets.digest]).encode()).hexdigest()[:12]
    name = "".join(letter if letter.isalnum() else "_" for letter in what)
    return kept_part(inputs.root / "bench" / "detectors" / f"{kind.name}-{digest}" / f"{name}.json", measured)


def _sharpness(sets: Sets) -> Row:
    """Judge the lack of fine detail alone: what every detector must beat."""
    figures = Row()
    for data in sets.large("default", SHARPNESS_SIDE):
        figures |= judged(data, f"{data.images.name}: {SHARPNESS}", lambda _: blurredness)[0]
    for data in sets.small("default", SHARPNESS_SIDE):
        figures |= elsewhere(data, f"{data.images.name}: {SHARPNESS}", blurredness)
    return figures


def _variants(inputs: Inputs, sets: Sets, kinds: Mapping[str, DetectorKind]) -> Row:
    """Judge detectors with a part of them taken away, or with another recipe."""
    listed = [(title, kinds[name], changes, "") for title, (name, changes) in VARIANTS.items() if name in kinds]
    listed += [(f"{name}, recipe {each}", kinds[name], {}, each) for name, each in RECIPE_VARIANTS if name in kinds]
    figures = Row()
    for title, kind, changes, recipe in listed:
        for data in sets.large(recipe or kind.recipe, kind.side):
            measured = partial(_variant, data, kind, title, changes)
            what = f"{data.images.name}, {title}, {sorted(changes.items())}"
            figures |= _kept(inputs, sets, kind, what, measured, recipe).figures
    return figures


def _variant(data: Prepared, kind: DetectorKind, title: str, changes: Mapping[str, object]) -> Measured:
    """Judge a detector with other settings, on the validation part as well: that is where a setting is chosen."""
    found, said = judged_kind(data, kind, title, changes, [])
    normal, abnormal = said[""].reference, said[""].of["validation"]
    return Measured(found | {f"{data.images.name}: {title}, validation auroc": auroc_of(normal, abnormal)})


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


def blurredness(images: Images) -> Scores:
    """Return how little fine detail there is in the middle of pictures (N, S, S): a floor that knows no anatomy."""
    edge = images.shape[1] // 4
    middles = np.ascontiguousarray(images[:, edge:-edge, edge:-edge])
    return np.array([-cv2.Laplacian(middle, cv2.CV_32F).std() for middle in middles], np.float64)


DETECTORS_BENCH = Benchmark(
    "detectors",
    "how well each detector tells abnormal images apart on subjects, files and a hospital that it did not learn from",
    measure,
    parts=tuple(DETECTORS),
    needs="folders of images with manifest.csv or labels.csv (file, patient, class), and boxes.csv where there is one",
)
