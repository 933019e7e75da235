"""Settings of the efficient network, without torch: whoever shows settings needs none."""

from pydantic import Field

from xray_platform.networks.published_settings import PublishedSettings


class EfficientNetSettings(PublishedSettings):
    """How wide the network is, in which form it is built, and what it leaves out in training."""

    width: float = Field(
        0.5, ge=0.25, le=2.0, description="channels of each stage as a share of those of B0; 1 as published"
    )
    dropped_blocks: float = Field(
        0.1, ge=0.0, le=0.9, description="share of pictures that the last block leaves out in training, earlier fewer"
    )
