"""Reframed: the same pictures as if the plate had been put a little differently.

How a chest fills the frame changes from device to device and with how a picture was squeezed into a square. A detector
that sees some of it while it learns does not take it for a finding.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.settings import Settings

Stack = NDArray[np.float32]
TURN = 40.0  # degrees of rotation for a play of 1


class ReframingSettings(Settings):
    """How far, and how often, each normal picture is moved, turned, enlarged and stretched while a detector learns."""

    copies: int = Field(1, ge=0, le=8, description="reframed copies of each normal picture that it learns from as well")
    play: float = Field(
        0.08,
        ge=0,
        le=0.3,
        description="greatest enlargement and stretch of such a copy, as a share; it moves by half of it",
    )


def reframed(images: Stack, settings: ReframingSettings, rng: np.random.Generator) -> Stack:
    """Return pictures (N, S, S), each moved, turned, enlarged and stretched at random; edges are continued."""
    side, out = images.shape[1], np.empty_like(images)
    for number, image in enumerate(images):
        zoom, stretch = np.exp(rng.uniform(-settings.play, settings.play, 2))
        matrix = cv2.getRotationMatrix2D((side / 2, side / 2), rng.uniform(-1, 1) * TURN * settings.play, zoom)
        matrix[:, 0] *= stretch
        matrix[:, 2] += (1 - stretch) * side / 2 * zoom + rng.uniform(-1, 1, 2) * settings.play / 2 * side
        out[number] = cv2.warpAffine(
            image, matrix, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
    return out.clip(0, 1)
