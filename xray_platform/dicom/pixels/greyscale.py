"""Greyscale: bring values after the modality transformation to 16 bits, bright is high, padding black."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from xray_platform.dicom.pixels.decode import Pixels
from xray_platform.dicom.pixels.modality import Rescaled
from xray_platform.dicom.pixels.padding import Mask

Image = np.ndarray[Any, np.dtype[np.uint16]]


@dataclass(frozen=True)
class Greyscale:
    """A picture in 16 bits: `pixels` (rows, columns), the highest value that they could take, and what was done."""

    pixels: Image
    top: int
    done: tuple[str, ...]
    rescaled: Rescaled
    spare: int
    inverted: bool

    def place(self, units: float) -> float:
        """Return which grey value stands for a number in the units of the modality transformation."""
        value = ((units - self.rescaled.shift) / self.rescaled.scale - self.rescaled.bottom) / (1 << self.spare)
        return self.top - value if self.inverted else value


def greyscale(rescaled: Rescaled, mask: Mask | None, *, inverted: bool) -> Greyscale:
    """Return the picture that begins at 0, fits 16 bits, has its polarity turned last, and 0 where it is padding."""
    values, bottom, top = rescaled.values, rescaled.bottom, rescaled.top
    done = [rescaled.done]
    if bottom:
        values, top = values.astype(np.int64) - bottom, top - bottom
        done.append(f"{-bottom} added to begin at 0" if bottom < 0 else f"{bottom} subtracted to begin at 0")
    spare = max(top.bit_length() - 16, 0)
    if spare:
        values, top = values >> spare, top >> spare
        done.append(f"the lowest {spare} bits dropped to fit 16")
    pixels = _polarised(values.astype(np.uint16, copy=False), top, done, inverted=inverted)
    if mask is not None:
        pixels = np.where(mask, np.uint16(0), pixels)
        done.append(f"{int(mask.sum())} pixels of padding set to 0")
    return Greyscale(pixels, top, tuple(step for step in done if step), rescaled, spare, inverted)


def _polarised(pixels: Image, top: int, done: list[str], *, inverted: bool) -> Pixels:
    if not inverted:
        return pixels
    done.append(f"MONOCHROME1 inverted about {top}")
    return np.asarray(top, np.uint16) - pixels
