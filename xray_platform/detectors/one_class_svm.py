"""One-Class SVM: patches of normal chests fill a region of feature space; patches outside it are abnormal.

Schölkopf et al., Neural Computation 2001, on patches that know where in the chest they lie. How far a patch is outside
is read in units of what normal pictures show at the same place: clavicles and the diaphragm are always odd a little.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.detectors.normals import check_normals, in_parts, sampled
from xray_platform.detectors.one_class_svm_settings import OneClassSvmSettings
from xray_platform.detectors.patch_features import more_features, patch_features, patch_positions
from xray_platform.detectors.patch_region import PatchRegion, learn_region
from xray_platform.detectors.resized import resized
from xray_platform.detectors.storage import read, write
from xray_platform.errors import StoreError
from xray_platform.image_stack import Heatmaps, Images, ImageSource, Scores, batch_slices, check_images
from xray_platform.imaging.store.patches import spread
from xray_platform.progress import Progress, silent

CHUNK = 64
SMOOTHING = 1 / 8  # of a patch: takes away the edges that patches leave in a heat map
SHRINK = 10  # pictures' worth of trust in the spread over all places where a place's own spread rests on few
REGION_ARRAYS = ("centre", "scale", "support", "weights")
TINY = 1e-6
SAID = {"edges": "edges (HOG)", "texture": "texture (LBP)", "intensity": "intensity", "position": "position"}
SAID_MORE = {"cooccurrence": "co-occurrence of greys (GLCM)", "pixels": "8 x 8 pixels"}


@dataclass(frozen=True, eq=False)
class OneClassSvm:
    """The region of normal patches, and what is `usual` (P,) and its `spread` (P,) at each of the P places."""

    settings: OneClassSvmSettings
    picture_side: int
    normals: int
    region: PatchRegion = field(repr=False)
    usual: NDArray[np.float32] = field(repr=False)
    spread: NDArray[np.float32] = field(repr=False)
    name: ClassVar[str] = "one_class_svm"

    @classmethod
    def fit(cls, normal: ImageSource, settings: OneClassSvmSettings, *, progress: Progress = silent) -> Self:
        """Return the detector of these normal pictures (N, S, S) in [0, 1].

        Raises InputError for pictures that it cannot take and DataError for fewer than three.

        >>> normal = np.random.default_rng(0).normal(0.5, 0.05, (20, 64, 64)).clip(0, 1).astype(np.float32)
        >>> detector = OneClassSvm.fit(normal, OneClassSvmSettings(side=64))
        >>> abnormal = normal[:1].copy()
        >>> abnormal[0, 10:20, 10:20] = 0.9
        >>> bool(detector.score(abnormal)[0] > detector.score(normal).max())
        True
        """
        side = check_normals(normal)
        some = sampled(normal, settings.pictures, settings.seed)
        described = _described(some, settings, progress)
        region = learn_region(described, settings)
        every: Iterator[NDArray[np.float32]]
        if some is normal:
            every = (described[part] for part in batch_slices(described, CHUNK))
        else:
            del described
            every = _features(normal, settings, progress, "usual patches measured")
        usual = np.concatenate([region.outside(part) for part in every])
        return cls(settings, side, len(normal), region, usual.mean(axis=0), _spread(usual))

    def score(self, images: Images, *, progress: Progress = silent) -> Scores:
        """Return the mean over the most abnormal patches, in standard deviations of normal pictures at their places."""
        patch_scores = self._patch_scores(check_images(images, side=self.picture_side), progress)
        worst = max(round(self.settings.worst * patch_scores.shape[1]), 1)
        scores: Scores = np.sort(patch_scores, axis=1)[:, -worst:].mean(axis=1, dtype=np.float64)
        return scores

    def heatmap(self, images: Images, *, progress: Progress = silent) -> Heatmaps:
        """Return the mean score of the patches over each pixel, without their edges, (N, S, S); about 0 if normal."""
        side, patch = self.settings.side, self.settings.patch
        stack = check_images(images, side=self.picture_side)
        patch_scores, positions = self._patch_scores(stack, progress), patch_positions(side, patch)
        maps = np.empty(images.shape, np.float32)
        for part in batch_slices(maps, CHUNK):
            blocks = spread(patch_scores[part], positions, patch, (side, side))
            smooth = [cv2.GaussianBlur(block, (0, 0), patch * SMOOTHING) for block in blocks]
            maps[part] = resized(np.asarray(smooth, np.float32), self.picture_side)
        return maps

    def _patch_scores(self, stack: Images, progress: Progress) -> NDArray[np.float32]:
        """Return how abnormal each patch is for its place, (N, P) float32."""
        patch_scores = np.empty((len(stack), len(self.usual)), np.float32)
        features_in_parts = _features(stack, self.settings, progress, "patches described")
        parts = zip(batch_slices(stack, CHUNK), features_in_parts, strict=True)
        for part, features in parts:
            patch_scores[part] = (self.region.outside(features) - self.usual) / self.spread
        return patch_scores

    def describe(self) -> list[str]:
        """Say in words what it is and what it learnt."""
        chosen, patch = self.settings, self.settings.patch
        seen = [name for key, name in (SAID | SAID_MORE).items() if getattr(chosen, f"{key}_weight")]
        by = " (by Nystroem's likeness to these)" if chosen.solver == "nystroem" else ""
        worst = f"the oddest {chosen.worst:.0%} of {len(self.usual)} patches"
        return [
            f"one_class_svm: learnt from patches of {self.normals} normal pictures at {chosen.side} x {chosen.side} px",
            f"a patch of {patch} x {patch} px is its {', '.join(seen[:-1])}{' and ' if seen[:-1] else ''}{seen[-1]}",
            f"{len(self.region.support)} patches hold up the border of the region of normal ones{by}",
            f"score: the mean over {worst}, in standard deviations of normal pictures at the same place",
            "heat map: the mean of the patches over each pixel, smoothed, in the same unit",
        ]

    def save(self, folder: Path) -> None:
        """Write `detector.json` and `arrays.npz` into `folder`."""
        region = self.region
        facts = {
            "picture_side": self.picture_side,
            "normals": self.normals,
            "offset": region.offset,
            "gamma": region.gamma,
        }
        arrays = {name: getattr(region, name) for name in REGION_ARRAYS}
        write(folder, self.name, self.settings, facts, {**arrays, "usual": self.usual, "spread": self.spread})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector that `save` wrote."""
        card, arrays = read(folder, cls.name)
        try:
            region = PatchRegion(
                **{name: arrays[name] for name in REGION_ARRAYS}, offset=card["offset"], gamma=card["gamma"]
            )
            settings = OneClassSvmSettings.model_validate(card["settings"])
            facts = (card["picture_side"], card["normals"])
            return cls(settings, *facts, region, arrays["usual"], arrays["spread"])
        except (KeyError, ValueError) as error:
            raise StoreError(f"the detector in {folder} cannot be read: {error}") from error


def _features(
    images: ImageSource, settings: OneClassSvmSettings, progress: Progress, what: str
) -> Iterator[NDArray[np.float32]]:
    """Yield the features (n, P, d) of the patches of so many pictures at a time."""
    for part, stack in in_parts(images, CHUNK):
        small = resized(stack, settings.side).clip(0, 1)  # an average over areas may be a rounding error more than 1
        more = (more_features(small, settings.patch, name) for name in settings.more)
        yield np.concatenate([*patch_features(small, settings.patch), *more], axis=-1)
        progress(min(part.stop, len(images)), len(images), what)


def _described(images: ImageSource, settings: OneClassSvmSettings, progress: Progress) -> NDArray[np.float32]:
    """Return the features of the patches of pictures, (N, P, d), in one array: it is most of what a fit holds."""
    places = len(patch_positions(settings.side, settings.patch))
    described = np.empty((len(images), places, sum(settings.widths)), np.float32)
    parts = _features(images, settings, progress, "patches described")
    for part, features in zip(batch_slices(images, CHUNK), parts, strict=True):
        described[part] = features
    return described


def _spread(outside: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the standard deviation at each place of (N, P), drawn towards the mean of all where N is small."""
    own, count = outside.var(axis=0), len(outside)
    drawn = (own * count + own.mean() * SHRINK) / (count + SHRINK)
    return np.asarray(np.sqrt(np.maximum(drawn, TINY**2)), np.float32)
