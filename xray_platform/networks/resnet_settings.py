"""Settings of the residual network, without torch, which takes seconds to import: whoever shows settings needs none."""

from typing import Literal

from pydantic import Field

from xray_platform.networks.published_settings import PublishedSettings


class ResNetSettings(PublishedSettings):
    """How deep and wide the network is, and in which form it is built."""

    depth: Literal["18", "34", "50"] = Field("18", description="layers with weights, as published")
    width: int = Field(
        32, ge=8, le=128, multiple_of=8, description="channels of the first stage; 64 as published, a quarter as fast"
    )
