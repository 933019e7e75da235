"""Settings of the densely connected network, without torch: whoever shows settings needs none."""

from pydantic import Field

from xray_platform.networks.published_settings import PublishedSettings


class DenseNetSettings(PublishedSettings):
    """How wide the network is, and in which form it is built."""

    growth: int = Field(16, ge=4, le=64, multiple_of=4, description="channels that each layer adds; 32 as published")
