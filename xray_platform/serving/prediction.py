"""Prediction: what a model says of one picture, and the records that a folder of them becomes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from xray_platform.serving.heatmap_picture import HeatmapPicture


@dataclass(frozen=True)
class Prediction:
    """What a model says of one picture.

    `score` is the model's own (higher is more abnormal), `probability` the calibrated one in [0, 1], `threshold` the
    score from which on the verdict is abnormal and `threshold_probability` the same as a probability, `heatmap` (S, S)
    float32 in the model's own scale, where asked for. `quarantine` are those of the `warnings` for which an intake
    would put the picture into quarantine: it is unlike what the model learnt from.
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


@dataclass(frozen=True)
class PredictedFile:
    """A file, the prediction for it, and its heat map over the picture as it came, where asked for."""

    file: str
    prediction: Prediction
    heatmap: HeatmapPicture | None = None

    def as_json(self) -> dict[str, object]:
        """The record as one JSON line's fields; `warnings` only where there are any.

        `quality` is what an intake would do with the picture: accept or quarantine.
        """
        prediction = self.prediction
        fields: dict[str, object] = {
            "file": self.file,
            "model": prediction.model,
            "score": prediction.score,
            "probability": prediction.probability,
            "verdict": prediction.verdict,
            "threshold": prediction.threshold,
            "threshold_probability": prediction.threshold_probability,
            "quality": "quarantine" if prediction.quarantine else "accept",
        }
        return {**fields, "warnings": list(prediction.warnings)} if prediction.warnings else fields

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
        return [verdict, *held, *odd]


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
