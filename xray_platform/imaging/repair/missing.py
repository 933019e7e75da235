"""Missing regions: find discs and other patches that are blanked out to black or white inside a picture."""

from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.repair.levels import Mask

FLAT = 24.0
"""Levels of a blank region differ from black or white by less than this (JPEG rings at its edge)."""
SMALLEST = 0.002
"""Smallest region, as a share of the picture; anything smaller is left to the noise filters."""
MARGIN = 2
"""Pixels by which a region is widened: JPEG bleeds over its edge."""


@dataclass(frozen=True)
class MissingRegion:
    """One blank region: its shape, level and place."""

    shape: Literal["disc", "region"]
    level: Literal["black", "white"]
    centre: tuple[float, float]
    """x (column) and y (row) in pixels."""
    radius: float
    """Of the disc, or of a disc of the same area, in pixels."""
    sharp: float
    """Share of its edge at which the picture steps sharply."""
    flat: float
    """Standard deviation of the levels inside it."""
    roundness: float
    """1 for a disc whose edge strays by less than half of what is tolerated, 0 where it strays by half more."""
    mask: Mask = field(repr=False)
    """(rows, columns): the region, widened by a margin."""

    @property
    def confidence(self) -> float:
        """How sure it is that this is no anatomy: sharp edge, dead flat inside, and a disc rather than anything."""
        flat = float(np.clip(1.5 - self.flat / 6.0, 0.0, 1.0))
        shape = self.roundness if self.shape == "disc" else 0.4
        return float(np.clip((self.sharp - 0.5) / 0.4, 0.0, 1.0)) * flat * shape


def find_missing(levels: NDArray[np.float32], picture: Mask) -> tuple[MissingRegion, ...]:
    """Return the blank regions of a picture (r, c, n; levels 0 to 255) inside the mask `picture`, largest first.

    Black or white that reaches the picture's edge is air or a collimator, not a hole, unless it is a disc.
    """
    black = (levels.max(axis=2) < FLAT) & picture
    white = (levels.min(axis=2) > 255 - FLAT) & picture
    found = _regions(black, "black", levels, picture) + _regions(white, "white", levels, picture)
    edge = picture & ~(cv2.erode(picture.astype(np.uint8), _ball(MARGIN + 1), borderValue=0) > 0)
    kept = [region for region in found if region.shape == "disc" or not (region.mask & edge).any()]
    return tuple(sorted(kept, key=lambda region: -region.radius))


def _regions(
    blank: Mask, level: Literal["black", "white"], levels: NDArray[np.float32], picture: Mask
) -> list[MissingRegion]:
    opened = cv2.morphologyEx(blank.astype(np.uint8), cv2.MORPH_OPEN, _ball(1))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    areas = stats[1:, cv2.CC_STAT_AREA] / max(int(picture.sum()), 1)
    candidates = 1 + np.flatnonzero((areas > SMALLEST) & (areas < 0.25))
    return [_measure(labels == label, level, levels, picture) for label in candidates]


def _measure(
    region: Mask, level: Literal["black", "white"], levels: NDArray[np.float32], picture: Mask
) -> MissingRegion:
    contours, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    edge = max(contours, key=len)[:, 0].astype(np.float64)
    centre, radius, error = _circle(edge)
    radius += 0.5  # the contour runs through the centres of the outermost pixels
    tolerated = max(0.1 * radius, 0.8)
    round_enough = error < tolerated and abs(region.sum() / (np.pi * radius**2) - 1) < 0.15
    inside = cv2.erode(region.astype(np.uint8), _ball(2), borderValue=0) > 0
    flat = float(levels[inside].std(axis=0).max()) if inside.any() else 255.0
    wide = cv2.dilate(region.astype(np.uint8), _ball(MARGIN)) > 0
    if not round_enough:
        centre, radius = edge.mean(axis=0), float(np.sqrt(region.sum() / np.pi))
    return MissingRegion(
        shape="disc" if round_enough else "region",
        level=level,
        centre=(float(centre[0]), float(centre[1])),
        radius=float(radius),
        sharp=_sharp(region, level, levels, picture),
        flat=flat,
        roundness=float(np.clip(1.5 - error / tolerated, 0.0, 1.0)),
        mask=wide & picture,
    )


def _circle(edge: NDArray[np.float64]) -> tuple[NDArray[np.float64], float, float]:
    """Return centre, radius and the 90th percentile of the radial error of a circle through edge points (Kåsa)."""
    system = np.column_stack([edge, np.ones(len(edge))])
    solved, *_ = np.linalg.lstsq(system, (edge**2).sum(axis=1), rcond=None)
    centre = solved[:2] / 2
    radius = float(np.sqrt(max(solved[2] + centre @ centre, 1e-6)))
    error = np.abs(np.linalg.norm(edge - centre, axis=1) - radius)
    return centre, radius, float(np.quantile(error, 0.9))


def _sharp(region: Mask, level: str, levels: NDArray[np.float32], picture: Mask) -> float:
    """Return the share of the ring around a region (inside the picture) that steps away from it by 30 levels."""
    near = cv2.dilate(region.astype(np.uint8), _ball(2)) > 0
    ring = (cv2.dilate(region.astype(np.uint8), _ball(4)) > 0) & ~near & picture
    if not ring.any():
        return 0.0
    smooth = cv2.blur(levels, (3, 3)).reshape(levels.shape)
    step = smooth.max(axis=2) if level == "black" else 255 - smooth.min(axis=2)
    return float((step[ring] > 30).mean())


def _ball(radius: int) -> NDArray[np.uint8]:
    size = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)
