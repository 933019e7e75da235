"""Findings: what is made to be found, as changes of the lungs' attenuation, and how far it reaches."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.frame import Field
from xray_platform.phantoms.outline import smooth_step
from xray_platform.phantoms.parameters import Finding
from xray_platform.phantoms.phantom import FindingName
from xray_platform.phantoms.thorax import APEX_MM, APEX_ROUND, APEX_X, Thorax, inner_width

WATER = 0.0175  # attenuation of a mm of water in place of lung


@dataclass(frozen=True)
class Change:
    """What a finding does to the lungs: attenuation added, and the share of vessels and texture that stays.

    `extent` is the mask on the grid that its box must hold; None where there is nothing to find.
    """

    added: Field | float = 0.0
    keep: Field | float = 1.0
    extent: NDArray[np.bool_] | None = None


def change(finding: Finding, thorax: Thorax, lung: Field) -> Change:
    """Return what a finding does, given the thickness of both lungs in mm, (rows, columns)."""
    return KINDS[finding.name](finding, thorax, lung)


def _normal(_finding: Finding, _thorax: Thorax, _lung: Field) -> Change:
    return Change()


def _opacity(finding: Finding, thorax: Thorax, lung: Field) -> Change:
    """Patchy water in the air spaces: soft edges, uneven, bounded by the lung."""
    x0, y0 = _centre(finding, thorax)
    rng = np.random.default_rng([finding.seed, 1])
    stretch = rng.uniform(0.75, 1.3)
    across = (thorax.frame.x - x0) / (finding.size_mm * stretch)
    down = (thorax.frame.y - y0) / (finding.size_mm / stretch)
    radius = np.sqrt(across**2 + down**2)
    envelope = smooth_step(0.85 - radius + 0.32 * _clouds(rng, lung.shape, thorax.frame.pixel_y), 0.55)
    patchy = np.clip(1 + 0.3 * _clouds(rng, lung.shape, thorax.frame.pixel_y * 2.6), 0.3, 1.8)
    thick = np.minimum(lung, 1.3 * finding.size_mm)
    added = finding.strength * WATER * thick * envelope * patchy
    return Change(added, 1 - 0.5 * finding.strength * envelope, (envelope > 0.4) & (lung > 10))


def _nodule(finding: Finding, thorax: Thorax, lung: Field) -> Change:
    """A ball of soft tissue, slightly lobed."""
    x0, y0 = _centre(finding, thorax)
    across, down = thorax.frame.x - x0, thorax.frame.y - y0
    rng = np.random.default_rng([finding.seed, 2])
    radius = finding.size_mm / 2
    lobes = radius * (1 + 0.05 * _clouds(rng, lung.shape, thorax.frame.pixel_y * 6))
    inside = lobes**2 - across**2 - down**2
    ball = 2 * np.sqrt(np.clip(inside, 0, None))
    return Change(finding.strength * WATER * ball, 1.0, inside > 0)


def _cardiomegaly(_finding: Finding, thorax: Thorax, _lung: Field) -> Change:
    """The thorax already holds the large heart; here only its extent."""
    y, x = thorax.frame.y, thorax.frame.x - thorax.midline
    right = -thorax.heart_border(-1, y)
    left = thorax.heart_border(1, y)
    bottom = np.minimum(thorax.dome(-1).min(), thorax.dome(1).min()) + 22
    return Change(extent=(y > 112) & (y < bottom) & (x > right) & (x < left))


def _pneumothorax(finding: Finding, thorax: Thorax, lung: Field) -> Change:
    """Free air round a lung that has drawn back from the apex and the wall, and the fine line of its pleura."""
    y, x = thorax.frame.y, finding.side * thorax.frame.x
    gap = finding.size_mm * (0.25 + 0.75 * np.exp(-(((y - 30) / 95) ** 2)))
    apex = APEX_MM + 1.25 * finding.size_mm
    below = np.clip((y - apex) / (APEX_ROUND + 12), 0, 1)
    outline = APEX_X - 8 + (inner_width(y) - gap - APEX_X + 8) * np.sqrt(below * (2 - below))
    beyond = np.where(y < apex, 60.0, x - outline).astype(np.float32)
    own = (lung > 6) & (x > 0)
    free = smooth_step(beyond, 0.8) * own
    slope = np.maximum(np.hypot(1.0, np.gradient(outline[:, 0]) / thorax.frame.pixel_y)[:, None], 1.0)
    line = np.exp(-((beyond / (0.9 * slope)) ** 2)) * own * (y >= apex)
    added = finding.strength * (0.075 * line - 0.17 * WATER * lung * free) + 0.02 * WATER * lung * (1 - free) * own
    return Change(added.astype(np.float32), 1 - free, (free > 0.5) & (lung > 12) & (y < 150))


def _centre(finding: Finding, thorax: Thorax) -> tuple[float, float]:
    """Return where in the body's plane a finding sits, mm."""
    dome = float(thorax.dome(finding.side).min())
    y = 24.0 + finding.along * (dome - 40.0)
    rows = np.array([[y]], dtype=np.float32)
    inner = float(thorax.heart_border(finding.side, rows)[0, 0]) + 14.0
    outer = float(inner_width(rows)[0, 0]) - 14.0
    return finding.side * (inner + finding.across * (outer - inner)), y


def _clouds(rng: np.random.Generator, shape: tuple[int, ...], pixel: float) -> Field:
    """Smooth noise of unit variance with lumps of some 25 mm over `pixel`."""
    cells = [max(int(side * pixel / 26), 4) for side in shape]
    small = rng.standard_normal(cells, dtype=np.float32)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC))


KINDS: dict[FindingName, Callable[[Finding, Thorax, Field], Change]] = {
    "normal": _normal,
    "opacity": _opacity,
    "nodule": _nodule,
    "cardiomegaly": _cardiomegaly,
    "pneumothorax": _pneumothorax,
}
