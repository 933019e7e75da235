"""Heat-map picture: a model's heat map laid back over the picture as it came, as PNG, with both ends of its scale."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.dicom.pixels.orientation import AS_IT_CAME, Turn
from xray_platform.imaging.affine import Affine

Map = NDArray[np.float32]
COMPRESSION = 1  # of the PNG, 0 to 9: maps are smooth, and higher numbers take far longer than they save
Corners = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Placement:
    """Where the pixels of a model's picture lie in the picture that it was made from.

    `origin` leads to the standard image of `rows` x `columns` pixels, which `turn` made of the picture as it came.
    """

    origin: Affine
    rows: int
    columns: int
    turn: Turn = AS_IT_CAME

    @property
    def upright(self) -> "Placement":
        """The same in the standard image, which is seen from the front, and not in the picture as it came."""
        return Placement(self.origin, self.rows, self.columns)


@dataclass(frozen=True)
class MapScale:
    """The values that the darkest and the brightest grey of a heat map stand for.

    `shared`: the same for all pictures of the model; else the brightest is the largest value in this picture.
    """

    low: float
    high: float
    shared: bool


@dataclass(frozen=True)
class HeatmapPicture:
    """A heat map over the whole picture: `png` grey, 8 bits, 0 where the map is `scale.low` or less, 255 at `.high`.

    It covers `rows` x `columns` pixels of the picture as it came, and may have fewer of its own. `seen` are the corners
    (row, column) of what the model looked at; outside of it the map says nothing, and is 0.
    """

    png: bytes
    scale: MapScale
    rows: int
    columns: int
    seen: Corners


def heatmap_picture(
    heatmap: Map, placement: Placement, scale: MapScale, most_pixels: int | None = None
) -> HeatmapPicture:
    """Lay a map (S, S) over the picture that it is about.

    The PNG has as many pixels as the picture, at most `most_pixels` on its longer side.
    """
    rows, columns = placement.rows, placement.columns
    share = 1.0 if most_pixels is None else min(1.0, most_pixels / max(rows, columns))
    shape = max(round(rows * share), 1), max(round(columns * share), 1)
    to_model = Affine.scaled(shape, (rows, columns)).then(placement.origin.inverse)
    laid = placement.turn.inverse().apply(_laid(_grey(heatmap, scale), to_model, shape))
    done, png = cv2.imencode(".png", np.ascontiguousarray(laid), [cv2.IMWRITE_PNG_COMPRESSION, COMPRESSION])
    assert done, "a grey picture can always be written"  # noqa: S101 - a slip of the program
    shown = (columns, rows) if placement.turn.transpose else (rows, columns)
    return HeatmapPicture(png.tobytes(), scale, *shown, _seen(heatmap.shape, placement))


def _grey(heatmap: Map, scale: MapScale) -> NDArray[np.uint8]:
    width = scale.high - scale.low
    if width <= 0:
        return np.zeros(heatmap.shape, np.uint8)
    share = np.clip((np.nan_to_num(heatmap) - scale.low) / width, 0, 1)
    return np.asarray(np.round(255 * share), dtype=np.uint8)


def _laid(grey: NDArray[np.uint8], to_model: Affine, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the map in a picture of `shape`; 0 where the model looked at nothing."""
    matrix, size = to_model.matrix[:2], shape[::-1]
    laid = cv2.warpAffine(
        grey, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    inside = cv2.warpAffine(
        np.full_like(grey, 255), matrix, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP, borderValue=(0,)
    )
    return np.asarray(np.minimum(laid, inside), dtype=np.uint8)


def _seen(shape: tuple[int, ...], placement: Placement) -> Corners:
    """Return the corners of the model's picture in the picture as it came, those beyond its edges drawn in to them."""
    bottom, right = shape[0] - 0.5, shape[1] - 0.5
    places = [placement.origin.place(*at) for at in ((-0.5, -0.5), (-0.5, right), (bottom, right), (bottom, -0.5))]
    inside = [(_within(row, placement.rows), _within(column, placement.columns)) for row, column in places]
    return tuple(_turned_back(row, column, placement) for row, column in inside)


def _within(place: float, length: int) -> float:
    return min(max(place, -0.5), length - 0.5)


def _turned_back(row: float, column: float, placement: Placement) -> tuple[float, float]:
    turn = placement.turn
    if turn.flip_rows:
        row = placement.rows - 1 - row
    if turn.flip_columns:
        column = placement.columns - 1 - column
    return (column, row) if turn.transpose else (row, column)
