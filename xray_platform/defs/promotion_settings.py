"""Promotion settings: what becomes champion; light, since the launchpad shows them before anything is promoted."""

from pydantic import Field

from xray_platform.evaluation.guard_settings import GuardSettings


class PromotionSettings(GuardSettings):
    """What becomes champion."""

    margin: float = Field(
        0.005,
        ge=0,
        le=1,
        description="validation AUROC by which a model must be better than the champion, on the same pictures",
    )
    promote: str = Field(
        "",
        description="empty: by the margin. A person's choice: challenger, previous (rolls back), the number "
        "of a version of xray-champion, or the name of a model",
    )
    by: str = Field("", max_length=200, description="who chooses; is written down with the choice")
    why: str = Field("", max_length=1000, description="why; is written down with the choice")
