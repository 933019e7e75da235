"""Map statistics: where the heat maps of test pictures lie, how alike they are within and across classes.

A map that always lies at the same place, whatever the picture, shows the place and not a finding; one whose weight
lies outside the lungs shows what a lung disease cannot explain; one that stays when the weights are made random shows
the picture and not what was learnt (Adebayo et al., NeurIPS 2018).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.heatmap import MapScale, strength
from xray_platform.image_stack import Heatmaps, Images
from xray_platform.lung_fields import find_lungs, lung_mask

LEAST_MATCH = 0.4  # of the lungs' outline; below it nobody knows where they are
COMPARED_SIDE = 16  # pixels of the small maps by which likeness is told: details do not count
MOST_CLASSES = 6  # that are told apart, the most frequent
OTHERS = "others"
COLUMNS = ("image", "class", "row", "column", "spread", "colour", "lung_share", "lung_area", "lung_match")


class ClassMaps(BaseModel):
    """The maps of one class; means over its pictures, None where there is nothing to tell.

    row, column: centre of mass, as shares of the side; spread: deviation around it, likewise. lung_share: of the weight
    that lies in the lungs, of those pictures in which they are found; lung_area: of the picture that they cover.
    within, across: mean correlation of a map with others of its class, and with those of other classes.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    pictures: int
    coloured: int
    row: float | None
    column: float | None
    spread: float | None
    lungs_found: int
    lung_share: float | None
    lung_area: float | None
    within: float | None
    across: float | None


class RandomisedMaps(BaseModel):
    """How like a model's own maps those with its last `groups` groups of weights random are: mean rank correlation."""

    model_config = ConfigDict(frozen=True)

    groups: int
    of: int
    likeness: float


@dataclass(frozen=True)
class MapStatistics:
    """What the maps of some test pictures are like; `of` is how many there are.

    rows: a line a picture, with `COLUMNS`; mean_maps: the mean map of each class, (S, S).
    """

    classes: tuple[ClassMaps, ...]
    rows: pd.DataFrame
    mean_maps: Mapping[str, Images]
    of: int
    randomised: tuple[RandomisedMaps, ...] = field(default=())

    def dump(self) -> dict[str, object]:
        """Return all but rows and pictures as plain JSON values."""
        return {
            "pictures": len(self.rows),
            "of": self.of,
            "classes": [one.model_dump() for one in self.classes],
            "randomised": [one.model_dump() for one in self.randomised],
        }

    def figures(self) -> dict[str, float]:
        """Return the figures that a tracker logs, by name; what is undefined is left out."""
        found = self.rows.dropna(subset=["lung_share"])
        flat: dict[str, float | None] = {}
        if len(found):
            flat |= {"lung_share": float(found["lung_share"].mean()), "lung_area": float(found["lung_area"].mean())}
        for side in ("within", "across"):
            known = [value for one in self.classes if (value := getattr(one, side)) is not None]
            flat[f"alike_{side}_classes"] = float(np.mean(known)) if known else None
        if self.randomised:
            flat["alike_with_random_weights"] = self.randomised[-1].likeness
        return {f"test/maps/{name}": value for name, value in flat.items() if value is not None}


def map_statistics(
    names: Sequence[str],
    classes: Sequence[str],
    images: Images,
    maps: Heatmaps,
    scale: MapScale | None,
    *,
    of: int = 0,
    randomised: Sequence[RandomisedMaps] = (),
) -> MapStatistics:
    """Return what maps (N, S, S) of pictures (N, S, S) are like, by the class of each picture.

    Weight is the colour that a reader sees (`scale`); without a scale what lies above the lowest value of the map.
    """
    told = _few(classes)
    weights = [_weight(heat, scale) for heat in maps]
    rows = [
        {"image": name, "class": one, **_place(weight), **_lungs(image, weight)}
        for name, one, image, weight in zip(names, told, images, weights, strict=True)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    alike, which = _likeness(maps), np.asarray(told, object)
    order = sorted(set(told), key=lambda name: (name == OTHERS, -told.count(name), name))
    found = tuple(_of_class(name, table[table["class"] == name], alike, which == name) for name in order)
    means = {
        name: np.asarray(np.mean([w for w, one in zip(weights, told, strict=True) if one == name], axis=0))
        for name in order
    }
    return MapStatistics(found, table, means, max(of, len(rows)), tuple(randomised))


def likeness(first: Heatmaps, second: Heatmaps) -> float:
    """Return the mean rank correlation of maps (N, S, S) with others of the same pictures; a flat map is like none."""
    pairs = [(_ranks(a), _ranks(b)) for a, b in zip(_small(first), _small(second), strict=True)]
    return float(np.mean([float(a @ b) for a, b in pairs])) if pairs else 0.0


def _few(classes: Sequence[str]) -> list[str]:
    """Return the class of each picture, all but the most frequent under one name."""
    frequent = pd.Series(list(classes), dtype=object).value_counts().index[:MOST_CLASSES]
    return [name if name in frequent else OTHERS for name in classes]


def _weight(heat: Images, scale: MapScale | None) -> Images:
    if scale is not None:
        return strength(heat, scale)
    sound = np.nan_to_num(heat)
    return np.asarray(sound - sound.min(), np.float32)


def _place(weight: Images) -> dict[str, float]:
    """Return centre of mass and spread as shares of the side, and the mean colour; no place without any colour."""
    total, side = float(weight.sum(dtype=np.float64)), weight.shape[0]
    if total <= 0:
        return {"row": np.nan, "column": np.nan, "spread": np.nan, "colour": 0.0}
    along = (np.arange(side) + 0.5) / side
    down, right = weight.sum(axis=1, dtype=np.float64) / total, weight.sum(axis=0, dtype=np.float64) / total
    row, column = float(down @ along), float(right @ along)
    spread = float(np.sqrt(down @ (along - row) ** 2 + right @ (along - column) ** 2))
    return {"row": row, "column": column, "spread": spread, "colour": float(weight.mean())}


def _lungs(image: Images, weight: Images) -> dict[str, float]:
    lungs, total = find_lungs(image), float(weight.sum(dtype=np.float64))
    if lungs.match < LEAST_MATCH or total <= 0:
        return {"lung_share": np.nan, "lung_area": np.nan, "lung_match": lungs.match}
    mask = lung_mask(image.shape, lungs)
    share = float(weight[mask].sum(dtype=np.float64)) / total
    return {"lung_share": share, "lung_area": float(mask.mean()), "lung_match": lungs.match}


def _small(maps: Heatmaps) -> NDArray[np.float64]:
    side = min(COMPARED_SIDE, maps.shape[1])
    small = [cv2.resize(np.nan_to_num(heat), (side, side), interpolation=cv2.INTER_AREA).ravel() for heat in maps]
    return np.asarray(small, np.float64).reshape(len(maps), side * side)


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values of mean 0 and length 1; zeros where they are all the same."""
    centred = values - values.mean()
    length = float(np.linalg.norm(centred))
    return centred / length if length > 1e-12 else np.zeros_like(centred)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return _unit((np.cumsum(counts) - (counts - 1) / 2)[place])


def _likeness(maps: Heatmaps) -> NDArray[np.float64]:
    """Return the correlation of each map with each other, (N, N), not a number for flat maps."""
    if not len(maps):
        return np.zeros((0, 0))
    small = np.array([_unit(heat) for heat in _small(maps)])
    alike = small @ small.T
    flat = ~small.any(axis=1)
    alike[flat] = np.nan
    alike[:, flat] = np.nan
    np.fill_diagonal(alike, np.nan)
    return np.asarray(alike, np.float64)


def _of_class(name: str, rows: pd.DataFrame, alike: NDArray[np.float64], inside: NDArray[np.bool_]) -> ClassMaps:
    return ClassMaps(
        name=name,
        pictures=len(rows),
        coloured=int(rows["row"].notna().sum()),
        row=_mean(rows["row"].to_numpy(np.float64)),
        column=_mean(rows["column"].to_numpy(np.float64)),
        spread=_mean(rows["spread"].to_numpy(np.float64)),
        lungs_found=int(rows["lung_share"].notna().sum()),
        lung_share=_mean(rows["lung_share"].to_numpy(np.float64)),
        lung_area=_mean(rows["lung_area"].to_numpy(np.float64)),
        within=_mean(alike[np.ix_(inside, inside)]),
        across=_mean(alike[np.ix_(inside, ~inside)]),
    )


def _mean(values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None
