"""StepSettings: the contract of a recipe's steps: settings that know what they take, give, find and do."""

from abc import abstractmethod
from typing import ClassVar

from xray_platform.imaging.affine import Affine
from xray_platform.imaging.pixel_range import PixelRange, Pixels, Window, check_pixels
from xray_platform.settings import Settings

Found = dict[str, float]
Shape = tuple[int, ...]


class StepSettings(Settings):
    """One step of a recipe: flat frozen parameters, and the work in two parts.

    `find` measures whatever the step takes from the picture itself (limits, angle, box) as plain numbers;
    `run` applies them and decides nothing, so that the same change can be made to a mask or a heat map.
    `takes` lists the ranges that a step accepts; `gives` is the one that it returns, None
    where it keeps the one it got.
    """

    takes: ClassVar[tuple[PixelRange, ...]]
    gives: ClassVar[PixelRange | None]

    def find(self, pixels: Pixels, window: Window | None = None) -> Found:  # noqa: ARG002 - most steps look at nothing
        """Return what the step takes from the picture; nothing by default."""
        return {}

    @abstractmethod
    def run(self, pixels: Pixels, found: Found) -> Pixels:
        """Return the changed picture."""

    @abstractmethod
    def describe(self) -> str:
        """Say in words what the step does."""

    def states(self) -> str:
        """Say which dtype and range the step takes and gives."""
        gives = "the same" if self.gives is None else str(self.gives)
        return f"takes {' or '.join(str(pixel_range) for pixel_range in self.takes)}; gives {gives}"

    def apply(self, pixels: Pixels, window: Window | None = None) -> Pixels:
        """Find and run; raises InputError for pixels in none of the ranges that the step takes."""
        check_pixels(pixels, self.takes)
        return self.run(pixels, self.find(pixels, window))

    def origin(self, before: Shape, found: Found) -> Affine:  # noqa: ARG002 - most steps leave pixels where they are
        """Return where the pixels of the changed picture lay in the one of the shape `before`; in place by default."""
        return Affine.identity()

    def shape_after(self, before: Shape, found: Found) -> Shape:  # noqa: ARG002 - most steps give one shape
        """Return the shape that comes out for a picture of the shape `before` in which this was found."""
        return self.shape(before) or before

    def shape(self, before: Shape | None) -> Shape | None:
        """Return the shape that comes out for a shape that goes in; None where the picture's content decides."""
        return before
