"""Model check settings: which checks there are on models, scores and champion, and when a model is good enough."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from xray_platform.evaluation.shortcut_result import MARGIN
from xray_platform.settings import Settings

CheckedKind = Literal["model", "scores", "report", "champion"]
FINITE, MINIMUM, REGRESSION = "finite_scores", "minimum_auroc", "no_regression"
SHORTCUT = "shortcut_audit"
WORDS = {
    FINITE: "Every score is a finite number, and not all are the same.",
    MINIMUM: "The validation AUROC is not below the setting `minimum_auroc`.",
    REGRESSION: "The validation AUROC is not lower than that of the materialisation before, but for `tolerance`.",
    SHORTCUT: "The test AUROC is above that of facts without any shape of the lung by `shortcut_margin` or more.",
}
CHECKS: Mapping[CheckedKind, tuple[str, ...]] = {
    "model": (FINITE, MINIMUM),
    "scores": (FINITE, MINIMUM, REGRESSION),
    "report": (SHORTCUT,),
    "champion": (FINITE, MINIMUM, REGRESSION),
}


class ModelCheckSettings(Settings):
    """When a model is called good enough."""

    minimum_auroc: float = Field(0.6, ge=0, le=1, description="validation AUROC below which is warned; 0.5 is guessing")
    tolerance: float = Field(0.02, ge=0, le=1, description="loss of validation AUROC from which on is warned")
    shortcut_margin: float = Field(
        MARGIN,
        ge=0,
        le=1,
        description="test AUROC by which a model must be better than size, source, tone, frame and sharpness alone",
    )
