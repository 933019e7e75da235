"""Wear: what a crop goes through before it is looked at: blur, noise, a JPEG stream, and that it was small once."""

import cv2
import imagecodecs
import numpy as np

from xray_platform.training.writing.scene import Grey
from xray_platform.training.writing.words import Rng


def worn(grey: Grey, rng: Rng) -> Grey:
    """Return a crop (rows, columns) uint8, sometimes blurred, sometimes noisy, sometimes packed."""
    if rng.random() < 0.15:
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), rng.uniform(0.3, 0.8)), np.uint8)
    if rng.random() < 0.25:
        noise = np.asarray(rng.normal(0, rng.uniform(0.5, 7), grey.shape), np.float32)
        grey = np.asarray(np.clip(grey + noise, 0, 255), np.uint8)
    return _packed(grey, rng) if rng.random() < 0.2 else grey


def enlarged(grey: Grey, rng: Rng) -> Grey:
    """Return a crop as it is seen of a small picture: of half the pixels, sharpened and packed, and then enlarged."""
    half = np.asarray(cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < 0.5:
        sharp = rng.uniform(0.2, 1.2)
        half = np.asarray(cv2.addWeighted(half, 1 + sharp, cv2.GaussianBlur(half, (0, 0), 1.0), -sharp, 0), np.uint8)
    if rng.random() < 0.5:
        half = _packed(half, rng)
    return np.asarray(cv2.resize(half, grey.shape[::-1], interpolation=cv2.INTER_CUBIC), np.uint8)


def _packed(grey: Grey, rng: Rng) -> Grey:
    """Return a crop as it comes out of a JPEG stream."""
    stream = imagecodecs.jpeg8_encode(grey, level=int(rng.integers(45, 96)))
    return np.asarray(imagecodecs.jpeg8_decode(stream), np.uint8)
