"""Spine: vertebral bodies between their discs, pedicles, and spinous and transverse processes."""

import numpy as np

from xray_platform.phantoms.frame import Field
from xray_platform.phantoms.outline import smooth_step
from xray_platform.phantoms.ribs import VERTEBRA_MM
from xray_platform.phantoms.thorax import Thorax
from xray_platform.phantoms.tubes import Tube, tube

LEVELS = (-86, -68, -50, -32, -14, *VERTEBRA_MM, 279, 309, 341)  # upper edge of each vertebra, C3 to L3
SPONGY = 0.0062  # attenuation of a mm of spongy bone beyond soft tissue


def spine(thorax: Thorax) -> Field:
    """Return the attenuation of vertebral bodies, float32 (rows, columns)."""
    y, x = thorax.frame.y, thorax.frame.x - thorax.midline
    levels = np.array(LEVELS, dtype=float) - 8
    number = np.clip(np.searchsorted(levels, y[:, 0], side="right") - 1, 0, len(levels) - 2)
    height = np.diff(levels)[number]
    phase = np.clip((y[:, 0] - levels[number]) / height, 0, 1)[:, None]
    waist = np.abs(2 * phase - 1.0) ** 2
    half_width = 13.5 + 6.0 * np.clip((y + 40) / 320, 0, 1) + 2.4 * waist
    solid = smooth_step((half_width - np.abs(x)).astype(np.float32), 2.2)
    gap = (4.2 / height)[:, None]
    body = smooth_step((np.minimum(phase, 1 - phase) - gap / 2).astype(np.float32), 0.045)
    edge = np.exp(-(((np.minimum(phase, 1 - phase) - gap * 0.8) / 0.045) ** 2))
    thick = 24 + 9 * np.clip(y / 250, 0, 1)
    mineral = thorax.subject.bone * SPONGY * thick * (0.45 + 0.5 * body + 0.28 * edge)
    return np.asarray(solid * mineral, dtype=np.float32)


def processes(thorax: Thorax) -> list[Tube]:
    """Return pedicles, spinous and transverse processes as tubes."""
    middle = np.array(LEVELS, dtype=float) - 8
    lean = thorax.subject.scoliosis_mm * np.sin((middle - 20) / 75)
    bone = thorax.subject.bone
    found: list[Tube] = []
    for top, height, x in zip(middle[:-1], np.diff(middle), lean[:-1], strict=True):
        for side in (-1, 1):
            found.append(_pedicle(x + side * 10.5, top + 0.38 * height, bone))
            if top > -20:
                found.append(_transverse(x, side, top + 0.4 * height, bone))
        found.append(_spinous(x, top + 0.75 * height, height, bone))
    return found


def _pedicle(x: float, y: float, bone: float) -> Tube:
    angle = np.linspace(0, 2 * np.pi, 14)
    points = np.stack([x + 2.7 * np.cos(angle), y + 4.0 * np.sin(angle), np.full(14, -50.0)], axis=1)
    return tube(points, 1.0, 0.026 * bone)


def _spinous(x: float, y: float, height: float, bone: float) -> Tube:
    points = np.array([[x, y + t * 0.5 * height, -75.0] for t in np.linspace(0, 1, 5)])
    return tube(points, 1.8, 0.02 * bone, hollow=0.5, end=3.2)


def _transverse(x: float, side: int, y: float, bone: float) -> Tube:
    points = np.array([[x + side * (14 + 15 * t), y - 3 * t, -62.0] for t in np.linspace(0, 1, 5)])
    return tube(points, 4.2, 0.007 * bone, hollow=0.7, end=3.2)
