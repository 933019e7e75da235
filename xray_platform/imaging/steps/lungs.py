"""Lungs: crop to the lung fields, found in the picture itself."""

from typing import ClassVar, Literal

from pydantic import Field

from xray_platform.imaging.affine import Affine
from xray_platform.imaging.crop_box import CropBox, cut_box, inside
from xray_platform.imaging.pixel_range import FULL, STORED, UNIT, PixelRange, Pixels, Window
from xray_platform.imaging.step import Found, Shape, StepSettings
from xray_platform.lung_fields import find_lungs


class LungsSettings(StepSettings):
    """Crop to the box of both lungs with a margin; a picture in which no lungs are seen is left whole."""

    kind: Literal["lungs"] = Field("lungs", description="which step this is")
    least_match: float = Field(
        0.4, ge=-1, le=1, description="least correlation with the lungs' outline at which the picture is cropped"
    )
    side_margin: float = Field(0.1, ge=0, le=1, description="added left and right, as a share of the lungs' width")
    top_margin: float = Field(0.08, ge=0, le=1, description="added above, as a share of the lungs' height")
    bottom_margin: float = Field(
        0.3, ge=0, le=1, description="added below, as a share of the lungs' height: sick bases are bright and missed"
    )

    takes: ClassVar[tuple[PixelRange, ...]] = (STORED, FULL, UNIT)
    gives: ClassVar[PixelRange | None] = None

    def find(self, pixels: Pixels, window: Window | None = None) -> Found:  # noqa: ARG002 - looks at all greys
        lungs = find_lungs(pixels)
        if lungs.match < self.least_match:
            return {**CropBox(0, 0, *pixels.shape).found(), "match": lungs.match}
        side = self.side_margin * (lungs.right - lungs.left)
        height = lungs.bottom - lungs.top
        top, bottom = lungs.top - self.top_margin * height, lungs.bottom + self.bottom_margin * height
        box = inside(top, lungs.left - side, bottom, lungs.right + side, pixels.shape)
        return {**box.found(), "match": lungs.match}

    def run(self, pixels: Pixels, found: Found) -> Pixels:
        return cut_box(pixels, CropBox.of(found))

    def origin(self, before: Shape, found: Found) -> Affine:  # noqa: ARG002 - the box says it all
        return Affine.moved(found["top"], found["left"])

    def shape_after(self, before: Shape, found: Found) -> Shape:  # noqa: ARG002 - the box says it all
        return CropBox.of(found).shape

    def shape(self, before: Shape | None) -> Shape | None:  # noqa: ARG002 - the picture decides
        return None

    def describe(self) -> str:
        return (
            f"crop to the lung fields where they are seen (match {self.least_match:g} or better), with margins of "
            f"{self.side_margin:.0%} at the sides, {self.top_margin:.0%} above and {self.bottom_margin:.0%} below"
        )
