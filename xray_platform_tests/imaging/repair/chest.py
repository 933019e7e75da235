"""A made-up chest, smooth and with edges, that can be damaged in known ways."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.repair.colour_maps import named_map
from xray_platform.imaging.repair.find_colour_map import Tone

QUAD = ((11.0, 16.0), (145.0, 6.0), (156.0, 140.0), (20.0, 150.0))


def chest(side: int = 160) -> NDArray[np.uint8]:
    """Bright body with two dark lungs and ribs on black air, symmetric, levels 0 to about 220."""
    y, x = np.mgrid[:side, :side] / (side - 1) * 2 - 1
    body = np.clip(1.15 - (x**2 / 0.75) ** 3, 0, 1) * (170 + 40 * y)
    lungs = np.exp(-(((np.abs(x) - 0.42) / 0.22) ** 4) - ((y + 0.05) / 0.55) ** 4)
    ribs = 18 * np.sin(16 * (y + 0.4 * x**2)) * lungs
    spine = 35 * np.exp(-((x / 0.09) ** 2))
    level = np.clip(body - 105 * lungs + ribs + spine, 0, 235) * (np.abs(x) < 0.9)
    return np.asarray(np.rint(cv2.GaussianBlur(level, (0, 0), 0.7)), np.uint8)


def painted(grey: NDArray[np.uint8], name: str = "jet", tone: Tone = Tone()) -> NDArray[np.uint8]:
    """Paint grey levels with a colour map behind a tone curve."""
    return np.clip(np.rint(tone.apply(named_map(name).colours)[grey]), 0, 255).astype(np.uint8)


def warped(picture: NDArray[np.uint8], quad: tuple[tuple[float, float], ...] = QUAD) -> NDArray[np.uint8]:
    """Lay a picture into a quadrilateral on an empty canvas of the same size."""
    rows, columns = picture.shape[:2]
    edges = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32) - np.float32(0.5)
    matrix = cv2.getPerspectiveTransform(edges, np.array(quad, np.float32))
    return np.asarray(cv2.warpPerspective(picture, matrix, (columns, rows), flags=cv2.INTER_LINEAR), np.uint8)


def with_disc(picture: NDArray[Any], x: int = 110, y: int = 40, radius: int = 12, level: int = 0) -> NDArray[Any]:
    """Blank a disc."""
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    blank = picture.copy()
    blank[(rows - y) ** 2 + (columns - x) ** 2 <= radius**2] = level
    return blank


def noisy(picture: NDArray[np.uint8], sigma: float, seed: int = 0) -> NDArray[np.uint8]:
    """Add Gaussian noise to every channel."""
    noise = np.random.default_rng(seed).normal(0, sigma, picture.shape)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


def thrown(picture: NDArray[np.uint8], share: float, seed: int = 0) -> NDArray[np.uint8]:
    """Throw a share of all pixels to black or white."""
    chance = np.random.default_rng(seed)
    where = chance.random(picture.shape) < share
    result = picture.copy()
    result[where] = chance.choice(np.array([0, 255], np.uint8), int(where.sum()))
    return result


def error(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Root of the mean squared difference."""
    return float(np.sqrt(np.mean((one.astype(float) - other.astype(float)) ** 2)))
