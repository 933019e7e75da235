"""Vessels: a branching tree from each hilum through the lung, drawn from the subject's seed."""

import numpy as np

from xray_platform.phantoms.parameters import Pose, Subject
from xray_platform.phantoms.thorax import inner_depth, inner_width
from xray_platform.phantoms.tubes import Tube, tube

BLOOD = 0.0165  # attenuation of a mm of blood in place of lung
# Directions of the first branches: degrees below the horizontal, and their share of depth.
TRUNKS = (
    (-78, 0.2),
    (-58, -0.3),
    (-30, 0.5),
    (-8, 0.7),
    (14, -0.4),
    (32, 0.6),
    (48, 0.0),
    (60, -0.6),
    (72, -0.2),
    (82, 0.3),
)
GENERATIONS = 5
POINTS = 7


def vessels(subject: Subject, pose: Pose) -> list[Tube]:
    """Return the pulmonary vessels of both lungs, hila included."""
    rng = np.random.default_rng([subject.seed, 5])
    found: list[Tube] = []
    for side in (-1, 1):
        found += _hilum(side, subject)
        found += _tree(side, subject, pose, rng)
    return found


def _hilum_at(side: int) -> tuple[float, float]:
    return (40.0, 124.0) if side < 0 else (42.0, 114.0)


def _hilum(side: int, subject: Subject) -> list[Tube]:
    """The lower lobe artery, as thick as a finger, and the upper lobe vessels."""
    x, y = _hilum_at(side)
    t = np.linspace(0, 1, 14)
    lower = np.stack([side * (x - 6 + 14 * t), y - 6 + 54 * t**1.1, -10 + 0 * t], axis=1)
    upper = np.stack([side * (x - 8 + 14 * t), y + 2 - 40 * t, 0 * t], axis=1)
    return [
        tube(lower, 7.6, BLOOD * subject.vessels * 0.72, end=3.4),
        tube(upper, 6.4, BLOOD * subject.vessels * 0.6, end=2.4),
    ]


def _tree(side: int, subject: Subject, pose: Pose, rng: np.random.Generator) -> list[Tube]:
    x, y = _hilum_at(side)
    angle = np.radians([a for a, _ in TRUNKS]) + rng.normal(0, 0.12, len(TRUNKS))
    place = np.tile([side * x, y + 0.4 * pose.inspiration_mm, -5.0], (len(TRUNKS), 1)) + rng.normal(
        0, 5, (len(TRUNKS), 3)
    )
    lean = np.array([b for _, b in TRUNKS]) + rng.normal(0, 0.2, len(TRUNKS))
    reach = np.where(np.abs(np.degrees(angle) + 60) < 40, 30.0, 40.0)
    width = rng.uniform(2.3, 3.3, len(TRUNKS))
    found: list[Tube] = []
    for _ in range(GENERATIONS):
        length = reach * rng.uniform(0.65, 1.25, len(angle))
        end_width = width * rng.uniform(0.66, 0.8, len(angle))
        ends, end_angle = _grow(place, angle, lean, length, width, end_width, side, subject, rng, found)
        spread = rng.uniform(0.28, 0.7, len(angle))
        place = np.repeat(ends, 2, axis=0)
        angle = np.stack([end_angle - spread * 0.7, end_angle + spread], axis=1).ravel()
        lean = np.repeat(lean, 2) + rng.normal(0, 0.35, len(angle))
        width = np.stack([end_width * 0.92, end_width * rng.uniform(0.6, 0.9, len(end_width))], axis=1).ravel()
        reach = np.repeat(reach, 2) * 0.78
        keep = _inside(place, side)
        place, angle, lean, width, reach = place[keep], angle[keep], lean[keep], width[keep], reach[keep]
    return found


def _grow(place, angle, lean, length, width, end_width, side, subject, rng, found):  # type: ignore[no-untyped-def]
    t = np.linspace(0, 1, POINTS)
    bend = rng.normal(0, 0.35, len(angle))
    turn = angle[:, None] + bend[:, None] * t
    flat = np.cos(np.clip(lean, -1.2, 1.2))[:, None] * length[:, None] / (POINTS - 1)
    step = np.stack(
        [side * np.cos(turn) * flat, np.sin(turn) * flat, np.sin(lean)[:, None] * flat * np.ones_like(turn)], axis=2
    )
    path = place[:, None, :] * 1 + np.cumsum(step, axis=1) - step[:, :1]
    for points, start, end in zip(path, width, end_width, strict=True):
        found.append(tube(points, start, BLOOD * subject.vessels, end=end))
    return path[:, -1], angle + bend


def _inside(place: np.ndarray, side: int) -> np.ndarray:
    x, y = side * place[:, 0], place[:, 1]
    return (x > 22) & (x < inner_width(y) - 8) & (y > 14) & (y < 262) & (np.abs(place[:, 2]) < inner_depth(y))
