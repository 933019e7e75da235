"""Patch distance: how far the texture of each place is from the nearest that normal pictures show there or beside it.

A memory of normal patches, as PatchCore keeps one (arXiv 2106.08265), on features made by hand: the band energies of
3 x 3 cells. A patch is compared with those of its own place and of the places beside it, so that a chest may sit a
little differently in its frame. The memory is bounded however many normal pictures there are.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.detectors.normals import check_normals, in_parts
from xray_platform.detectors.place_features import PlaceFeatures, PlaceSettings
from xray_platform.errors import StoreError
from xray_platform.image_stack import Heatmaps, Images, ImageSource, Scores, batch_slices, check_images
from xray_platform.progress import Progress, silent

CHUNK = 64
AROUND = 3  # a patch is so many cells high and wide
LEAST_SPREAD = 0.02  # of a logarithm of energy: a fiftieth more or less detail is never odd
TRUST = 10.0  # patches' worth of trust in what is usual over all places where a place's own rests on few
SMALLEST = 1e-3  # of a distance: where all normal pictures are the same, any other is far
Numbers = NDArray[np.float32]


class PatchDistanceSettings(PlaceSettings):
    """Where and how pictures are looked at, and how much of the normal pictures is kept."""

    memory: int = Field(300, ge=3, le=2000, description="greatest number of normal patches that are kept of each place")
    reach: int = Field(1, ge=0, le=4, description="a patch is compared with those of places so many cells away as well")
    neighbours: int = Field(1, ge=1, le=50, description="nearest normal patches whose mean distance counts")
    seed: int = Field(0, ge=0, lt=2**31, description="seed of the choice of the patches that are kept")


@dataclass(frozen=True, eq=False)
class PatchDistance:
    """`bank` (c, c, m, f): m normal patches of each of c x c places; `usual` (c, c): their distance from each other.

    Features are taken less `centre` (d,), times `whitener` (d, d), which makes the d band energies of a cell alike.
    """

    settings: PatchDistanceSettings
    picture_side: int
    normals: int
    features: PlaceFeatures = field(repr=False)
    centre: Numbers = field(repr=False)
    whitener: Numbers = field(repr=False)
    bank: Numbers = field(repr=False)
    usual: Numbers = field(repr=False)
    name: ClassVar[str] = "patch_distance"

    @classmethod
    def fit(cls, normal: ImageSource, settings: PatchDistanceSettings, *, progress: Progress = silent) -> Self:
        """Return the detector of these normal pictures (N, S, S) in [0, 1].

        Raises InputError for pictures that it cannot take and DataError for fewer than three.

        >>> normal = np.random.default_rng(0).normal(0.5, 0.05, (20, 64, 64)).clip(0, 1).astype(np.float32)
        >>> detector = PatchDistance.fit(normal, PatchDistanceSettings(side=64, cell=8))
        >>> abnormal = normal[:1].copy()
        >>> abnormal[0, 20:30, 20:30] = 0.9
        >>> bool(detector.score(abnormal)[0] > 1.2 * np.median(detector.score(normal)))
        True
        """
        side = check_normals(normal)
        features = PlaceFeatures.learn(settings, normal, settings.seed)
        cells, _, width = features.of(check_images(normal[:1])).shape[1:]
        pictures = _chosen(len(normal), cells, settings)
        kept = np.empty((len(pictures), cells, cells, AROUND**2, width), np.float32)
        for part, images in in_parts(normal, CHUNK):
            around = _around(features.of(images))
            which, down, across = np.nonzero((pictures >= part.start) & (pictures < part.stop))
            kept[which, down, across] = around[pictures[which, down, across] - part.start, down, across]
            progress(min(part.stop, len(normal)), len(normal) + 1, "detail of normal pictures measured")
        centre, whitener = _whitening(kept[..., AROUND**2 // 2, :])
        bank = np.moveaxis(_as_rows(kept, centre, whitener), 0, 2)
        usual = _usual(bank, np.moveaxis(pictures, 0, 2), settings)
        progress(len(normal) + 1, len(normal) + 1, "normal patches compared with each other")
        return cls(settings, side, len(normal), features, centre, whitener, np.ascontiguousarray(bank), usual)

    def score(self, images: Images, *, progress: Progress = silent) -> Scores:
        """Return the mean over the places of the distance from normal, in units of what is usual there: about 1."""
        stack, scores = check_images(images, side=self.picture_side), np.empty(len(images), np.float64)
        for part in batch_slices(stack, CHUNK):
            scores[part] = self._unusual(stack[part]).mean(axis=(1, 2), dtype=np.float64)
            progress(min(part.stop, len(stack)), len(stack), f"scoring with {self.name}")
        return scores

    def heatmap(self, images: Images, *, progress: Progress = silent) -> Heatmaps:
        """Return the squared distance of each place in the same units, (N, S, S) float32; it fades to the edges."""
        stack, maps = check_images(images, side=self.picture_side), np.empty(images.shape, np.float32)
        for part in batch_slices(stack, CHUNK):
            maps[part] = self.features.as_map(self._unusual(stack[part]) ** 2, self.picture_side)
            progress(min(part.stop, len(stack)), len(stack), f"heat maps of {self.name}")
        return maps

    def _unusual(self, stack: Images) -> Numbers:
        """Return the distance of each place in units of what is usual there, (n, c, c)."""
        around = _around(self.features.of(stack))
        features = _as_rows(around, self.centre, self.whitener)
        distances = np.empty(features.shape[:3], np.float32)
        for row, column in np.ndindex(*self.usual.shape):
            normal = self.bank[_beside(row, column, self.settings.reach)].reshape(-1, self.bank.shape[-1])
            squares = _squares(features[:, row, column], normal)
            distances[:, row, column] = _nearest(squares, self.settings.neighbours)
        return distances / self.usual

    def describe(self) -> list[str]:
        """Say in words what it is and what it learnt."""
        chosen, (cells, _, kept, _) = self.settings, self.bank.shape
        return [
            f"patch_distance: learnt from {self.normals} normal pictures at {chosen.side} x {chosen.side} px",
            self.features.describe(cells),
            f"keeps {kept} normal patches of {AROUND} x {AROUND} cells for each of the {cells**2} places",
            f"compares a patch with those of places at most {chosen.reach} cells away; tone is taken out before",
            "score: mean distance from the nearest normal patch, over what is usual at its place; about 1 if normal",
            "heat map: the square of that at each place; it fades along the edges left out",
        ]

    def save(self, folder: Path) -> None:
        """Write `detector.json` and `arrays.npz` into `folder`."""
        facts = {"picture_side": self.picture_side, "normals": self.normals}
        arrays = {"centre": self.centre, "whitener": self.whitener, "bank": self.bank, "usual": self.usual}
        self.features.save(folder, self.name, facts, arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector that `save` wrote."""
        features, card, arrays = PlaceFeatures.load(folder, cls.name, PatchDistanceSettings)
        try:
            settings = cast("PatchDistanceSettings", features.settings)
            learnt = (arrays[name] for name in ("centre", "whitener", "bank", "usual"))
            return cls(settings, card["picture_side"], card["normals"], features, *learnt)
        except (KeyError, ValueError) as error:
            raise StoreError(f"the detector in {folder} cannot be read: {error}") from error


def _chosen(count: int, cells: int, settings: PatchDistanceSettings) -> NDArray[np.int64]:
    """Return which of `count` pictures give each of cells x cells places its patches: (m, c, c), drawn for each."""
    rng = np.random.default_rng(settings.seed)
    draws = [rng.permutation(count)[: settings.memory] for _ in range(cells * cells)]
    return np.stack(draws, axis=1).reshape(-1, cells, cells)


def _around(energies: Numbers) -> Numbers:
    """Return the band energies of each cell and those around it: (n, c, c, d) to (n, c, c, 9, d)."""
    cells, wide = energies.shape[1], np.pad(energies, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    shifts = np.ndindex(AROUND, AROUND)
    return np.stack([wide[:, down : down + cells, right : right + cells] for down, right in shifts], axis=3)


def _whitening(energies: Numbers) -> tuple[Numbers, Numbers]:
    """Return the mean (d,) of energies (..., d), and what makes them uncorrelated with deviation 1, (d, d)."""
    rows = energies.reshape(-1, energies.shape[-1]).astype(np.float64)
    centre = rows.mean(axis=0)
    covariance = (rows - centre).T @ (rows - centre) / len(rows) + LEAST_SPREAD**2 * np.eye(len(centre))
    return centre.astype(np.float32), np.linalg.inv(np.linalg.cholesky(covariance)).T.astype(np.float32)


def _as_rows(around: Numbers, centre: Numbers, whitener: Numbers) -> Numbers:
    """Return patches as rows of numbers: (..., 9, d) to (..., 9 d)."""
    white = ((around - centre) @ whitener) / AROUND
    return np.asarray(white.reshape(*around.shape[:-2], -1), np.float32)


def _beside(row: int, column: int, reach: int) -> tuple[slice, slice]:
    return slice(max(row - reach, 0), row + reach + 1), slice(max(column - reach, 0), column + reach + 1)


def _squares(patches: Numbers, others: Numbers) -> Numbers:
    """Return the squared distances of patches (n, f) and others (m, f): (n, m)."""
    sums = (patches**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)
    return np.asarray(np.maximum(sums - 2 * patches @ others.T, 0), np.float32)


def _nearest(squares: Numbers, neighbours: int) -> Numbers:
    """Return the root of the mean of the smallest squares of each row, (n,)."""
    count = min(neighbours, squares.shape[1])
    return np.asarray(np.sqrt(np.partition(squares, count - 1, axis=1)[:, :count].mean(axis=1)), np.float32)


def _usual(bank: Numbers, pictures: NDArray[np.int64], settings: PatchDistanceSettings) -> Numbers:
    """Return how far normal patches (c, c, m, f) of each place are from those of other pictures (c, c, m): (c, c)."""
    usual = np.empty(bank.shape[:2], np.float32)
    for row, column in np.ndindex(*usual.shape):
        beside = _beside(row, column, settings.reach)
        squares = _squares(bank[row, column], bank[beside].reshape(-1, bank.shape[-1]))
        squares[pictures[row, column][:, None] == pictures[beside].reshape(-1)] = np.inf
        finite = np.isfinite(squares).sum(axis=1) >= min(settings.neighbours, 1)
        usual[row, column] = _nearest(squares[finite], settings.neighbours).mean() if finite.any() else np.nan
    share = bank.shape[2] / (bank.shape[2] + TRUST)
    return np.asarray(np.maximum(share * usual + (1 - share) * usual.mean(), SMALLEST), np.float32)
