"""Settings that published networks share, without torch, which takes seconds to import."""

from typing import Literal

from pydantic import Field

from xray_platform.settings import Settings

SMALLEST_SIDE = 32


class PublishedSettings(Settings):
    """In which form a network is built, and its dropout."""

    form: Literal["standard", "proposed"] = Field(
        "proposed",
        description="standard: as published; proposed: sides are halved by a blur (a shift by a pixel changes little) "
        "and the last stage keeps its sides, for finer heat maps; both take the same weights",
    )
    dropout: float = Field(0.2, ge=0.0, le=0.9, description="share of the pooled features left out in training")
