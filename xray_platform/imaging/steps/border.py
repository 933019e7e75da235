"""Border: cut the same share off each edge, where archives put letters, frames and the rims of plates."""

from typing import ClassVar, Literal

from pydantic import Field

from xray_platform.imaging.affine import Affine
from xray_platform.imaging.crop_box import CropBox, cut_box
from xray_platform.imaging.pixel_range import FULL, STORED, UNIT, PixelRange, Pixels
from xray_platform.imaging.step import Found, Shape, StepSettings


class BorderSettings(StepSettings):
    """Cut the same share off each of the four edges, whatever the picture holds there."""

    kind: Literal["border"] = Field("border", description="which step this is")
    share: float = Field(0.06, ge=0, lt=0.5, description="what is cut off each edge, as a share of the side")

    takes: ClassVar[tuple[PixelRange, ...]] = (STORED, FULL, UNIT)
    gives: ClassVar[PixelRange | None] = None

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - nothing is found in the picture
        (top, bottom), (left, right) = (self._kept(length) for length in pixels.shape)
        return cut_box(pixels, CropBox(top, left, bottom, right))

    def origin(self, before: Shape, found: Found) -> Affine:  # noqa: ARG002 - nothing is found in the picture
        return Affine.moved(self._kept(before[0])[0], self._kept(before[1])[0])

    def shape(self, before: Shape | None) -> Shape | None:
        return None if before is None else tuple(stop - start for start, stop in map(self._kept, before))

    def _kept(self, length: int) -> tuple[int, int]:
        """Return the first row that is kept and the one behind the last; never none."""
        cut = min(round(self.share * length), (length - 1) // 2)
        return cut, length - cut

    def describe(self) -> str:
        return f"cut {self.share:.0%} off each edge"
