"""Class outputs: what a model that knows several classes says of each of them, and which of them it names."""

from dataclasses import dataclass

import numpy as np

from xray_platform.evaluation.metrics import Flags, Numbers, Predictions
from xray_platform.tables.findings import ManyClasses, classes_in


@dataclass(frozen=True)
class ClassOutputs:
    """Outputs in logits, float64 (N, K), for K classes, the first of which is normal.

    `target` says what they are: `label`, of the classes just one is true (softmax); `findings`, each of them may be
    (a sigmoid each; that of normal says that there is no finding).
    """

    target: ManyClasses
    classes: tuple[str, ...]
    logits: Numbers


@dataclass(frozen=True)
class ClassPredictions:
    """The predictions for one part of the data: arrays (N, K), a row a picture and a column a class.

    present: which classes the labels give it. probability: float64 in [0, 1]. named: which classes the model gives it.
    """

    classes: tuple[str, ...]
    present: Flags
    probability: Numbers
    named: Flags
    calibrated: bool = True

    def __len__(self) -> int:
        return len(self.present)

    def one_vs_rest(self, place: int) -> Predictions:
        """Return the predictions for one class against all others."""
        probability = self.probability[:, place]
        return Predictions(
            probability,
            self.present[:, place],
            self.named[:, place],
            probability if self.calibrated else None,
        )

    def pooled(self) -> Predictions:
        """Return all pictures and classes as so many single predictions, picture by picture (micro average)."""
        probability = self.probability.ravel()
        return Predictions(
            probability, self.present.ravel(), self.named.ravel(), probability if self.calibrated else None
        )

    def part(self, chosen: Flags) -> "ClassPredictions":
        """Return some of the pictures, chosen by flags (N,)."""
        return ClassPredictions(
            self.classes, self.present[chosen], self.probability[chosen], self.named[chosen], self.calibrated
        )


def present_classes(findings: list[str], classes: tuple[str, ...]) -> Flags:
    """Return which of the classes each picture has, bool (N, K), by its findings as the tables write them."""
    place = {name: number for number, name in enumerate(classes)}
    found = np.zeros((len(findings), len(classes)), dtype=bool)
    for row, text in enumerate(findings):
        for name in classes_in(text):
            if name in place:
                found[row, place[name]] = True
    return found


def likeliest(probability: Numbers) -> Flags:
    """Return the likeliest class of each picture as flags (N, K); among equals the first."""
    named = np.zeros(probability.shape, dtype=bool)
    if named.size:
        named[np.arange(len(named)), probability.argmax(axis=1)] = True
    return named
