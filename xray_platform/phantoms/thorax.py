"""Thorax: the inner wall of the chest, the lungs between it, the mediastinum and the diaphragm."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.frame import Field, Frame
from xray_platform.phantoms.outline import border, chord
from xray_platform.phantoms.parameters import Pose, Subject

INNER_WIDTH = ((4, 64), (25, 88), (50, 107), (85, 123), (130, 134), (175, 141), (220, 145), (260, 146), (320, 144))
INNER_DEPTH = ((0, 22), (30, 44), (70, 64), (120, 79), (180, 86), (240, 88), (320, 86))
APEX_MM, APEX_X, APEX_ROUND = 6.0, 60.0, 42.0

RIGHT_BORDER = ((-60, 30), (0, 30), (25, 27), (50, 26), (75, 27), (92, 30), (108, 29), (125, 32), (145, 40), (170, 49), (192, 52),
                (215, 49), (235, 41), (260, 36), (330, 36))  # fmt: skip
LEFT_BORDER = ((-60, 30), (0, 30), (20, 28), (38, 29), (50, 33), (62, 39), (70, 40), (79, 36), (88, 32), (96, 34), (106, 40),
               (118, 44), (130, 49), (146, 60), (165, 77), (186, 91), (206, 96), (224, 91), (240, 78), (265, 60), (330, 50))  # fmt: skip
HEART_TOP, HEART_FULL = 105.0, 150.0


def inner_width(y: NDArray[np.floating]) -> Field:
    """Half the inner width of the canonical chest at a height, mm."""
    return border(INNER_WIDTH, y)


def inner_depth(y: NDArray[np.floating]) -> Field:
    """Half the inner depth of the canonical chest at a height, mm."""
    return border(INNER_DEPTH, y)


@dataclass(frozen=True)
class Thorax:
    """The chest of one subject in one pose, on the grid of a frame."""

    frame: Frame
    subject: Subject
    pose: Pose
    heart: float  # width factor of the heart, a finding included

    @cached_property
    def midline(self) -> Field:
        """Where the spine stands at every row, mm, (rows, 1)."""
        return (self.subject.scoliosis_mm * np.sin((self.frame.y - 20) / 75)).astype(np.float32)

    def heart_border(self, side: int, y: NDArray[np.floating]) -> Field:
        """Distance of the mediastinal border from the midline on one side, mm, positive outwards."""
        plain = border(RIGHT_BORDER if side < 0 else LEFT_BORDER, y - self._heart_drop)
        share = np.clip((y - HEART_TOP) / (HEART_FULL - HEART_TOP), 0, 1)
        size = 1 + (self._heart_size - 1) * share
        knob = 1 + (self.subject.aorta - 1) * np.exp(-(((y - 66) / 16) ** 2)) * (side > 0)
        broad = 1.12 if self.pose.view == "AP" else 1.0
        sway = side * 45 * self.pose.rotation * (0.4 + 0.6 * share)
        return np.asarray(plain * size * knob * (1 + (broad - 1) * (1 - share)) - sway * -1, dtype=np.float32)

    @property
    def _heart_size(self) -> float:
        return self.heart * (1.1 if self.pose.view == "AP" else 1.0)

    @property
    def _heart_drop(self) -> float:
        return 0.35 * self.pose.inspiration_mm

    def dome(self, side: int) -> Field:
        """Height of the diaphragm's top for every column on one side, mm down, (1, columns)."""
        x = side * self.frame.x
        top = (212.0 if side < 0 else 224.0) + self.pose.inspiration_mm - self.subject.dome_mm[0 if side < 0 else 1]
        lateral, medial = (143.0 - 66.0), 92.0
        u = np.where(x > 66, (x - 66) / lateral, (66 - x) / medial)
        fall = np.where(x > 66, 62.0, 22.0)
        return np.asarray(top + fall * (1 - np.sqrt(np.clip(1 - np.abs(u) ** 2.3, 0, 1))), dtype=np.float32)

    def lung(self, side: int) -> Field:
        """Thickness of one lung along the beam, mm, (rows, columns)."""
        y, x = self.frame.y, side * self.frame.x
        below_apex = np.clip((y - APEX_MM) / APEX_ROUND, 0, 1)
        opening = np.sqrt(below_apex * (2 - below_apex))
        wall = APEX_X + (inner_width(y) - APEX_X) * opening
        depth = 2 * inner_depth(y) * self.subject.depth * opening
        lateral = chord((wall - x).astype(np.float32), 78.0)
        air = depth * lateral * (y > APEX_MM)
        air = air - self._displaced(side, x, depth, opening)
        return np.clip(air, 0, None, out=air) * self._above_dome(side)

    def _displaced(self, side: int, x: Field, depth: Field, opening: Field) -> Field:
        """What the mediastinum takes from the lung, mm."""
        y = self.frame.y
        edge = self.heart_border(side, y)
        edge = edge + side * self.midline
        edge = APEX_X - (APEX_X - edge) * opening
        heart_share = np.clip((y - HEART_TOP) / (HEART_FULL - HEART_TOP), 0, 1)
        radius = 16 + 34 * heart_share
        full = depth * (1.12 - 0.2 * heart_share)
        taken: Field = full * chord((edge - x).astype(np.float32), radius)
        inner = 26 + side * 6 + side * self.midline
        return taken + depth * 1.2 * chord((inner - x).astype(np.float32), 14.0)

    def _above_dome(self, side: int) -> Field:
        """Share of the lung's depth that lies above the diaphragm, in [0, 1]."""
        below = np.clip((self.frame.y - self.dome(side)) / 68.0, 0, 1)
        return np.asarray(1 - below**0.3, dtype=np.float32)
