"""Settings of the residual network, without torch, which takes seconds to import: whoever shows settings needs none."""

from typing import Literal

from pydantic import Field

from xray_platform.settings import Settings

SMALLEST_SIDE = 32


class ResNetSettings(Settings):
    """How deep and wide the network is, and in which form it is built."""

    depth: Literal["18", "34", "50"] = Field("18", description="layers with weights, as published")
    form: Literal["standard", "proposed"] = Field(
        "proposed",
        description="standard: as published; proposed: sides are halved by a blur (a shift by a pixel changes little) "
        "and the last stage keeps its sides, for finer heat maps; both take the same weights",
    )
    width: int = Field(
        32, ge=8, le=128, multiple_of=8, description="channels of the first stage; 64 as published, a quarter as fast"
    )
    dropout: float = Field(0.2, ge=0.0, le=0.9, description="share of the pooled features left out in training")
