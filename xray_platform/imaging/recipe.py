"""Recipe: an ordered list of steps that prepares a standard image; named by its content, described in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field, model_validator

from xray_platform.errors import InputError
from xray_platform.imaging.affine import Affine
from xray_platform.imaging.pixel_range import STORED, PixelRange, Pixels, Window, check_pixels
from xray_platform.imaging.step import Found, Shape
from xray_platform.imaging.steps.all import AnyStep
from xray_platform.imaging.steps.resize import ResizeSettings
from xray_platform.imaging.steps.window import WindowSettings
from xray_platform.settings import Settings


@dataclass(frozen=True)
class Trace:
    """A prepared picture, what each step found in it, and where its pixels lay in the picture that was prepared."""

    pixels: Pixels
    found: tuple[Found, ...]
    origin: Affine


class Recipe(Settings):
    """Steps in order; each must take what the one before gives, the first one stored values (uint16).

    >>> import numpy as np
    >>> recipe = Recipe(steps=(WindowSettings(), ResizeSettings(rows=2, columns=2)))
    >>> recipe.apply(np.arange(16, dtype=np.uint16).reshape(4, 4), window=(0, 15))
    array([[10923, 19661],
           [45875, 54613]], dtype=uint16)
    >>> recipe.shape, str(recipe.gives)
    ((2, 2), 'full range (uint16, 0 to 65535)')
    >>> recipe.describe()[1]
    'resize to 2 x 2 pixels by area averaging, aspect kept, padded with black'
    >>> default_recipe(2) == recipe
    True
    """

    steps: tuple[AnyStep, ...] = Field(min_length=1, description="the steps, in order")

    @model_validator(mode="after")
    def _fits(self) -> "Recipe":
        self.gives  # noqa: B018 - walks the chain and refuses one that does not fit
        return self

    @property
    def id(self) -> str:
        """12 hexadecimal digits, made of the steps and their settings."""
        return self.fingerprint()

    @property
    def gives(self) -> PixelRange:
        """The pixel range of the prepared picture."""
        pixel_range = STORED
        for step in self.steps:
            if pixel_range not in step.takes:
                allowed = ", ".join(str(takes) for takes in step.takes)
                raise InputError(f"the step {step.kind} gets {pixel_range}; it takes {allowed}")
            pixel_range = step.gives or pixel_range
        return pixel_range

    @property
    def shape(self) -> Shape | None:
        """The shape of the prepared picture; None where it depends on the picture."""
        shape: Shape | None = None
        for step in self.steps:
            shape = step.shape(shape)
        return shape

    @property
    def side(self) -> int | None:
        """Columns of the prepared picture, in pixels; None where they depend on the picture."""
        return self.shape[-1] if self.shape else None

    def apply(self, pixels: Pixels, window: Window | None = None) -> Pixels:
        """Return the prepared picture.

        `pixels` is a standard image: uint16 (rows, columns); `window` are its limits (low, high) in grey values.
        Raises InputError where `pixels` are anything else.
        """
        return self.trace(pixels, window).pixels

    def trace(self, pixels: Pixels, window: Window | None = None) -> Trace:
        """Return the prepared picture with what each step found, from which each `run` makes the same change again."""
        pixels, found, origin = check_pixels(pixels, (STORED,)), [], Affine.identity()
        for step in self.steps:
            found.append(step.find(pixels, window))
            origin = step.origin(pixels.shape, found[-1]).then(origin)
            pixels = step.run(pixels, found[-1])
        return Trace(pixels, tuple(found), origin)

    def origin(self, shape: Shape, found: Sequence[Found]) -> Affine:
        """Return where the pixels of a prepared picture lay in the standard image, of this shape.

        `found` is what each step found in it, as its trace says.
        """
        origin = Affine.identity()
        for step, seen in zip(self.steps, found, strict=True):
            origin = step.origin(shape, seen).then(origin)
            shape = step.shape_after(shape, seen)
        return origin

    def describe(self) -> list[str]:
        """Say in words what is done, a sentence a step."""
        return [step.describe() for step in self.steps]


def default_recipe(side: int = 128) -> Recipe:
    """Return the recipe used where none is given: percentile window, then side x side pixels, 16 bits."""
    return Recipe(steps=(WindowSettings(), ResizeSettings(rows=side, columns=side)))
