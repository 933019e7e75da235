"""Standard score: distance from the mean in deviations, of the picture itself or of the normal training pictures."""

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.errors import DataError
from xray_platform.imaging.pixel_range import FULL, SCORES, UNIT, PixelRange, Pixels, Window
from xray_platform.imaging.step import Found, StepSettings
from xray_platform.imaging.steps.scale import to_unit

FLAT = 1e-6  # a deviation below this is that of a constant picture, whose scores are 0
FLATTEST = 1e-4  # with a smaller deviation of the normal pictures the scores would not fit into float16


class PictureScoreSettings(StepSettings):
    """z-score per picture: mean 0, deviation 1; a constant picture gives 0 everywhere."""

    kind: Literal["picture_score"] = Field("picture_score", description="which step this is")

    takes: ClassVar[tuple[PixelRange, ...]] = (FULL, UNIT)
    gives: ClassVar[PixelRange | None] = SCORES

    def find(self, pixels: Pixels, window: Window | None = None) -> Found:  # noqa: ARG002 - the picture's own
        unit = to_unit(pixels)
        return {"mean": float(unit.mean(dtype=np.float64)), "deviation": float(unit.std(dtype=np.float64))}

    def run(self, pixels: Pixels, found: Found) -> Pixels:
        return score(pixels, found["mean"], found["deviation"])

    def describe(self) -> str:
        return "subtract the picture's mean and divide by its deviation"


class NormalScoreSettings(StepSettings):
    """z-score over the normal training pictures: one mean and one deviation for all, see `fit_normal_score`."""

    kind: Literal["normal_score"] = Field("normal_score", description="which step this is")
    mean: float = Field(0.5, ge=0, le=1, description="mean of the normal training pictures, in [0, 1]")
    deviation: float = Field(0.25, ge=FLATTEST, le=1, description="deviation of all their pixels, in [0, 1]")

    takes: ClassVar[tuple[PixelRange, ...]] = (FULL, UNIT)
    gives: ClassVar[PixelRange | None] = SCORES

    def run(self, pixels: Pixels, found: Found) -> Pixels:  # noqa: ARG002 - nothing is found in the picture
        return score(pixels, self.mean, self.deviation)

    def describe(self) -> str:
        return (
            f"subtract the mean of the normal training pictures, {self.mean:.4g}, "
            f"and divide by their deviation, {self.deviation:.4g}"
        )


def fit_normal_score(normal: NDArray[np.float32]) -> NormalScoreSettings:
    """Return the step made from the normal training pictures: float32 (N, rows, columns) in [0, 1].

    Raises DataError where there is no picture, or all are nearly one and the same grey.
    """
    if not normal.size:
        raise DataError("there are no normal training pictures; at least one is needed")
    mean, deviation = float(normal.mean(dtype=np.float64)), float(normal.std(dtype=np.float64))
    if deviation < FLATTEST:
        raise DataError(f"the normal training pictures are all of the grey value {mean:g}; they must differ")
    return NormalScoreSettings(mean=mean, deviation=deviation)


def score(pixels: Pixels, mean: float, deviation: float) -> Pixels:
    """Return (pixels in [0, 1] - mean) / deviation as float32; 0 where there is no deviation."""
    if deviation < FLAT:
        return np.zeros(pixels.shape, np.float32)
    scores: Pixels = (to_unit(pixels) - np.float32(mean)) * np.float32(1 / deviation)
    return scores
