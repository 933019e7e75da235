"""Phantom: a made-up radiograph, what is to be found on it, and where."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FindingName = Literal["normal", "opacity", "nodule", "cardiomegaly", "pneumothorax"]
FINDINGS: tuple[FindingName, ...] = ("normal", "opacity", "nodule", "cardiomegaly", "pneumothorax")
ABNORMAL: tuple[FindingName, ...] = FINDINGS[1:]

Pixels = NDArray[np.uint16]


@dataclass(frozen=True)
class FindingBox:
    """A rectangle in pixels of the upright (L\\F) picture: its first row and column, its height and width."""

    top: int
    left: int
    height: int
    width: int
    label: str = ""


@dataclass(frozen=True)
class Phantom:
    """A frontal radiograph: uint16 (rows, columns) in [0, 4095], MONOCHROME2, patient's left on the right."""

    pixels: Pixels
    finding: FindingName
    boxes: tuple[FindingBox, ...]
    spacing_mm: float
