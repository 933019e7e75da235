"""Corruptions: what goes wrong with a picture between patient and model, in five severities, to see what that costs.

Kinds and severities follow the idea of Hendrycks & Dietterich 2019 (ImageNet-C); the levels are chosen for radiographs,
so that the first is hardly seen and the last spoils the picture. Lengths count at 512 pixels of the longer side.
"""

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.pixel_range import Pixels, Window
from xray_platform.imaging.steps.resize import scale_to
from xray_platform.imaging.steps.rotate import turn

Picture = NDArray[np.float32]
SIDE = 512
"""The longer side, in pixels, to which a picture is reduced before it is corrupted, if a model sees no more."""
SEVERITIES = (1, 2, 3, 4, 5)
TOP = 65535.0


@dataclass(frozen=True)
class CorruptionKind:
    """One way in which pictures are spoilt: `levels` by severity, from 1 to 5; `says` what a level means.

    apply: a picture (rows, columns), 0 and 1 at the limits of its window, a level, and what chance is drawn from.
    """

    name: str
    title: str
    says: str
    levels: tuple[float, float, float, float, float]
    apply: Callable[[Picture, float, np.random.Generator], Picture]

    def level(self, severity: int) -> float:
        """Return the level of a severity, from 1 to 5."""
        return self.levels[severity - 1]


def corrupt(pixels: Pixels, window: Window, kind: CorruptionKind, severity: int, seed: int) -> Pixels:
    """Return a standard image (uint16) with one corruption; the same seed gives the same one.

    What chance decides (the noise, the way it turns, where the disc lies) is the same at every severity.
    """
    low, high = window
    span = max(high - low, 1.0)
    picture = (pixels.astype(np.float32) - np.float32(low)) / np.float32(span)
    spoilt = kind.apply(picture, kind.level(severity), np.random.default_rng([seed, crc32(kind.name.encode())]))
    return np.asarray(np.clip(np.rint(spoilt * span + low), 0, TOP), np.uint16)


def reduced(pixels: Pixels, side: int = SIDE) -> Pixels:
    """Return a picture whose longer side is at most `side` pixels, by area averaging."""
    longer = max(pixels.shape)
    if longer <= side:
        return pixels
    rows, columns = (max(round(length * side / longer), 1) for length in pixels.shape)
    return scale_to(pixels, rows, columns)


def disc_mask(shape: tuple[int, ...], row: float, column: float, radius: float) -> NDArray[np.bool_]:
    """Return where a disc lies: its centre as shares of rows and columns, its radius as a share of the longer side."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.asarray((y - row * shape[0]) ** 2 + (x - column * shape[1]) ** 2 < (radius * max(shape)) ** 2)


def _noise(picture: Picture, level: float, rng: np.random.Generator) -> Picture:
    return picture + np.float32(level) * rng.standard_normal(picture.shape, np.float32)


def _blur(picture: Picture, level: float, rng: np.random.Generator) -> Picture:  # noqa: ARG001 - nothing is left to chance
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), level * max(picture.shape) / SIDE), np.float32)


def _contrast(picture: Picture, level: float, rng: np.random.Generator) -> Picture:  # noqa: ARG001 - as above
    middle = picture.mean()
    return np.asarray(middle + (picture - middle) * np.float32(level), np.float32)


def _jpeg(picture: Picture, level: float, rng: np.random.Generator) -> Picture:  # noqa: ARG001 - as above
    grey = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, round(level)])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.float32) / np.float32(255)


def _rotation(picture: Picture, level: float, rng: np.random.Generator) -> Picture:
    return np.asarray(turn(picture, level if rng.random() < 0.5 else -level), np.float32)


def _missing_disc(picture: Picture, level: float, rng: np.random.Generator) -> Picture:
    row, column = rng.uniform(0.25, 0.75, 2)
    return np.where(disc_mask(picture.shape, float(row), float(column), level), np.float32(0), picture)


KINDS: tuple[CorruptionKind, ...] = (
    CorruptionKind("noise", "Noise", "deviation of Gaussian noise, as a share of the window",
                   (0.02, 0.04, 0.07, 0.11, 0.16), _noise),
    CorruptionKind("blur", "Blur", "sigma of a Gaussian, in pixels of 512", (1, 2, 3, 4.5, 6), _blur),
    CorruptionKind("contrast", "Contrast", "share of the contrast left", (0.8, 0.65, 0.5, 0.35, 0.2), _contrast),
    CorruptionKind("jpeg", "JPEG", "quality of the compression", (50, 30, 18, 10, 5), _jpeg),
    CorruptionKind("rotation", "Rotation", "degrees, to either side", (3, 6, 10, 15, 20), _rotation),
    CorruptionKind("missing_disc", "Missing disc", "radius of a black disc, as a share of the longer side",
                   (0.04, 0.07, 0.10, 0.14, 0.18), _missing_disc),
)  # fmt: skip
