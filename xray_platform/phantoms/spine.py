"""Spine: vertebral bodies between their discs, pedicles, and spinous and transverse processes."""

import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.body_grid import Field
from xray_platform.phantoms.outline import smooth_step
from xray_platform.phantoms.ribs import VERTEBRA_MM
from xray_platform.phantoms.thorax import Thorax
from xray_platform.phantoms.tubes import LONG_BONE, SMALL_BONE, Tubes, tubes

LEVELS = np.array((-86, -68, -50, -32, -14, *VERTEBRA_MM, 279, 309, 341), dtype=float) - 8  # tops of C3 to L3
SPONGY = 0.0070  # attenuation of a mm of spongy bone beyond soft tissue
DISC_MM = 4.6
WIDEST_MM = 26.0


def spine(thorax: Thorax) -> Field:
    """Return the attenuation of vertebral bodies, float32 (rows, columns)."""
    total = np.zeros((thorax.grid.rows, thorax.grid.columns), dtype=np.float32)
    reach = WIDEST_MM + float(np.abs(thorax.midline).max())
    first, last = np.searchsorted(thorax.grid.x[0], (-reach, reach))
    total[:, first:last] = _bodies(thorax, thorax.grid.x[:, first:last] - thorax.midline)
    return total


def _bodies(thorax: Thorax, x: Field) -> Field:
    y = thorax.grid.y
    number = np.clip(np.searchsorted(LEVELS, y[:, 0], side="right") - 1, 0, len(LEVELS) - 2)
    height = np.diff(LEVELS)[number][:, None]
    phase = np.clip((y - LEVELS[number][:, None]) / height, 0, 1)
    from_disc = np.minimum(phase, 1 - phase) * height  # mm from the middle of the next disc
    waist = (2 * phase - 1.0) ** 2
    half_width = 13.0 + 6.0 * np.clip((y + 40) / 320, 0, 1) + 2.6 * waist
    inside = (half_width - np.abs(x)).astype(np.float32)
    body = smooth_step(from_disc - DISC_MM / 2, 0.9)
    plate = np.exp(-(((from_disc - DISC_MM / 2 - 0.8) / 0.9) ** 2))
    thick = 15 + 17 * np.clip((y + 60) / 260, 0, 1)
    mineral = SPONGY * thick * (0.30 + 0.60 * body + 0.42 * plate)
    wall = np.exp(-(((inside - 1.5) / 1.4) ** 2)) * (0.10 * body)
    return np.asarray(thorax.subject.bone * smooth_step(inside, 1.8) * (mineral + wall), dtype=np.float32)


def processes(thorax: Thorax) -> list[Tubes]:
    """Return pedicles, spinous and transverse processes as tubes."""
    top, height = LEVELS[:-1], np.diff(LEVELS)
    x = thorax.subject.scoliosis_mm * np.sin((top - 20) / 75)
    bone = thorax.subject.bone
    both = np.repeat([-1, 1], len(top))
    xx, tops, heights = np.tile(x, 2), np.tile(top, 2), np.tile(height, 2)
    chest = tops > -20
    return [
        tubes(_rings(xx + both * 10.8, tops + 0.36 * heights), 1.0, 0.034 * bone),
        tubes(
            _lines(xx[chest], tops[chest] + 0.38 * heights[chest], both[chest]),
            np.linspace(4.4, 3.4, 5),
            0.010 * bone,
            LONG_BONE,
        ),
        tubes(_spines(x, top + 0.72 * height, height), np.linspace(1.7, 3.2, 5), 0.023 * bone, SMALL_BONE),
    ]


def _rings(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    angle = np.linspace(0, 2 * np.pi, 13)
    ring = np.stack([2.8 * np.cos(angle), 4.3 * np.sin(angle), np.full(13, -50.0)], axis=1)
    return np.asarray(ring + np.stack([x, y, 0 * x], axis=1)[:, None])


def _lines(x: NDArray[np.float64], y: NDArray[np.float64], side: NDArray[np.int_]) -> NDArray[np.float64]:
    t = np.linspace(0, 1, 5)
    return np.stack(
        [x[:, None] + side[:, None] * (14 + 15 * t), y[:, None] - 3 * t, np.full((len(x), 5), -62.0)], axis=2
    )


def _spines(x: NDArray[np.float64], y: NDArray[np.float64], height: NDArray[np.float64]) -> NDArray[np.float64]:
    t = np.linspace(0, 1, 5)
    return np.stack(
        [np.repeat(x[:, None], 5, axis=1), y[:, None] + 0.5 * height[:, None] * t, np.full((len(x), 5), -75.0)], axis=2
    )
