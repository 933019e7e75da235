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
    level: float = Field(
        0.05,
        gt=0,
        le=1,
        description="chance at which a model that is no better than the champion may take its place, shared by the "
        "models of the leaderboard; 1: the margin alone decides",
    )
    guard_worse: float = Field(
        0.03,
        ge=0,
        le=1,
        description="AUROC by which a model may be worse than the champion on the test part and the newest pictures, "
        "with 95 % confidence; 1: any",
    )
    guard_alerts: float = Field(
        0.1,
        ge=0,
        le=1,
        description="share of the newest batch by which more or fewer pictures may be called abnormal than by the "
        "champion; 1: any",
    )
    promote: str = Field(
        "",
        description="empty: by the margin. A person's choice: challenger, previous (rolls back), the number "
        "of a version of xray-champion, or the name of a model",
    )
    by: str = Field("", max_length=200, description="who chooses; is written down with the choice")
    why: str = Field("", max_length=1000, description="why; is written down with the choice")
