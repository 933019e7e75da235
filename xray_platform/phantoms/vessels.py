"""Vessels: a branching tree from each hilum through the lung, drawn from the subject's seed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.parameters import Pose, Subject
from xray_platform.phantoms.thorax import inner_depth, inner_width
from xray_platform.phantoms.tubes import Tubes, tubes

BLOOD = 0.0230  # attenuation of a mm of blood in place of lung
HILA = {-1: (40.0, 122.0), 1: (43.0, 113.0)}
# First branches: degrees below the horizontal, and how far they lean to the front (+) or back (-), radian.
TRUNKS = np.array(((-80, 0.2), (-62, -0.3), (-36, 0.5), (-4, 0.9), (24, -0.8), (38, 0.5), (50, 0.0), (60, -0.6),
                   (68, 0.3), (76, -0.2), (84, -0.4)))  # fmt: skip
GENERATIONS = 6
POINTS = 7


@dataclass(frozen=True)
class Branches:
    """The growing ends of a tree: place (k, 3) mm, direction in the picture, lean to the front, width, and length."""

    place: NDArray[np.float64]
    angle: NDArray[np.float64]
    lean: NDArray[np.float64]
    width: NDArray[np.float64]
    reach: NDArray[np.float64]


def vessels(subject: Subject, pose: Pose) -> list[Tubes]:
    """Return the pulmonary vessels of both lungs, hila included."""
    rng = np.random.default_rng([subject.seed, 5])
    sink = 0.4 * pose.inspiration_mm
    trees = [grown for side in (-1, 1) for grown in _tree(side, sink, rng)]
    paths, widths = (np.concatenate(parts) for parts in zip(*trees, strict=True))
    branches = tubes(paths, widths, BLOOD * subject.vessels)
    return [branches, *_hilum(-1, subject, sink), *_hilum(1, subject, sink)]


def _hilum(side: int, subject: Subject, sink: float) -> list[Tubes]:
    """The lower lobe artery, as thick as a finger, and the vessels to the upper lobe."""
    x, y = HILA[side]
    y += sink
    t = np.linspace(0, 1, 14)
    lower = np.stack([side * (x - 9 + 17 * t), y - 8 + 58 * t**1.1, -10 + 0 * t], axis=1)
    upper = np.stack([side * (x - 10 + 17 * t), y + 2 - 46 * t, 0 * t], axis=1)
    knot = np.stack([side * (x - 7 + 9 * t), y - 12 + 22 * t, 5 + 0 * t], axis=1)
    strength = BLOOD * subject.vessels
    return [
        tubes(lower, np.linspace(7.8, 3.0, 14), strength * 0.6),
        tubes(upper, np.linspace(6.2, 2.0, 14), strength * 0.5),
        tubes(knot, 7.0 * np.sin(np.pi * np.linspace(0.12, 0.9, 14)), strength * 0.6),
    ]


def _tree(side: int, sink: float, rng: np.random.Generator) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return paths (k, POINTS, 3) and half-widths (k, POINTS) of each generation of one lung's branches."""
    count = len(TRUNKS)
    x, y = HILA[side]
    branches = Branches(
        place=np.array([side * x, y + sink, -5.0]) + rng.normal(0, 5, (count, 3)),
        angle=np.radians(TRUNKS[:, 0]) + rng.normal(0, 0.12, count),
        lean=TRUNKS[:, 1] + rng.normal(0, 0.2, count),
        width=rng.uniform(2.9, 4.3, count),
        reach=np.full(count, 36.0),
    )
    found = []
    for _ in range(GENERATIONS):
        path, width, angle = _grow(branches, side, rng)
        found.append((path, width))
        branches = _fork(branches, path[:, -1], width[:, -1], angle, side, rng)
    return found


def _grow(
    branches: Branches, side: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return paths (k, POINTS, 3), half-widths (k, POINTS) and the directions in which the branches end."""
    count = len(branches.angle)
    t = np.linspace(0, 1, POINTS)
    bend = rng.normal(0, 0.3, count)
    turn = branches.angle[:, None] + bend[:, None] * t
    step = (branches.reach * rng.uniform(0.6, 1.25, count))[:, None] / (POINTS - 1)
    flat = step * np.cos(np.clip(branches.lean, -1.2, 1.2))[:, None]
    steps = np.stack(
        [side * np.cos(turn) * flat, np.sin(turn) * flat, np.sin(branches.lean)[:, None] * step + 0 * turn], 2
    )
    steps[:, 0] = 0
    thinner = rng.uniform(0.76, 0.9, count)
    return (
        branches.place[:, None] + np.cumsum(steps, axis=1),
        branches.width[:, None] * (1 + (thinner[:, None] - 1) * t),
        branches.angle + bend,
    )


def _fork(
    branches: Branches,
    place: NDArray[np.float64],
    width: NDArray[np.float64],
    angle: NDArray[np.float64],
    side: int,
    rng: np.random.Generator,
) -> Branches:
    """Return the two branches that go on from each end, without those that left the lung."""
    spread = rng.uniform(0.22, 0.62, len(angle))
    larger = rng.random(len(angle)) < 0.5
    first = np.where(larger, 0.95, rng.uniform(0.62, 0.85, len(angle)))
    second = np.where(larger, rng.uniform(0.6, 0.85, len(angle)), 0.95)
    fork = Branches(
        np.repeat(place, 2, axis=0),
        np.stack([angle - spread, angle + spread], axis=1).ravel(),
        np.repeat(branches.lean, 2) * 0.8 + rng.normal(0, 0.35, 2 * len(angle)),
        np.stack([width * first, width * second], axis=1).ravel(),
        np.repeat(branches.reach, 2) * 0.82,
    )
    x, y, z = side * fork.place[:, 0], fork.place[:, 1], fork.place[:, 2]
    inside = (x > 20) & (x < inner_width(y) - 5) & (y > 12) & (y < 268) & (np.abs(z) < inner_depth(y) - 4)
    inside &= fork.width > 0.3
    return Branches(fork.place[inside], fork.angle[inside], fork.lean[inside], fork.width[inside], fork.reach[inside])
