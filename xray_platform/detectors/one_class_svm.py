"""One-Class SVM: patches of normal chests fill a region of feature space; patches outside it are abnormal.

Schölkopf et al., Neural Computation 2001, on patches that know where in the chest they lie. How far a patch is outside
is read in units of what normal pictures show at the same place: clavicles and the diaphragm are always odd a little.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from xray_platform.detectors.normals import check_normals, in_parts, sampled
from xray_platform.detectors.patch_features import (
    CELLS,
    MORE,
    THUMBNAIL,
    WIDTHS,
    more_features,
    patch_features,
    patch_positions,
)
from xray_platform.detectors.resized import resized
from xray_platform.detectors.storage import read, write
from xray_platform.errors import InputError, StoreError
from xray_platform.image_stack import Heatmaps, Images, ImageSource, Scores, batch_slices, check_images
from xray_platform.imaging.store.patch_settings import PatchSettings
from xray_platform.imaging.store.patches import spread
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings

CHUNK = 64
PATCHES_AT_ONCE = 4096
SMOOTHING = 1 / 8  # of a patch: takes away the edges that patches leave in a heat map
SHRINK = 10  # pictures' worth of trust in the spread over all places where a place's own spread rests on few
REGION_ARRAYS = ("centre", "scale", "support", "weights")
TINY = 1e-6
SAID = {"edges": "edges (HOG)", "texture": "texture (LBP)", "intensity": "intensity", "position": "position"}
SAID_MORE = {"cooccurrence": "co-occurrence of greys (GLCM)", "pixels": "8 x 8 pixels"}
Wide = NDArray[np.float64]


class OneClassSvmSettings(Settings):
    """How patches are cut and weighed, how tight the region is, and how patches become one score."""

    side: int = Field(128, ge=32, le=512, description="side that pictures are brought to before anything, in pixels")
    patch: int = Field(
        32, ge=8, le=128, multiple_of=4, description="side of a patch, in pixels; the stride is half of it"
    )
    pictures: int = Field(
        2000, ge=3, le=100_000, description="greatest number of normal pictures whose patches are drawn from"
    )
    samples: int = Field(4000, ge=50, le=50_000, description="greatest number of normal patches that it learns from")
    nu: float = Field(0.1, gt=0, le=0.9, description="share of the normal patches that may lie outside the region")
    gamma: float = Field(
        3.0,
        gt=0,
        le=100,
        description="how tight the region follows the patches, over the total variance of the features",
    )
    position_weight: float = Field(
        2.0, ge=0, le=100, description="weight of where a patch lies; other weights are meant against it"
    )
    edges_weight: float = Field(1.0, ge=0, le=100, description="weight of gradient histograms (HOG)")
    texture_weight: float = Field(1.0, ge=0, le=100, description="weight of local binary patterns (LBP)")
    intensity_weight: float = Field(1.0, ge=0, le=100, description="weight of mean and deviation of the grey values")
    cooccurrence_weight: float = Field(
        0.0, ge=0, le=100, description="weight of the co-occurrence of grey values (GLCM); 0: not measured"
    )
    pixels_weight: float = Field(
        0.0, ge=0, le=100, description="weight of the patch itself, made 8 x 8 pixels; 0: not measured"
    )
    solver: Literal["exact", "nystroem"] = Field(
        "exact",
        description="exact: the quadratic problem over all samples; nystroem: a linear one over landmarks, by "
        "gradient steps, for more samples in the same time",
    )
    landmarks: int = Field(
        300,
        ge=2,
        le=5000,
        description="normal patches by which nystroem describes all others; as many are compared with",
    )
    worst: float = Field(
        0.2, gt=0, le=1, description="share of a picture's patches, the oddest, whose mean is the score"
    )
    seed: int = Field(0, ge=0, lt=2**31, description="seed of the choice of pictures and patches")

    @model_validator(mode="after")
    def _whole_cells(self) -> Self:
        if self.side % (self.patch // CELLS) or self.side < self.patch:
            raise ValueError(
                f"side {self.side} and patch {self.patch} do not fit; "
                "allowed: a side that is a multiple of half the patch, and no smaller than it"
            )
        if self.pixels_weight and self.patch % THUMBNAIL:
            raise ValueError(
                f"patch {self.patch} and pixels_weight do not fit; allowed: a multiple of {THUMBNAIL}, or 0"
            )
        if not any(self.weights):
            raise ValueError("all weights are 0, so that nothing is looked at; allowed: one of them above 0")
        return self

    @property
    def more(self) -> tuple[str, ...]:
        """Features beside the usual ones that are measured."""
        return tuple(name for name in MORE if getattr(self, f"{name}_weight"))

    @property
    def widths(self) -> tuple[int, ...]:
        """Numbers a patch of each feature: the usual ones, and more."""
        return (*WIDTHS, *(MORE[name] for name in self.more))

    @property
    def weights(self) -> tuple[float, ...]:
        """Weights of the features, in the order of `widths`."""
        usual = (self.edges_weight, self.texture_weight, self.intensity_weight, self.position_weight)
        return (*usual, *(float(getattr(self, f"{name}_weight")) for name in self.more))


def settings_from_patches(tensor_side: int, patches: PatchSettings) -> dict[str, int]:
    """Return the settings that follow from the asset `patches`: this detector works on just the windows that it cuts.

    Raises InputError where neighbouring windows do not overlap by half, or do not end at the edge of the tensors.
    """
    if patches.stride * CELLS != patches.side or tensor_side % patches.stride or patches.side % 4:
        raise InputError(
            f"one_class_svm works on patches whose stride is half their side and that fill the tensors; `patches` cuts "
            f"{patches.side} px every {patches.stride} px out of {tensor_side} px; set either otherwise in `xray.yaml`"
        )
    return {"side": tensor_side, "patch": patches.side}


@dataclass(frozen=True, eq=False)
class Region:
    """The region of normal patches: d features are centred and scaled, then compared with `support` (k, d)."""

    centre: NDArray[np.float32]
    scale: NDArray[np.float32]
    support: NDArray[np.float32]
    weights: NDArray[np.float32]
    offset: float
    gamma: float

    def outside(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how far outside the region patches (..., d) lie, (...): above 0 is outside."""
        patches = ((features - self.centre) * self.scale).reshape(-1, features.shape[-1])
        squares = (patches**2).sum(axis=1)[:, None] + (self.support**2).sum(axis=1) - 2 * patches @ self.support.T
        similarity = np.exp(-self.gamma * np.maximum(squares, 0)) @ self.weights
        distance: NDArray[np.float32] = (self.offset - similarity).reshape(features.shape[:-1])
        return distance


@dataclass(frozen=True, eq=False)
class OneClassSvm:
    """The region of normal patches, and what is `usual` (P,) and its `spread` (P,) at each of the P places."""

    settings: OneClassSvmSettings
    picture_side: int
    normals: int
    region: Region = field(repr=False)
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
        region = _learn(described, settings)
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
            region = Region(
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


def _learn(features: NDArray[np.float32], settings: OneClassSvmSettings) -> Region:
    """Return the region that holds all but a share `nu` of the patches (N, P, d), learnt from a sample of them."""
    patches = features.reshape(-1, features.shape[-1])
    centre, deviation = _centre_and_deviation(patches)
    scale = _scale(deviation, settings)
    chosen = np.random.default_rng(settings.seed).permutation(len(patches))[: settings.samples]
    sample = ((patches[np.sort(chosen)] - centre) * scale).astype(np.float64)
    gamma = settings.gamma / max(float(sample.var(axis=0).sum()), TINY)
    solve = _nystroem if settings.solver == "nystroem" else _exact
    support, weights, offset = solve(sample, gamma, settings)
    return Region(centre, scale, support.astype(np.float32), weights.astype(np.float32), offset, gamma)


def _exact(sample: Wide, gamma: float, settings: OneClassSvmSettings) -> tuple[Wide, Wide, float]:
    """Return the patches that hold up the border of the region, their weights, and the offset."""
    # scikit-learn takes a second to import; those who only score must not wait for it
    from sklearn.svm import OneClassSVM

    fitted = OneClassSVM(nu=settings.nu, gamma=gamma).fit(sample)
    return fitted.support_vectors_, fitted.dual_coef_[0], float(-fitted.intercept_[0])


def _nystroem(sample: Wide, gamma: float, settings: OneClassSvmSettings) -> tuple[Wide, Wide, float]:
    """Return the same where all patches are described by their likeness to some (Williams & Seeger, NIPS 2000).

    The region is linear in that description, so that it comes back as weights of the landmarks.
    """
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import SGDOneClassSVM

    likeness = Nystroem(gamma=gamma, n_components=min(settings.landmarks, len(sample)), random_state=settings.seed)
    described = likeness.fit_transform(sample)
    fitted = SGDOneClassSVM(nu=settings.nu, random_state=settings.seed, max_iter=200, tol=1e-5, average=True)
    fitted.fit(described)
    weights = likeness.normalization_.T @ fitted.coef_.reshape(-1)
    return likeness.components_, weights, float(fitted.offset_[0])


def _centre_and_deviation(patches: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and standard deviation of each feature of patches (n, d), both (d,), summed up part by part."""
    parts, count = [patches[part] for part in batch_slices(patches, PATCHES_AT_ONCE)], len(patches)
    centre = np.asarray(sum(part.sum(axis=0, dtype=np.float64) for part in parts) / count, np.float32)
    squares = sum(((part - centre) ** 2).sum(axis=0, dtype=np.float64) for part in parts)
    return centre, np.asarray(np.sqrt(squares / count), np.float32)


def _scale(deviation: NDArray[np.float32], settings: OneClassSvmSettings) -> NDArray[np.float32]:
    """Return a factor for each number, so that each feature has the say of its weight, however many numbers it is."""
    weights = np.repeat(settings.weights, settings.widths) / np.sqrt(np.repeat(settings.widths, settings.widths))
    return np.asarray(weights / np.maximum(deviation, TINY), np.float32)


def _spread(outside: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the standard deviation at each place of (N, P), drawn towards the mean of all where N is small."""
    own, count = outside.var(axis=0), len(outside)
    drawn = (own * count + own.mean() * SHRINK) / (count + SHRINK)
    return np.asarray(np.sqrt(np.maximum(drawn, TINY**2)), np.float32)
