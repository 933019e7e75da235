"""Example: a made-up radiograph as a file, which shows what a registered model takes."""

from functools import cache

import cv2
import numpy as np

from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom

SIDE = 256  # small: MLflow keeps it as text beside each model
HIGHEST = 4095  # of a phantom's pixels


@cache
def example_picture() -> bytes:
    """Return a phantom of a sound chest as the bytes of an 8-bit PNG file; always the same one."""
    settings = PhantomSettings(side=SIDE, abnormal_share=0)
    pixels = render(sample_phantom(np.random.default_rng(0), settings)).pixels
    _, file = cv2.imencode(".png", (pixels.astype(np.float32) * (255 / HIGHEST)).round().astype(np.uint8))
    return file.tobytes()
