"""Thorax: the inner wall of the chest, the lungs between it, the mediastinum and the diaphragm."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.body_grid import BodyGrid, Field
from xray_platform.phantoms.outline import border, chord, smooth_step
from xray_platform.phantoms.parameters import Pose, Subject

INNER_WIDTH = ((4, 64), (25, 88), (50, 107), (85, 123), (130, 134), (175, 141), (220, 145), (260, 146), (320, 144))
INNER_DEPTH = ((0, 34), (30, 54), (70, 68), (120, 79), (180, 86), (240, 88), (320, 86))
APEX_MM, APEX_X, APEX_ROUND = 6.0, 58.0, 34.0

RIGHT_BORDER = (
    (-60, 28), (0, 28), (25, 25), (50, 24), (75, 25), (92, 28), (108, 27), (125, 30), (145, 36), (170, 42), (192, 43),
    (215, 40), (235, 34), (260, 30), (330, 30),
)  # fmt: skip
LEFT_BORDER = (
    (-60, 28), (0, 28), (20, 26), (38, 27), (50, 31), (62, 37), (70, 38), (79, 35), (88, 32), (96, 33), (106, 37),
    (118, 41), (130, 45), (146, 55), (165, 70), (186, 83), (206, 89), (224, 86), (240, 74), (265, 58), (330, 50),
)  # fmt: skip
HEART_TOP, HEART_FULL = 105.0, 150.0
DOME_MM = {-1: 212.0, 1: 224.0}
DOME_X, DOME_LATERAL, DOME_MEDIAL = 66.0, 84.0, 84.0


def inner_width(y: NDArray[np.floating]) -> Field:
    """Half the inner width of the canonical chest at a height, mm."""
    return border(INNER_WIDTH, y)


def inner_depth(y: NDArray[np.floating]) -> Field:
    """Half the inner depth of the canonical chest at a height, mm."""
    return border(INNER_DEPTH, y)


@dataclass(frozen=True)
class Thorax:
    """The chest of one subject in one pose, on the body grid."""

    grid: BodyGrid
    subject: Subject
    pose: Pose
    heart: float  # width factor of the heart, a finding included

    @cached_property
    def midline(self) -> Field:
        """Where the spine stands at every row, mm, (rows, 1)."""
        return (self.subject.scoliosis_mm * np.sin((self.grid.y - 20) / 75)).astype(np.float32)

    def heart_border(self, side: int, y: NDArray[np.floating]) -> Field:
        """Distance of the mediastinal border from the midline on one side, mm, positive outwards."""
        plain = border(RIGHT_BORDER if side < 0 else LEFT_BORDER, y - self._heart_drop)
        share = np.clip((y - HEART_TOP) / (HEART_FULL - HEART_TOP), 0, 1)
        size = 1 + (self._heart_size - 1) * share
        knob = 1 + (self.subject.aorta - 1) * np.exp(-(((y - 66) / 16) ** 2)) * (side > 0)
        broad = 1 + (0.12 if self.pose.view == "AP" else 0.0) * (1 - share)
        sway = side * 45 * self.pose.rotation * (0.4 + 0.6 * share)
        return np.asarray(plain * size * knob * broad + sway, dtype=np.float32)

    @property
    def _heart_size(self) -> float:
        return self.heart * (1.1 if self.pose.view == "AP" else 1.0)

    @property
    def _heart_drop(self) -> float:
        return 0.35 * self.pose.inspiration_mm

    def dome(self, side: int, x: Field | None = None) -> Field:
        """Height of the diaphragm's top on one side, mm down, for every column, (1, columns), or for the x given."""
        out = side * (self.grid.x if x is None else x) - DOME_X
        top = DOME_MM[side] + self.pose.inspiration_mm - self.subject.dome_mm[0 if side < 0 else 1]
        lateral, medial = np.clip(out / DOME_LATERAL, 0, 1), np.clip(-out / DOME_MEDIAL, 0, 1)
        fall = 66 * (1 - np.sqrt(1 - lateral * lateral)) + 40 * (1 - np.sqrt(1 - medial * medial))
        return np.asarray(top + fall, dtype=np.float32)

    @cached_property
    def lungs(self) -> Field:
        """Thickness of both lungs along the beam, mm, (rows, columns)."""
        middle = int(np.searchsorted(self.grid.x[0], 0))
        x = self.grid.x
        return np.concatenate([self._lung(-1, x[:, :middle]), self._lung(1, x[:, middle:])], axis=1)

    def _lung(self, side: int, x: Field) -> Field:
        y, out = self.grid.y, side * x
        below_apex = np.clip((y - APEX_MM) / APEX_ROUND, 0, 1)
        opening = np.sqrt(below_apex * (2 - below_apex))
        wall = APEX_X + (inner_width(y) - APEX_X) * opening
        depth = 2 * inner_depth(y) * self.subject.depth * opening
        air = depth * chord(wall - out, 78.0) - self._displaced(side, out, depth, opening)
        return np.asarray(np.clip(air, 0, None) * self._above_dome(side, x), dtype=np.float32)

    def _displaced(self, side: int, out: Field, depth: Field, opening: Field) -> Field:
        """What the mediastinum takes from the lung, mm, (rows, columns of the side)."""
        y = self.grid.y
        edge = APEX_X - (APEX_X - self.heart_border(side, y) - side * self.midline) * opening
        heart_share = np.clip((y - HEART_TOP) / (HEART_FULL - HEART_TOP), 0, 1)
        taken = chord(edge - out, 22 + 34 * heart_share)
        taken *= depth * (0.86 + 0.09 * heart_share)
        inner = 24 + side * (5 + self.midline)
        return taken + 0.4 * depth * smooth_step(inner - out, 10.0 if side > 0 else 20.0)

    def _above_dome(self, side: int, x: Field) -> Field:
        """Share of the lung's depth that lies above the diaphragm, in [0, 1]."""
        recess = 68.0 - 50.0 * np.clip((side * x - DOME_X) / 80, 0, 1)  # it gets shallow towards the side
        below = self.grid.y - self.dome(side, x)
        below /= recess
        np.clip(below, 0, 1, out=below)
        return np.asarray(1 - np.sqrt(np.sqrt(below, out=below), out=below))
