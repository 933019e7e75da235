"""Class judgement: how what a model of several classes puts out becomes named classes; what a bundle carries."""

import numpy as np
from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.class_calibration import ClassCalibration
from xray_platform.evaluation.class_outputs import likeliest
from xray_platform.evaluation.metrics import Flags, Numbers
from xray_platform.evaluation.threshold import Threshold


class ClassJudgement(BaseModel):
    """How outputs become named classes, as it was settled on the validation part.

    `thresholds`: for `findings`, by class the probability from which on it is named; for `label` it is the likeliest.
    """

    model_config = ConfigDict(frozen=True)

    calibration: ClassCalibration
    thresholds: dict[str, Threshold] = {}

    @property
    def classes(self) -> tuple[str, ...]:
        return self.calibration.classes

    def named(self, probability: Numbers) -> Flags:
        """Return which classes are named, bool (N, K)."""
        if self.calibration.target == "label":
            return likeliest(probability)
        limits = np.array([self.thresholds[name].value for name in self.classes])
        return np.asarray(probability >= limits, dtype=bool)
