"""Texture Gaussian: at each place of the lungs, the amounts of fine and coarse detail that normal pictures show.

A Gaussian a cell over the logarithms of the energy of some bands (PaDiM's form, arXiv 2011.08785, on features made by
hand): its covariance says which amounts go together, so that a picture that is sharp throughout stays normal, while a
lung that lost its vessels, or has edges of an opacity, does not. Tone is taken out before, and reframed copies of the
normal pictures are learnt from as well, so that neither tone nor framing counts.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.detectors.normals import check_normals, in_parts
from xray_platform.detectors.place_features import PlaceFeatures, PlaceSettings
from xray_platform.detectors.reframed import ReframingSettings, reframed
from xray_platform.detectors.resized import resized
from xray_platform.errors import StoreError
from xray_platform.image_stack import Heatmaps, Images, ImageSource, Scores, batch_slices, check_images
from xray_platform.progress import Progress, silent

CHUNK = 64
TRUST = 10  # pictures' worth of trust in the covariance of all cells where a cell's own rests on few
LEAST_SPREAD = 0.02  # of a logarithm of energy: a fiftieth more or less detail is never odd
Numbers = NDArray[np.float32]


class TextureGaussianSettings(PlaceSettings, ReframingSettings):
    """Where and how pictures are looked at, how freely reframed, and how much cells learn from each other."""

    shrink: float = Field(
        0.05, ge=0, le=1, description="share of the covariance of all cells in that of each; more for few pictures"
    )
    seed: int = Field(0, ge=0, lt=2**31, description="seed of the reframing")


@dataclass(frozen=True, eq=False)
class TextureGaussian:
    """`mean` (c, c, d) and `precision` (c, c, d, d) of the d band energies of each of c x c cells."""

    settings: TextureGaussianSettings
    picture_side: int
    normals: int
    features: PlaceFeatures = field(repr=False)
    mean: Numbers = field(repr=False)
    precision: Numbers = field(repr=False)
    name: ClassVar[str] = "texture_gaussian"

    @classmethod
    def fit(cls, normal: ImageSource, settings: TextureGaussianSettings, *, progress: Progress = silent) -> Self:
        """Return the detector of these normal pictures (N, S, S) in [0, 1].

        Raises InputError for pictures that it cannot take and DataError for fewer than three.

        >>> normal = np.random.default_rng(0).normal(0.5, 0.05, (20, 64, 64)).clip(0, 1).astype(np.float32)
        >>> detector = TextureGaussian.fit(normal, TextureGaussianSettings(side=64, cell=8, copies=0))
        >>> abnormal = normal[:1].copy()
        >>> abnormal[0, 20:30, 20:30] = 0.9
        >>> bool(detector.score(abnormal)[0] > detector.score(normal).max())
        True
        """
        side, moments, rng = check_normals(normal), _Moments(), np.random.default_rng(settings.seed)
        features = PlaceFeatures.learn(settings, normal, settings.seed)
        for part, images in in_parts(normal, CHUNK):
            some = resized(images, settings.side)
            copies = (reframed(some, settings, rng) for _ in range(settings.copies))
            for each in (some, *copies):
                moments.add(features.of(each))
            progress(min(part.stop, len(normal)), len(normal), "detail of normal pictures measured")
        precision = np.linalg.inv(moments.covariance(settings.shrink)).astype(np.float32)
        return cls(settings, side, len(normal), features, moments.mean.astype(np.float32), precision)

    def score(self, images: Images, *, progress: Progress = silent) -> Scores:
        """Return the mean over the cells of the squared Mahalanobis distance, a band: about 1 if normal."""
        stack, scores = check_images(images, side=self.picture_side), np.empty(len(images), np.float64)
        for part in batch_slices(stack, CHUNK):
            scores[part] = self._unusual(stack[part]).mean(axis=(1, 2), dtype=np.float64)
            progress(min(part.stop, len(stack)), len(stack), f"scoring with {self.name}")
        return scores

    def heatmap(self, images: Images, *, progress: Progress = silent) -> Heatmaps:
        """Return the squared Mahalanobis distance of each cell, a band, (N, S, S) float32; it fades to the edges."""
        stack, maps = check_images(images, side=self.picture_side), np.empty(images.shape, np.float32)
        for part in batch_slices(stack, CHUNK):
            maps[part] = self.features.as_map(self._unusual(stack[part]), self.picture_side)
            progress(min(part.stop, len(stack)), len(stack), f"heat maps of {self.name}")
        return maps

    def _unusual(self, stack: Images) -> Numbers:
        away = self.features.of(stack) - self.mean
        squares = np.einsum("nijd,ijde,nije->nij", away, self.precision, away, optimize=True)
        return np.asarray(np.maximum(squares, 0) / away.shape[-1], np.float32)

    def describe(self) -> list[str]:
        """Say in words what it is and what it learnt."""
        chosen, cells = self.settings, len(self.mean)
        return [
            f"texture_gaussian: learnt from {self.normals} normal pictures at {chosen.side} x {chosen.side} px",
            self.features.describe(cells),
            f"tone is taken out; reframed copies of each normal picture that it learnt from as well: {chosen.copies}",
            "score: the mean over the cells of the squared Mahalanobis distance, a size of detail; about 1 if normal",
            "heat map: the same of each cell; it fades along the edges left out",
        ]

    def save(self, folder: Path) -> None:
        """Write `detector.json` and `arrays.npz` into `folder`."""
        facts = {"picture_side": self.picture_side, "normals": self.normals}
        self.features.save(folder, self.name, facts, {"mean": self.mean, "precision": self.precision})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector that `save` wrote."""
        features, card, arrays = PlaceFeatures.load(folder, cls.name, TextureGaussianSettings)
        try:
            settings = cast("TextureGaussianSettings", features.settings)
            learnt = (arrays["mean"], arrays["precision"])
            return cls(settings, card["picture_side"], card["normals"], features, *learnt)
        except (KeyError, ValueError) as error:
            raise StoreError(f"the detector in {folder} cannot be read: {error}") from error


class _Moments:
    """Sums over pictures that come a few at a time; nothing of a picture is kept."""

    def __init__(self) -> None:
        self.count = 0
        self.first: NDArray[np.float64] = np.zeros(0)
        self.sums: NDArray[np.float64] = np.zeros(0)
        self.products: NDArray[np.float64] = np.zeros(0)

    def add(self, energies: Numbers) -> None:
        """Take in (n, c, c, d)."""
        values = energies.astype(np.float64)
        if not self.count:
            self.first = values.mean(axis=0)  # sums of what is far from 0 would lose digits
        values -= self.first
        self.count += len(values)
        self.sums = self.sums + values.sum(axis=0) if self.sums.size else values.sum(axis=0)
        products = np.einsum("nijd,nije->ijde", values, values, optimize=True)
        self.products = self.products + products if self.products.size else products

    @property
    def mean(self) -> NDArray[np.float64]:
        return self.first + self.sums / self.count

    def covariance(self, shrink: float) -> NDArray[np.float64]:
        """Return (c, c, d, d): of each cell, drawn towards the mean over all cells."""
        off = self.sums / self.count
        own = self.products / self.count - off[..., :, None] * off[..., None, :]
        share = 1 - (1 - shrink) * self.count / (self.count + TRUST)
        shared = (1 - share) * own + share * own.mean(axis=(0, 1))
        return np.asarray(shared + LEAST_SPREAD**2 * np.eye(own.shape[-1]), np.float64)
