"""Cross-validation settings; light, since the launchpad shows them before anything is fitted."""

from pydantic import Field

from xray_platform.defs.one_model_settings import OneModelSettings


class CrossValidationSettings(OneModelSettings):
    """Which model is fitted how often."""

    folds: int = Field(5, ge=3, le=20, description="parts of the subjects: each is judged once, each validates once")
