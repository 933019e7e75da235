"""Settings of the attention CNN, without torch, which takes seconds to import: whoever shows settings needs none."""

from typing import Literal

from pydantic import Field, field_validator

from xray_platform.settings import Settings

SMALLEST_SIDE = 32


class AttentionCnnSettings(Settings):
    """How wide the network is, how it attends, and its dropout."""

    width: int = Field(32, ge=8, le=128, multiple_of=8, description="channels of the first stage; the last has 4 times")
    blocks: int = Field(1, ge=1, le=4, description="residual blocks in each of the four stages")
    attention: Literal["cbam", "se", "none"] = Field(
        "cbam", description="what each block weighs: cbam channels and places, se channels only, none nothing"
    )
    reduction: int = Field(8, ge=1, le=32, description="how many times narrower the layer inside channel attention is")
    spatial_kernel: int = Field(
        7, ge=3, le=7, description="side of the convolution inside spatial attention, in cells: 3, 5 or 7"
    )
    dropout: float = Field(0.2, ge=0.0, le=0.9, description="share of the pooled features left out in training")

    @field_validator("spatial_kernel")
    @classmethod
    def _has_a_centre(cls, side: int) -> int:
        if side % 2 == 0:
            raise ValueError(f"a spatial kernel of {side} has no centre; allowed: 3, 5, 7")
        return side
