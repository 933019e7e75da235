"""Settings of the plain deep network, without torch: whoever shows settings needs none."""

from typing import Literal

from pydantic import Field

from xray_platform.networks.published_settings import PublishedSettings


class VggSettings(PublishedSettings):
    """How wide the network is, and in which form it is built."""

    form: Literal["standard", "proposed"] = Field(
        "proposed",
        description="standard: as published, with three dense layers behind 7 x 7 places; proposed: one dense layer "
        "behind the mean over all places, sides halved by a blur, the last stage keeping its sides",
    )
    width: int = Field(16, ge=8, le=64, multiple_of=8, description="channels of the first stage; 64 as published")
