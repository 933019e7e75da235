"""Guard settings: what a model must not break to become champion by itself."""

from typing import Literal

from pydantic import Field

from xray_platform.settings import Settings


class GuardSettings(Settings):
    """What a model must not break to become champion by itself; a person's choice is bound by none of it."""

    guard_shortcut: float = Field(
        0.0,
        ge=-1,
        le=1,
        description="test AUROC by which a model must be better than facts without a lung; -1: any will do",
    )
    guard_calibration: float = Field(
        0.15, ge=0, le=1, description="calibration error on the test part that is still accepted; 1: any"
    )
    guard_robustness: float = Field(
        0.15, ge=0, le=1, description="mean loss of AUROC by corruptions of severity 3 that is still accepted; 1: any"
    )
    guard_subgroups: float = Field(
        0.15,
        ge=0,
        le=1,
        description="largest gap of AUROC, sensitivity or specificity between subgroups whose intervals do not overlap "
        "that is still accepted; 1: any",
    )
    guard_uncomputed: Literal["allow", "refuse"] = Field(
        "allow", description="what becomes of a model for which a guard cannot be computed; it is said in either case"
    )
