"""Shoulder: clavicles, scapulae and the upper ends of the arms."""

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.body_grid import BodyGrid, Field
from xray_platform.phantoms.outline import Knots, bent
from xray_platform.phantoms.parameters import Pose, Subject
from xray_platform.phantoms.tubes import LONG_BONE, SMALL_BONE, Tubes, tubes

# The scapula in its own plane, mm, where it just clears the lung: x outwards, y down.
LATERAL_EDGE: Knots = ((166, 28), (162, 50), (154, 82), (145, 112), (135, 136), (129, 142))
MEDIAL_EDGE: Knots = ((118, 2), (111, 22), (109, 52), (112, 90), (119, 124), (129, 142))
TOP_EDGE: Knots = ((118, 2), (128, -2), (142, 0), (152, 6), (162, 2))
RIDGE: Knots = ((111, 26), (128, 19), (146, 8), (164, -9), (180, -17), (194, -10))
GLENOID: Knots = ((167, 2), (172, 12), (174, 24), (168, 36))
CORACOID: Knots = ((160, 8), (153, 1), (150, -7), (157, -10))
BLADE: Knots = (*MEDIAL_EDGE, (135, 136), (145, 112), (154, 82), (162, 50), (166, 28), (160, 4), (142, 0), (128, -2))
# Outline, half-width (mm) and attenuation of a mm of each thick part.
PARTS = (
    (LATERAL_EDGE, 3.2, 0.042),
    (MEDIAL_EDGE, 1.2, 0.045),
    (TOP_EDGE, 1.2, 0.040),
    (RIDGE, 4.4, 0.026),
    (GLENOID, 2.2, 0.045),
    (CORACOID, 4.6, 0.022),
)


def shoulders(subject: Subject, pose: Pose) -> list[Tubes]:
    """Return clavicles, edges of the scapulae and humeri as tubes."""
    bone, away = subject.bone, subject.shoulder_mm + pose.scapula_mm
    parts = [_rounded(tubes(_clavicles(subject, pose), _clavicle_width(), 0.052 * bone, LONG_BONE))]
    for outline, width, strength in PARTS:
        parts.append(tubes(_both(_line(outline), away), width, strength * bone, SMALL_BONE))
    t = np.linspace(0, 1, 30)
    head_y = np.linspace(-21, 21, 24)
    radius = np.sqrt(np.clip(22.5**2 - head_y**2, 9, None))
    head = np.stack([np.full(24, 194.0), 20 + head_y], axis=1)
    lean = 34 if pose.view == "PA" else 14
    shaft = np.stack([201 + lean * t, 26 + 200 * t], axis=1)
    shaft_width = 11.0 - 1.0 * t + 6 * np.exp(-((t / 0.14) ** 2))
    return [
        *parts,
        tubes(_both(head, away), radius, 0.0088 * bone, SMALL_BONE),
        _faded_in(tubes(_both(shaft, away), shaft_width, 0.033 * bone, LONG_BONE)),
    ]


def _faded_in(bundle: Tubes) -> Tubes:
    """Let a bundle begin within another bone, without an edge."""
    return replace(bundle, section=bundle.section * np.clip(np.linspace(0, 6, bundle.section.shape[1]), 0, 1))


def _rounded(bundle: Tubes) -> Tubes:
    """Let a bundle's tubes get thinner towards both ends."""
    t = np.linspace(0, 1, bundle.section.shape[1])
    ends = np.sqrt(np.clip(np.minimum(t + 0.012, 1.02 - t) / 0.07, 0, 1)).astype(np.float32)
    return replace(bundle, half_width=bundle.half_width * ends, section=bundle.section * ends)


@lru_cache(maxsize=16)
def _line(outline: Knots) -> NDArray[np.float64]:
    return bent(np.array(outline, dtype=float), 4 * len(outline))


def _both(line: NDArray[np.float64], away: float) -> NDArray[np.float64]:
    """Return a line of (x, y) on the right and on the left side, behind the chest, (2, n, 3)."""
    x, y = line[:, 0] + away, line[:, 1]
    return np.stack([np.stack([side * x, y, np.full_like(x, -70.0)], axis=1) for side in (-1, 1)])


def _clavicles(subject: Subject, pose: Pose) -> NDArray[np.float64]:
    """S-shaped, rising outwards from the manubrium; flatter where the arms hang."""
    t = np.linspace(0, 1, 40)
    rng = np.random.default_rng([subject.seed, 4])
    rise = 40.0 + (8.0 if pose.view == "AP" else 0.0) + rng.normal(0, 4, 2)
    x = 16 + (152 + subject.shoulder_mm) * t
    y = 50 - rise[:, None] * t**0.85 + 6.5 * np.sin(2 * np.pi * t)
    z = 62 - 95 * t**1.4
    return np.stack([np.stack([side * x, y[at], z], axis=1) for at, side in enumerate((-1, 1))])


def _clavicle_width() -> NDArray[np.float64]:
    t = np.linspace(0, 1, 40)
    return 5.4 + 4.2 * np.exp(-((t / 0.09) ** 2)) + 2.2 * t**3


def blades(grid: BodyGrid, subject: Subject, pose: Pose) -> Field:
    """Return the attenuation of the flat parts of the scapulae, float32 (rows, columns)."""
    field = np.zeros((grid.rows, grid.columns), dtype=np.float32)
    for points in _both(np.array(BLADE, dtype=float), subject.shoulder_mm + pose.scapula_mm):
        x, y = grid.project(*points.T)
        corners = np.stack([grid.column(x), grid.row(y)], axis=1)
        cv2.fillPoly(field, [np.round(corners * 16).astype(np.int32)], 0.13 * subject.bone, cv2.LINE_8, 4)
    return np.asarray(cv2.GaussianBlur(field, (0, 0), 1.4 / grid.pixel_y))
