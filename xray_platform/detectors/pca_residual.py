"""PCA residual: what the few main ways in which normal chests differ cannot explain is abnormal.

The rank is small on purpose: more components also learn to draw what is abnormal, and the residual goes blind
(an autoencoder shows the same: the fewest latent numbers win, arXiv 2404.04518). A residual is read in units of what is
usual at its place, after smoothing, because a plain residual counts ribs and edges, which move from chest to chest.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.detectors.normals import check_normals, in_parts, sampled
from xray_platform.detectors.resized import resized
from xray_platform.detectors.storage import read, write
from xray_platform.errors import StoreError
from xray_platform.image_stack import Heatmaps, Images, ImageSource, Scores, batch_slices, check_images
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings

CHUNK = 256
MAP_BLUR = 0.035  # of the side: standard deviation of the smoothing of heat maps
NORMALS_A_COMPONENT = 4  # fewer than that and a component follows single pictures


class PcaResidualSettings(Settings):
    """How much of normal variation is explained away, and how the rest is read."""

    side: int = Field(64, ge=8, le=256, description="side that pictures are brought to before anything, in pixels")
    rank: int = Field(
        12, ge=0, le=512, description="ways of being normal that are explained away; at most a quarter of the normals"
    )
    blur: float = Field(
        2.0, ge=0, le=32, description="standard deviation of the smoothing of the residual, in pixels of `side`"
    )
    floor: float = Field(
        0.05, gt=0, le=10, description="smallest usual variance of a place, as a share of the mean over all places"
    )
    pictures: int = Field(
        4000, ge=3, le=100_000, description="greatest number of normal pictures that the components are found in"
    )
    seed: int = Field(0, ge=0, lt=2**31, description="seed of the sample and of the randomised decomposition")


@dataclass(frozen=True, eq=False)
class PcaResidual:
    """`mean` and `variance` (p,) and `components` (rank, p), with p = side x side; pictures have `picture_side` px."""

    settings: PcaResidualSettings
    picture_side: int
    normals: int
    mean: NDArray[np.float32] = field(repr=False)
    components: NDArray[np.float32] = field(repr=False)
    variance: NDArray[np.float32] = field(repr=False)
    name: ClassVar[str] = "pca_residual"

    @classmethod
    def fit(cls, normal: ImageSource, settings: PcaResidualSettings, *, progress: Progress = silent) -> Self:
        """Return the detector of these normal pictures (N, S, S) in [0, 1].

        Raises InputError for pictures that it cannot take and DataError for fewer than three.

        >>> normal = np.random.default_rng(0).normal(0.5, 0.05, (20, 32, 32)).clip(0, 1).astype(np.float32)
        >>> detector = PcaResidual.fit(normal, PcaResidualSettings(side=32))
        >>> abnormal = normal[:1].copy()
        >>> abnormal[0, 10:20, 10:20] = 0.9
        >>> bool(detector.score(abnormal)[0] > detector.score(normal).max())
        True
        """
        side = check_normals(normal)
        some = sampled(normal, settings.pictures, settings.seed)
        flat = np.empty((len(some), settings.side**2), np.float32)
        for part, images in in_parts(some, CHUNK):
            flat[part] = _flat(images, settings)
            progress(part.stop, len(normal) + len(some), "normal pictures read")
        mean = flat.mean(axis=0)
        components = _components(flat - mean, min(settings.rank, len(some) // NORMALS_A_COMPONENT), settings.seed)
        squares = np.zeros(len(mean))
        for part, images in in_parts(normal, CHUNK):
            squares += (_residual(_flat(images, settings), mean, components, settings) ** 2).sum(axis=0)
            progress(len(some) + min(part.stop, len(normal)), len(normal) + len(some), "usual residual measured")
        variance = squares / max(len(normal) - 1 - len(components), 1)  # what mean and components did not use up
        variance = variance + max(settings.floor * float(variance.mean()), float(np.finfo(np.float32).tiny))
        return cls(settings, side, len(normal), mean, components, variance.astype(np.float32))

    def score(self, images: Images, *, progress: Progress = silent) -> Scores:
        """Return the mean squared residual in units of its usual variance at each place: about 1 if normal."""
        stack, scores = check_images(images, side=self.picture_side), np.empty(len(images), np.float64)
        for part in batch_slices(stack, CHUNK):
            scores[part] = self._unusual(stack[part]).mean(axis=1, dtype=np.float64)
            progress(min(part.stop, len(stack)), len(stack), f"scoring with {self.name}")
        return scores

    def heatmap(self, images: Images, *, progress: Progress = silent) -> Heatmaps:
        """Return the residual in units of its usual standard deviation, smoothed a little, (N, S, S) float32."""
        stack, maps = check_images(images, side=self.picture_side), np.empty(images.shape, np.float32)
        for part in batch_slices(stack, CHUNK):
            squares = self._unusual(stack[part]).reshape(-1, self.settings.side, self.settings.side)
            smooth = [cv2.GaussianBlur(each, (0, 0), MAP_BLUR * self.settings.side) for each in squares]
            maps[part] = resized(np.sqrt(np.asarray(smooth, np.float32)), self.picture_side)
            progress(min(part.stop, len(stack)), len(stack), f"heat maps of {self.name}")
        return maps

    def _unusual(self, stack: Images) -> NDArray[np.float32]:
        flat = _flat(stack, self.settings)
        unusual: NDArray[np.float32] = _residual(flat, self.mean, self.components, self.settings) ** 2 / self.variance
        return unusual

    def describe(self) -> list[str]:
        """Say in words what it is and what it learnt."""
        side, blur = self.settings.side, self.settings.blur
        return [
            f"pca_residual: learnt from {self.normals} normal pictures at {side} x {side} px",
            f"explains {len(self.components)} main ways of being normal away and smooths what is left by {blur:g} px",
            "score: the mean squared residual in units of its usual variance at each place, about 1 if normal",
            "heat map: the residual in units of its usual standard deviation, smoothed a little",
        ]

    def save(self, folder: Path) -> None:
        """Write `detector.json` and `arrays.npz` into `folder`."""
        arrays = {"mean": self.mean, "components": self.components, "variance": self.variance}
        facts = {"picture_side": self.picture_side, "normals": self.normals}
        write(folder, self.name, self.settings, facts, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector that `save` wrote."""
        card, arrays = read(folder, cls.name)
        try:
            settings = PcaResidualSettings.model_validate(card["settings"])
            facts = (card["picture_side"], card["normals"])
            return cls(settings, *facts, arrays["mean"], arrays["components"], arrays["variance"])
        except (KeyError, ValueError) as error:
            raise StoreError(f"the detector in {folder} cannot be read: {error}") from error


def _flat(images: Images, settings: PcaResidualSettings) -> NDArray[np.float32]:
    """Return pictures (N, S, S) at the side that it works with, as rows (N, side x side)."""
    return resized(images, settings.side).reshape(len(images), -1)


def _components(centred: NDArray[np.float32], rank: int, seed: int) -> NDArray[np.float32]:
    """Return the first `rank` principal components of pictures (N, p), as rows of length 1."""
    if rank == 0:
        return np.empty((0, centred.shape[1]), np.float32)
    # scikit-learn takes a second to import; those who only score must not wait for it
    from sklearn.utils.extmath import randomized_svd

    _, _, rows = randomized_svd(centred, n_components=rank, random_state=seed)
    return np.asarray(rows, np.float32)


def _residual(flat: Any, mean: Any, components: Any, settings: PcaResidualSettings) -> NDArray[np.float32]:
    """Return what mean and components do not explain of pictures (N, p), smoothed, (N, p) float32."""
    centred = flat - mean
    rest = np.ascontiguousarray(centred - (centred @ components.T) @ components, np.float32)
    if settings.blur > 0:
        for number, picture in enumerate(rest.reshape(-1, settings.side, settings.side)):
            rest[number] = cv2.GaussianBlur(picture, (0, 0), settings.blur).ravel()
    return rest
