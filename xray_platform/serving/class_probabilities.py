"""Class probabilities: what a model of several classes says of each of them for one picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from xray_platform.evaluation.class_judgement import ClassJudgement
from xray_platform.tables.findings import SEPARATOR

Numbers = npt.NDArray[np.float64]


class ClassModel(Protocol):
    """What a predictor needs of a model that knows several classes, besides what it needs of any."""

    def class_logits(self, images: npt.NDArray[np.float32]) -> Numbers:
        """Return the outputs for each class, (N, K), normal first, of images (N, S, S) float32 in [0, 1]."""
        ...


@dataclass(frozen=True)
class ClassProbability:
    """A class, the model's output for it, its calibrated probability, and whether the model names it."""

    name: str
    score: float
    probability: float
    named: bool

    def as_json(self) -> dict[str, object]:
        """The fields of a JSON object."""
        return {"class": self.name, "score": self.score, "probability": self.probability, "named": self.named}


def class_probabilities(
    judgement: ClassJudgement, logits: Numbers, abnormal: Numbers
) -> list[tuple[ClassProbability, ...]]:
    """Return the classes of each picture, of outputs (N, K) and calibrated probabilities of being abnormal (N,)."""
    chances = judgement.calibration.probability(logits, abnormal)
    named = judgement.named(chances)
    return [
        tuple(
            ClassProbability(name, float(logits[row, place]), float(chances[row, place]), bool(named[row, place]))
            for place, name in enumerate(judgement.classes)
        )
        for row in range(len(logits))
    ]


def named_in(classes: Sequence[ClassProbability]) -> str | None:
    """Return the named classes as a table writes them, None of a model that knows only two."""
    return SEPARATOR.join(one.name for one in classes if one.named) if classes else None


def in_words(classes: Sequence[ClassProbability]) -> str:
    """Return the classes in one line, the likeliest first: `virus 0.62, normal 0.30, bacteria 0.08`."""
    ranked = sorted(classes, key=lambda one: -one.probability)
    return ", ".join(f"{one.name} {one.probability:.2f}" for one in ranked)
