"""Texture mixture: textures of normal chests as a mixture of Gaussians, over Gabor, LBP or GLCM numbers of each cell.

What a cell looks like, and where it lies, has a density under the mixture (one component: a Gaussian); textures that
are rare among normal chests there are abnormal (Clausi & Jernigan, Pattern Recognition 2000, on Gabor filters; LBP and
GLCM after Ojala et al., 2002, and Haralick et al., 1973). How rare is read in units of what is usual at the place.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from xray_platform.detectors.band_energy import kept_cells, map_of_cells, toneless
from xray_platform.detectors.normals import check_normals, in_parts, sampled
from xray_platform.detectors.resized import resized
from xray_platform.detectors.storage import read, write
from xray_platform.errors import StoreError
from xray_platform.image_stack import Heatmaps, Images, ImageSource, Scores, batch_slices, check_images
from xray_platform.imaging.features.gabor import GaborSettings
from xray_platform.imaging.features.glcm import GlcmSettings
from xray_platform.imaging.features.lbp import LbpSettings
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings

CHUNK = 32
GREYS = 16  # grey levels that are told apart (GLCM)
RANGE = 2.0  # deviations of grey, to either side, that lie between black and white
LEAST = 0.01  # of a Gabor filter's answer: weaker is nothing
RIDGE = 1e-3  # of a variance of 1: no component is thinner
SHRINK = 10  # pictures' worth of trust in the spread over all places where a place's own rests on few
ARRAYS = ("centre", "mixing", "weights", "means", "factors", "usual", "spread")
TINY = 1e-6
Numbers = NDArray[np.float32]


class TextureMixtureSettings(Settings):
    """Which texture is measured where, and how many kinds of it there are."""

    side: int = Field(128, ge=32, le=512, description="side that pictures are brought to before anything, in pixels")
    cell: int = Field(16, ge=8, le=64, description="side of a cell, in pixels of `side`")
    texture: Literal["gabor", "lbp", "glcm"] = Field(
        "gabor", description="what is measured: stripes of some widths and directions, binary patterns, co-occurrence"
    )
    components: int = Field(8, ge=1, le=64, description="Gaussians of the mixture; 1: one Gaussian")
    dimensions: int = Field(10, ge=1, le=64, description="main components that are kept of the numbers of a cell")
    position_weight: float = Field(1.0, ge=0, le=100, description="weight of where a cell lies; 0: it does not count")
    border: float = Field(
        0.2, ge=0, le=0.4, description="share of the side, at each edge, that is left out: shoulders, abdomen, frames"
    )
    samples: int = Field(20_000, ge=50, le=200_000, description="greatest number of normal cells that it learns from")
    pictures: int = Field(
        2000, ge=3, le=100_000, description="greatest number of normal pictures whose cells are drawn from"
    )
    seed: int = Field(0, ge=0, lt=2**31, description="seed of the choice of cells and of the mixture")

    @model_validator(mode="after")
    def _whole_cells(self) -> Self:
        if self.side % self.cell or self.side < 2 * self.cell:
            raise ValueError(
                f"side {self.side} and cell {self.cell} do not fit; "
                "allowed: a side that is a multiple of the cell, at least twice"
            )
        return self

    @property
    def cells(self) -> int:
        """Cells along a side."""
        return self.side // self.cell

    def measured(self, stack: Images) -> Numbers:
        """Return the texture of the cells that are not left out, without tone: (n, S, S) to (n, c, c, d)."""
        small = np.stack([toneless(image) for image in resized(stack, self.side)])
        grey = np.clip(small / (2 * RANGE) + 0.5, 0, 1).astype(np.float32)
        inside = kept_cells(self.cells, self.border)
        return _TEXTURES[self.texture](grey, self.cells)[:, inside, inside]


@dataclass(frozen=True, eq=False)
class TextureMixture:
    """A mixture of k Gaussians over e numbers of a cell, and what is `usual` (c, c) and its `spread` of each place.

    A cell's d numbers less `centre` (d,), times `mixing` (d, e - 2), and its place are the e numbers; `weights` (k,),
    `means` (k, e) and `factors` (k, e, e), of the precisions (their Cholesky factors), are the mixture.
    """

    settings: TextureMixtureSettings
    picture_side: int
    normals: int
    centre: Numbers = field(repr=False)
    mixing: Numbers = field(repr=False)
    weights: Numbers = field(repr=False)
    means: Numbers = field(repr=False)
    factors: Numbers = field(repr=False)
    usual: Numbers = field(repr=False)
    spread: Numbers = field(repr=False)
    name: ClassVar[str] = "texture_mixture"

    @classmethod
    def fit(cls, normal: ImageSource, settings: TextureMixtureSettings, *, progress: Progress = silent) -> Self:
        """Return the detector of these normal pictures (N, S, S) in [0, 1].

        Raises InputError for pictures that it cannot take and DataError for fewer than three.
        """
        side, some = check_normals(normal), sampled(normal, settings.pictures, settings.seed)
        measured = []
        for part, images in in_parts(some, CHUNK):
            measured.append(settings.measured(images))
            progress(min(part.stop, len(some)), len(some) + 1, "texture of normal pictures measured")
        texture = np.concatenate(measured)
        centre, mixing = _main_components(texture.reshape(-1, texture.shape[-1]), settings.dimensions)
        cells = _placed(texture, centre, mixing, settings.position_weight)
        rare, mixture = np.empty(cells.shape[:3], np.float32), _mixture(cells.reshape(-1, cells.shape[-1]), settings)
        for part in batch_slices(cells, CHUNK):
            rare[part] = _rarity(cells[part], *mixture)
        progress(len(some) + 1, len(some) + 1, "mixture fitted")
        own = rare.var(axis=0)
        drawn = (own * len(rare) + own.mean() * SHRINK) / (len(rare) + SHRINK)
        spread = np.asarray(np.sqrt(np.maximum(drawn, TINY**2)), np.float32)
        return cls(settings, side, len(normal), centre, mixing, *mixture, rare.mean(axis=0), spread)

    def score(self, images: Images, *, progress: Progress = silent) -> Scores:
        """Return the mean over the cells of how rare each is, in deviations of normal pictures: about 0 if normal."""
        stack, scores = check_images(images, side=self.picture_side), np.empty(len(images), np.float64)
        for part in batch_slices(stack, CHUNK):
            scores[part] = self._unusual(stack[part]).mean(axis=(1, 2), dtype=np.float64)
            progress(min(part.stop, len(stack)), len(stack), f"scoring with {self.name}")
        return scores

    def heatmap(self, images: Images, *, progress: Progress = silent) -> Heatmaps:
        """Return how much rarer than usual each cell is, at least 0, (N, S, S) float32; it fades to the edges."""
        stack, maps = check_images(images, side=self.picture_side), np.empty(images.shape, np.float32)
        inside = kept_cells(self.settings.cells, self.settings.border)
        for part in batch_slices(stack, CHUNK):
            rare = np.maximum(self._unusual(stack[part]), 0)
            maps[part] = map_of_cells(rare, self.settings.cells, inside, self.picture_side)
            progress(min(part.stop, len(stack)), len(stack), f"heat maps of {self.name}")
        return maps

    def _unusual(self, stack: Images) -> Numbers:
        cells = _placed(self.settings.measured(stack), self.centre, self.mixing, self.settings.position_weight)
        rare = _rarity(cells, self.weights, self.means, self.factors)
        return np.asarray((rare - self.usual) / self.spread, np.float32)

    def describe(self) -> list[str]:
        """Say in words what it is and what it learnt."""
        chosen, cells = self.settings, len(self.usual)
        kinds = f"{len(self.weights)} Gaussians" if len(self.weights) > 1 else "one Gaussian"
        where = "and its place" if chosen.position_weight else "wherever it lies"
        return [
            f"texture_mixture: learnt from {self.normals} normal pictures at {chosen.side} x {chosen.side} px",
            f"measures {chosen.texture} in {cells} x {cells} cells of {chosen.cell} px; tone is taken out before",
            f"a cell is {self.mixing.shape[1]} main components of that {where}, under {kinds}",
            "score: the mean over the cells of how rare each is, in deviations of normal pictures at the same place",
            "heat map: the same of each cell where it is rarer than usual; it fades along the edges left out",
        ]

    def save(self, folder: Path) -> None:
        """Write `detector.json` and `arrays.npz` into `folder`."""
        facts = {"picture_side": self.picture_side, "normals": self.normals}
        write(folder, self.name, self.settings, facts, {name: getattr(self, name) for name in ARRAYS})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector that `save` wrote."""
        card, arrays = read(folder, cls.name)
        try:
            settings = TextureMixtureSettings.model_validate(card["settings"])
            return cls(settings, card["picture_side"], card["normals"], *(arrays[name] for name in ARRAYS))
        except (KeyError, ValueError) as error:
            raise StoreError(f"the detector in {folder} cannot be read: {error}") from error


def _gabor(grey: Numbers, cells: int) -> Numbers:
    """Return the logarithms of the strengths of 12 filters: (n, S, S) to (n, cells, cells, 12)."""
    strengths = GaborSettings(grid=cells).compute(grey).reshape(len(grey), -1, cells, cells)
    return np.asarray(np.log(np.moveaxis(strengths, 1, -1) + LEAST), np.float32)


def _lbp(grey: Numbers, cells: int) -> Numbers:
    """Return the roots of the shares of the 59 patterns, whose distances are those of Hellinger."""
    return np.asarray(np.sqrt(LbpSettings(grid=cells).compute(grey).reshape(len(grey), cells, cells, -1)), np.float32)


def _glcm(grey: Numbers, cells: int) -> Numbers:
    """Return six descriptors of the co-occurrence at two distances, means over four angles: (n, cells, cells, 12)."""
    cell, settings = grey.shape[1] // cells, GlcmSettings(levels=GREYS, distances=2)
    cut = grey.reshape(-1, cells, cell, cells, cell).swapaxes(2, 3).reshape(-1, cell, cell)
    found = settings.compute(np.ascontiguousarray(cut)).reshape(len(cut), *settings.shape((cell, cell)))
    return np.asarray(found.mean(axis=2).reshape(len(grey), cells, cells, -1), np.float32)


_TEXTURES = {"gabor": _gabor, "lbp": _lbp, "glcm": _glcm}


def _main_components(rows: Numbers, most: int) -> tuple[Numbers, Numbers]:
    """Return the mean (d,) of rows (n, d), and what makes their main components, of deviation 1, (d, e)."""
    centre = rows.mean(axis=0, dtype=np.float64)
    scale = np.maximum(rows.std(axis=0, dtype=np.float64), TINY)
    away = (rows - centre) / scale
    values, vectors = np.linalg.eigh(away.T @ away / len(rows))
    chosen = np.argsort(-values)[:most]
    mixing = vectors[:, chosen] / np.sqrt(np.maximum(values[chosen], RIDGE)) / scale[:, None]
    return centre.astype(np.float32), mixing.astype(np.float32)


def _placed(texture: Numbers, centre: Numbers, mixing: Numbers, weight: float) -> Numbers:
    """Return the main components of cells (n, c, c, d) and where they lie, (n, c, c, e)."""
    along = np.linspace(-1, 1, texture.shape[1]).astype(np.float32) * np.float32(weight)
    places = np.stack(np.meshgrid(along, along, indexing="ij"), axis=-1)
    return np.concatenate(
        [(texture - centre) @ mixing, np.broadcast_to(places, (len(texture), *places.shape))], axis=-1
    )


def _mixture(rows: Numbers, settings: TextureMixtureSettings) -> tuple[Numbers, Numbers, Numbers]:
    """Return weights, means and precisions (Cholesky) of a mixture, learnt from a sample of cells (n, e)."""
    from sklearn.mixture import GaussianMixture  # a second to import; those who only score must not wait for it

    chosen = np.random.default_rng(settings.seed).permutation(len(rows))[: settings.samples]
    count = min(settings.components, max(len(chosen) // (2 * rows.shape[1]), 1))
    fitted = GaussianMixture(count, reg_covar=RIDGE, random_state=settings.seed, max_iter=60, tol=1e-2)
    fitted.fit(rows[np.sort(chosen)].astype(np.float64))
    return tuple(np.asarray(one, np.float32) for one in (fitted.weights_, fitted.means_, fitted.precisions_cholesky_))  # type: ignore[return-value]


def _rarity(cells: Numbers, weights: Numbers, means: Numbers, factors: Numbers) -> Numbers:
    """Return how rare cells (..., e) are: the negative logarithm of their density, but for a constant."""
    logs = []
    for weight, mean, factor in zip(weights, means, factors, strict=True):
        squares = (((cells - mean) @ factor) ** 2).sum(axis=-1)
        logs.append(np.log(weight + TINY) + np.log(np.diag(factor)).sum() - squares / 2)
    stack = np.stack(logs)
    top = stack.max(axis=0)
    return np.asarray(-(top + np.log(np.exp(stack - top).sum(axis=0))), np.float32)
