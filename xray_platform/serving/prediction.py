"""Prediction: what a model says of one picture, and the records that a folder of them becomes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from xray_platform.serving.class_probabilities import ClassProbability, in_words
from xray_platform.serving.heatmap_picture import HeatmapPicture
from xray_platform.serving.reference import Placed


@dataclass(frozen=True)
class Prediction:
    """What a model says of one picture.

    `score` is the model's own (higher is more abnormal), `probability` the calibrated one in [0, 1], `threshold` the
    score from which on the verdict is abnormal and `threshold_probability` the same as a probability, `heatmap` (S, S)
    float32 in the model's own scale, where asked for. `quarantine` are those of the `warnings` for which an intake
    would put the picture into quarantine: it is unlike what the model learnt from. `classes` are those of a model that
    knows several, in their order. `placed` says how far it lies from what the model learnt, where the model knows.
    """

    model: str
    score: float
    probability: float
    verdict: Literal["normal", "abnormal"]
    threshold: float
    threshold_probability: float
    warnings: tuple[str, ...] = ()
    quarantine: tuple[str, ...] = ()
    heatmap: npt.NDArray[np.float32] | None = None
    classes: tuple[ClassProbability, ...] = ()
    placed: Placed | None = None

    @property
    def unfamiliar(self) -> str | None:
        """In words, that the picture lies farther from what the model learnt than it may; None where it does not."""
        return self.placed.beyond() if self.placed else None

    @property
    def named(self) -> tuple[str, ...]:
        """The classes that a model of several names, none for a model of two."""
        return tuple(one.name for one in self.classes if one.named)

    def as_json(self) -> dict[str, object]:
        """The verdict as the fields of one JSON object; `distance`, `warnings`, `named`, `classes` where there are any.

        `quality` is what an intake would do with the picture: accept or quarantine.
        """
        fields: dict[str, object] = {
            "model": self.model,
            "score": self.score,
            "probability": self.probability,
            "verdict": self.verdict,
            "threshold": self.threshold,
            "threshold_probability": self.threshold_probability,
            "quality": "quarantine" if self.quarantine else "accept",
        }
        if self.placed:
            fields |= self.placed.as_json()
        if self.classes:
            fields |= {"named": list(self.named), "classes": [one.as_json() for one in self.classes]}
        return {**fields, "warnings": list(self.warnings)} if self.warnings else fields


@dataclass(frozen=True)
class PredictedFile:
    """A file, the prediction for it, and its heat map over the picture as it came, where asked for."""

    file: str
    prediction: Prediction
    heatmap: HeatmapPicture | None = None

    def as_json(self) -> dict[str, object]:
        """The record as one JSON line's fields: the file, and those of the prediction."""
        return {"file": self.file, **self.prediction.as_json()}

    def as_text(self) -> list[str]:
        """The record for people: the prediction on one line, and below it what speaks against believing it."""
        prediction = self.prediction
        verdict = (
            f"{self.file}: {prediction.verdict}, probability {prediction.probability:.3f}, "
            f"abnormal from {prediction.threshold_probability:.3f} on "
            f"({prediction.model}: score {prediction.score:.4g}, threshold {prediction.threshold:.4g})"
        )
        held = [
            f"  quality would quarantine it, do not rely on the verdict: {reason}" for reason in prediction.quarantine
        ]
        others = [reason for reason in prediction.warnings if reason not in prediction.quarantine]
        odd = [f"  warning: {reason}" for reason in others]
        named = [f"  {' and '.join(prediction.named) or 'no class'} named: {in_words(prediction.classes)}"]
        return [verdict, *(named if prediction.classes else []), *held, *odd]


@dataclass(frozen=True)
class RefusedFile:
    """A file for which there is no prediction, and why."""

    file: str
    error: str

    def as_json(self) -> dict[str, object]:
        """The record as one JSON line's fields."""
        return {"file": self.file, "error": self.error}

    def as_text(self) -> list[str]:
        """The record for people, on one line."""
        return [f"{self.file}: {self.error}"]


FileRecord = PredictedFile | RefusedFile
