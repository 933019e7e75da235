"""View classifier: is a picture a frontal chest, by itself alone, and is it inverted, turned or mirrored."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from xray_platform.dicom.anatomy.gradients import POSITIONS, Position, Values, gradients, in_all_positions
from xray_platform.dicom.anatomy.sides import differences
from xray_platform.dicom.pixels.thumbnail import Thumbnail

WEIGHTS = Path(__file__).parent / "weights.npz"


@dataclass(frozen=True)
class ViewScores:
    """How a picture looks. Figures are log odds: 0 is undecided, 1 means 2.7 times as likely as not.

    `chest`: a frontal chest in any position, against anything else. The others, given that it is one: `inverted`,
    `turned` (by a quarter) and `upside_down` against as it should be; `mirrored` against as seen from the front.
    """

    chest: float
    inverted: float
    turned: float
    upside_down: float
    mirrored: float


@dataclass(frozen=True, eq=False)
class Weights:
    """What was learnt: of gradients (512,), what speaks against any chest, and of sides (576,)."""

    chest: Values = field(repr=False)
    other: float
    sides: Values = field(repr=False)

    def save(self, path: Path) -> None:
        """Write the weights as a NumPy archive of 16-bit floats, 2 kB."""
        chest, sides = self.chest.astype(np.float16), self.sides.astype(np.float16)
        np.savez_compressed(path, chest=chest, other=np.float32(self.other), sides=sides)

    @classmethod
    def load(cls, path: Path) -> "Weights":
        """Return the weights of an archive. Raises OSError or ValueError where it is missing or damaged."""
        with np.load(path, allow_pickle=False) as kept:
            return cls(kept["chest"].astype(np.float32), float(kept["other"]), kept["sides"].astype(np.float32))


@cache
def shipped_weights() -> Weights:
    """Return the weights that come with the platform."""
    return Weights.load(WEIGHTS)


def classify_view(small: Thumbnail, weights: Weights | None = None) -> ViewScores:
    """Classify a picture (rows, columns), float32 in [0, 1], dense is bright; 64 pixels a side are enough."""
    known = weights or shipped_weights()
    scores = in_all_positions(gradients(small)) @ known.chest - np.float32(known.other)
    as_it_is = _best(scores, lambda position: not (position.inverted or position.transposed or position.upside_down))
    return ViewScores(
        chest=float(scores.max()),
        inverted=_best(scores, lambda position: position.inverted) - as_it_is,
        turned=_best(scores, lambda position: position.transposed and not position.inverted) - as_it_is,
        upside_down=_best(scores, _is_upside_down) - as_it_is,
        mirrored=-float(differences(small) @ known.sides),
    )


def _is_upside_down(position: Position) -> bool:
    return position.upside_down and not position.transposed and not position.inverted


def _best(scores: Values, which: Any) -> float:
    return float(max(score for score, position in zip(scores, POSITIONS, strict=True) if which(position)))
