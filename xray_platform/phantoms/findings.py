"""Findings: what is made to be found, as changes of the lungs' attenuation, and how far it reaches."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.body_grid import Field
from xray_platform.phantoms.outline import smooth_step
from xray_platform.phantoms.parameters import LungLocation, SimulatedFinding
from xray_platform.phantoms.phantom import FindingName
from xray_platform.phantoms.thorax import APEX_MM, APEX_ROUND, APEX_X, Thorax, inner_width

WATER = 0.0175  # attenuation of a mm of water in place of lung


@dataclass(frozen=True)
class FindingEffect:
    """What a finding does to the lungs: attenuation added, and the share of vessels and texture that stays.

    Each of `extents` is a mask on the grid that a box must hold.
    """

    added: Field | float = 0.0
    keep: Field | float = 1.0
    extents: tuple[NDArray[np.bool_], ...] = ()


def finding_effect(finding: SimulatedFinding, thorax: Thorax, lung: Field) -> FindingEffect:
    """Return what a finding does, given the thickness of both lungs in mm, (rows, columns)."""
    return KINDS[finding.name](finding, thorax, lung)


def _normal(_finding: SimulatedFinding, _thorax: Thorax, _lung: Field) -> FindingEffect:
    return FindingEffect()


def _opacity(finding: SimulatedFinding, thorax: Thorax, lung: Field) -> FindingEffect:
    """Patchy water in the air spaces: soft edges, uneven, bounded by the lung."""
    rng = np.random.default_rng([finding.seed, 1])
    envelopes = [_patch(finding.size_mm * place.share, _centre(place, thorax), thorax, rng) for place in finding.places]
    envelope = np.maximum.reduce(envelopes)
    patchy = np.clip(1 + 0.25 * _clouds(rng, lung.shape, 13.0 / thorax.grid.pixel_y), 0.3, 1.8)
    added = finding.strength * WATER * np.minimum(lung, 1.3 * finding.size_mm) * envelope * patchy
    keep = np.clip(1 - 0.5 * finding.strength * envelope, 0, 1)
    return FindingEffect(added, keep, tuple((one > 0.4) & (lung > 10) for one in envelopes))


def _patch(radius_mm: float, centre: tuple[float, float], thorax: Thorax, rng: np.random.Generator) -> Field:
    """Return a patch with an uneven soft edge, in [0, 1], (rows, columns)."""
    x, y = centre
    stretch = rng.uniform(0.8, 1.25)
    across = (thorax.grid.x - x) / (radius_mm * stretch)
    down = (thorax.grid.y - y) / (radius_mm / stretch)
    shape = (thorax.grid.rows, thorax.grid.columns)
    uneven = 0.32 * _clouds(rng, shape, 26.0 / thorax.grid.pixel_y)
    return smooth_step(0.85 - np.sqrt(across * across + down * down) + uneven, 0.55)


def _nodule(finding: SimulatedFinding, thorax: Thorax, lung: Field) -> FindingEffect:
    """Balls of soft tissue, slightly lobed."""
    rng = np.random.default_rng([finding.seed, 2])
    lobes = 1 + 0.05 * _clouds(rng, lung.shape, 4.5 / thorax.grid.pixel_y)
    added = np.zeros_like(lung)
    extents = []
    for place in finding.places:
        x, y = _centre(place, thorax)
        radius = finding.size_mm * place.share / 2
        inside = (radius * lobes) ** 2 - (thorax.grid.x - x) ** 2 - (thorax.grid.y - y) ** 2
        added += np.sqrt(np.clip(inside, 0, None))
        extents.append(inside > 0)
    return FindingEffect(2 * finding.strength * WATER * added, 1.0, tuple(extents))


def _cardiomegaly(_finding: SimulatedFinding, thorax: Thorax, _lung: Field) -> FindingEffect:
    """The thorax already holds the large heart; here only its extent."""
    y, x = thorax.grid.y, thorax.grid.x - thorax.midline
    right = -thorax.heart_border(-1, y)
    left = thorax.heart_border(1, y)
    bottom = np.minimum(thorax.dome(-1).min(), thorax.dome(1).min()) + 22
    return FindingEffect(extents=((y > 112) & (y < bottom) & (x > right) & (x < left),))


def _pneumothorax(finding: SimulatedFinding, thorax: Thorax, lung: Field) -> FindingEffect:
    """Free air round a lung that has drawn back from the apex and the wall, and the fine line of its pleura."""
    y, x = thorax.grid.y, finding.places[0].side * thorax.grid.x
    gap = finding.size_mm * (0.25 + 0.75 * np.exp(-(((y - 30) / 95) ** 2)))
    apex = APEX_MM + 1.25 * finding.size_mm
    below = np.clip((y - apex) / (APEX_ROUND + 12), 0, 1)
    opening, top = np.sqrt(below * (2 - below)), APEX_X - 8
    outline = top + (inner_width(y) - gap - top) * opening
    medial = top - (top - 16) * opening
    beyond = np.where(y < apex, np.float32(60), np.maximum(x - outline, medial - x)).astype(np.float32)
    own = (lung > 6) & (x > 0)
    free = smooth_step(beyond, 0.8) * own
    slope = np.maximum(np.hypot(1.0, np.gradient(outline[:, 0]) / thorax.grid.pixel_y)[:, None], 1.0)
    line = np.exp(-((beyond / (0.9 * slope)) ** 2)) * own * (y >= apex)
    denser = 0.22 * finding.size_mm / 60 * WATER * lung * (1 - free) * own  # the lung is as heavy as before
    added = finding.strength * (0.075 * line - 0.25 * WATER * lung * free) + denser
    return FindingEffect(added.astype(np.float32), 1 - free, ((free > 0.5) & (lung > 12) & (y < 150),))


def _centre(place: LungLocation, thorax: Thorax) -> tuple[float, float]:
    """Return where in the body's plane a place is, x and y in mm."""
    dome = float(thorax.dome(place.side).min())
    y = 24.0 + place.along * (dome - 40.0)
    rows = np.array([[y]], dtype=np.float32)
    inner = float(thorax.heart_border(place.side, rows)[0, 0]) + 14.0
    outer = float(inner_width(rows)[0, 0]) - 14.0
    return place.side * (inner + place.across * (outer - inner)), y


def _clouds(rng: np.random.Generator, shape: tuple[int, ...], lump: float) -> Field:
    """Smooth noise of unit variance with lumps of that many pixels."""
    cells = [max(int(side / lump), 4) for side in shape]
    small = rng.standard_normal(cells, dtype=np.float32)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


KINDS: dict[FindingName, Callable[[SimulatedFinding, Thorax, Field], FindingEffect]] = {
    "normal": _normal,
    "opacity": _opacity,
    "nodule": _nodule,
    "cardiomegaly": _cardiomegaly,
    "pneumothorax": _pneumothorax,
}
