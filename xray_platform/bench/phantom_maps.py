"""Phantom maps: whether the maps of detectors point at lesions of which every pixel is known."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.bench.judged_detector import fitted
from xray_platform.bench.map_quality import baselines, map_figures
from xray_platform.bench.said import Row, auroc_of
from xray_platform.detectors.contract import DetectorKind
from xray_platform.image_stack import Images
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.recipes import named_recipe
from xray_platform.imaging.store.rounding import as_model_input, from_storage, to_storage
from xray_platform.phantoms.lesion_mask import lesion_mask
from xray_platform.phantoms.parameters import PhantomParameters
from xray_platform.phantoms.phantom import FindingName
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom

SIDE = 256
NORMALS, OTHER_NORMALS, LESIONS = 400, 60, 60
LOCAL: tuple[FindingName, ...] = ("opacity", "nodule")
"""Findings that lie at a place; a large heart and a collapsed lung are everywhere and nowhere."""
LEAST_PIXELS = 8  # of a prepared image; less of a lesion is not to be pointed at
SEED = 0
SUBTLE, PLAIN = 1.0, 0.5  # difficulties: as subtle as findings are, and twice as plain


@dataclass(frozen=True)
class PhantomChests:
    """Prepared phantoms (N, S, S): normal ones to learn from, others to judge by, and those with a lesion by name."""

    normal: Images
    others: Images
    lesions: Mapping[FindingName, tuple[Images, NDArray[np.bool_]]]


class PhantomMaps:
    """Judges detectors on phantoms, which are prepared once for each recipe and side."""

    def __init__(self) -> None:
        self.prepared: dict[tuple[str, int, float], PhantomChests] = {}

    def judged(self, kind: DetectorKind, difficulty: float = SUBTLE) -> Row:
        """Fit a detector to normal phantoms; return how its scores and maps find the lesions of others."""
        key, which = (kind.recipe, kind.side, difficulty), "phantoms" if difficulty == SUBTLE else "plain phantoms"
        if key not in self.prepared:
            self.prepared[key] = phantom_chests(named_recipe(kind.recipe, kind.side), difficulty)
        chests, figures = self.prepared[key], Row()
        detector = fitted(kind, chests.normal, {})
        for finding, (images, masks) in chests.lesions.items():
            title = f"{which}: {kind.name}, {len(images)} images with {finding}"
            figures[f"{title}, auroc"] = auroc_of(detector.score(chests.others), detector.score(images))
            figures |= {
                f"{title}, {name}": value for name, value in map_figures(detector.heatmap(images), masks).items()
            }
            for beside, maps in baselines(len(masks), masks.shape[1]).items():
                figures |= {f"{which}: {beside}, {finding}, {k}": v for k, v in map_figures(maps, masks).items()}
        return figures


def phantom_chests(recipe: Recipe, difficulty: float = SUBTLE) -> PhantomChests:
    """Return phantoms prepared by a recipe; the same ones each time."""
    rng = np.random.default_rng(SEED)
    plain = PhantomSettings(side=SIDE, abnormal_share=0.0)
    drawn = [_prepared(sample_phantom(rng, plain), recipe)[0] for _ in range(NORMALS + OTHER_NORMALS)]
    found: dict[FindingName, tuple[Images, NDArray[np.bool_]]] = {}
    for finding in LOCAL:
        settings = PhantomSettings(side=SIDE, abnormal_share=1.0, findings=(finding,), difficulty=difficulty)
        pairs = [_prepared(sample_phantom(rng, settings), recipe) for _ in range(LESIONS)]
        kept = [(image, mask) for image, mask in pairs if mask.sum() >= LEAST_PIXELS]
        found[finding] = (np.stack([image for image, _ in kept]), np.stack([mask for _, mask in kept]))
    return PhantomChests(np.stack(drawn[:NORMALS]), np.stack(drawn[NORMALS:]), found)


def _prepared(parameters: PhantomParameters, recipe: Recipe) -> tuple[Images, NDArray[np.bool_]]:
    """Return an image (S, S) as a model takes it, and which of its pixels show the finding."""
    trace = recipe.trace(render(parameters).pixels, None)
    image = as_model_input(from_storage(to_storage(trace.pixels, recipe.gives)), recipe.gives)
    there = lesion_mask(parameters).astype(np.float32)
    rows, columns = image.shape
    flags = cv2.INTER_AREA | cv2.WARP_INVERSE_MAP
    mask = cv2.warpAffine(cv2.blur(there, (3, 3)), trace.origin.matrix[:2], (columns, rows), flags=flags)
    return image, np.asarray(mask >= 0.5)
