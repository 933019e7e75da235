"""Search settings; light, since the launchpad shows them before anything is fitted."""

from pydantic import Field, field_validator

from xray_platform.defs.one_model_settings import OneModelSettings
from xray_platform.training.search_space import FORM, search_space


class SearchSettings(OneModelSettings):
    """Which settings of which model are searched, and how often it is fitted."""

    space: str = Field(
        "learning_rate=0.0003..0.01 log; weight_decay=0.001..0.2 log; label_smoothing=0..0.2; mixup=0..0.4",
        description=f"what is varied: {FORM}; names are settings of the model",
    )
    trials: int = Field(20, ge=2, le=10_000, description="how often the model is fitted, with those ended early")
    prune: bool = Field(True, description="end a trial early that is worse than half of those before it")

    @field_validator("space")
    @classmethod
    def _is_space(cls, space: str) -> str:
        search_space(space)
        return space
