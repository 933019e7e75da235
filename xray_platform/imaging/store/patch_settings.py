"""The settings of patches: how a window slides over a picture."""

from pydantic import Field

from xray_platform.settings import Settings


class PatchSettings(Settings):
    """How a window slides: its side and its stride; a stride as long as the side gives patches without overlap."""

    side: int = Field(32, ge=1, le=4096, description="height and width of a patch, in pixels")
    stride: int = Field(16, ge=1, le=4096, description="distance from one patch to the next, in pixels")

    def describe(self) -> str:
        """Say in words how the patches lie."""
        overlap = f"{self.side - self.stride} pixels overlap" if self.stride < self.side else "no overlap"
        return f"patches of {self.side} x {self.side} pixels every {self.stride}, {overlap}; the last end at the edge"
