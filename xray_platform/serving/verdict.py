"""Verdict: what a model says of one picture, and the records that a folder of them becomes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Verdict:
    """A judged picture.

    `score` is the model's own (higher is more abnormal), `probability` the calibrated one in [0, 1], `threshold` the
    score from which on the verdict is abnormal, `heatmap` (S, S) float32 in the model's own scale, where asked for.
    """

    model: str
    score: float
    probability: float
    verdict: Literal["normal", "abnormal"]
    threshold: float
    warnings: tuple[str, ...] = ()
    heatmap: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Judged:
    """A file and the verdict on it."""

    file: str
    verdict: Verdict

    def line(self) -> dict[str, object]:
        """The record as one JSON line's fields; `warnings` only where there are any."""
        said = self.verdict
        fields: dict[str, object] = {
            "file": self.file,
            "model": said.model,
            "score": said.score,
            "probability": said.probability,
            "verdict": said.verdict,
            "threshold": said.threshold,
        }
        return {**fields, "warnings": list(said.warnings)} if said.warnings else fields


@dataclass(frozen=True)
class Refused:
    """A file that could not be judged, and why."""

    file: str
    error: str

    def line(self) -> dict[str, object]:
        """The record as one JSON line's fields."""
        return {"file": self.file, "error": self.error}


Record = Judged | Refused
