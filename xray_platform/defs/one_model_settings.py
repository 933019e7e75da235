"""One model settings: which model is fitted again and again; light, since the launchpad shows them first."""

from pydantic import Field, field_validator

from xray_platform.models.all import MODELS
from xray_platform.settings import Settings

SINGLE = tuple(name for name, kind in MODELS.items() if kind.parts is None)


class OneModelSettings(Settings):
    """Which model is fitted several times, and by which seed what is random about that is drawn."""

    model: str = Field("attention_cnn", description=f"one of {', '.join(SINGLE)}")
    seed: int = Field(0, ge=0, lt=2**31, description="another seed draws others")

    @field_validator("model")
    @classmethod
    def _is_single(cls, model: str) -> str:
        if model not in SINGLE:
            raise ValueError(f"{model!r} cannot be fitted by itself; allowed: {', '.join(SINGLE)}")
        return model
