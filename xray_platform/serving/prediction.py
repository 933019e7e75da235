"""Verdict: what a model says of one picture, and the records that a folder of them becomes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Verdict:
    """A judged picture.

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
class Judged:
    """A file and the verdict on it."""

    file: str
    verdict: Verdict

    def line(self) -> dict[str, object]:
        """The record as one JSON line's fields; `warnings` only where there are any.

        `quality` is what an intake would do with the picture: accept or quarantine.
        """
        said = self.verdict
        fields: dict[str, object] = {
            "file": self.file,
            "model": said.model,
            "score": said.score,
            "probability": said.probability,
            "verdict": said.verdict,
            "threshold": said.threshold,
            "threshold_probability": said.threshold_probability,
            "quality": "quarantine" if said.quarantine else "accept",
        }
        return {**fields, "warnings": list(said.warnings)} if said.warnings else fields

    def words(self) -> list[str]:
        """The record for people: the verdict on one line, and below it what speaks against believing it."""
        said = self.verdict
        verdict = (
            f"{self.file}: {said.verdict}, probability {said.probability:.3f}, "
            f"abnormal from {said.threshold_probability:.3f} on "
            f"({said.model}: score {said.score:.4g}, threshold {said.threshold:.4g})"
        )
        held = [f"  quality would quarantine it, do not rely on the verdict: {reason}" for reason in said.quarantine]
        odd = [f"  warning: {reason}" for reason in said.warnings if reason not in said.quarantine]
        return [verdict, *held, *odd]


@dataclass(frozen=True)
class Refused:
    """A file that could not be judged, and why."""

    file: str
    error: str

    def line(self) -> dict[str, object]:
        """The record as one JSON line's fields."""
        return {"file": self.file, "error": self.error}

    def words(self) -> list[str]:
        """The record for people, on one line."""
        return [f"{self.file}: {self.error}"]


Record = Judged | Refused
