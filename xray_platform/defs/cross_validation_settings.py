"""Cross-validation settings; light, since the launchpad shows them before anything is fitted."""

from pydantic import Field, field_validator

from xray_platform.models.all import MODELS
from xray_platform.settings import Settings

SINGLE = tuple(name for name, kind in MODELS.items() if kind.parts is None)


class CrossValidationSettings(Settings):
    """Which model is fitted how often."""

    model: str = Field("attention_cnn", description=f"one of {', '.join(SINGLE)}")
    folds: int = Field(5, ge=3, le=20, description="parts of the subjects: each is judged once, each validates once")
    seed: int = Field(0, ge=0, lt=2**31, description="another seed gives other folds")

    @field_validator("model")
    @classmethod
    def _is_single(cls, model: str) -> str:
        if model not in SINGLE:
            raise ValueError(f"{model!r} cannot be cross-validated; allowed: {', '.join(SINGLE)}")
        return model
