"""An image is laid over another of the same chest, whatever its size, place, turn and tone; a stranger is not."""

import cv2
import numpy as np

from xray_platform.imaging.registration import FAIR, register
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom


def _chest(seed: int, side: int = 512) -> np.ndarray[tuple[int, int], np.dtype[np.uint16]]:
    phantom = sample_phantom(np.random.default_rng(seed), PhantomSettings(side=side, abnormal_share=0))
    return (render(phantom).pixels * 16).astype(np.uint16)


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference in the middle, where no border came in."""
    inner = (slice(100, -100), slice(100, -100))
    return float(np.abs(one[inner].astype(float) - other[inner]).mean())


def test_a_moved_turned_and_larger_image_comes_back_to_its_place() -> None:
    fixed = _chest(1)
    turn = cv2.getRotationMatrix2D((256, 256), 4, 1.06)
    turn[:, 2] += (14, -9)
    moved = cv2.resize(cv2.warpAffine(fixed, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE), (700, 640))
    back = register(moved, fixed)
    assert back.found
    assert back.correlation > 0.97
    assert back.pixels.shape == fixed.shape
    untouched = cv2.resize(moved, (512, 512))
    assert _difference(back.pixels, fixed) < 0.25 * _difference(untouched, fixed)


def test_another_tone_does_not_hinder_it() -> None:
    fixed = _chest(1)
    moved = cv2.warpAffine(
        fixed, np.array([[1, 0, 12], [0, 1, 8]], np.float32), (512, 512), borderMode=cv2.BORDER_REPLICATE
    )
    darker = (moved * 0.6 + 9000).astype(np.uint16)
    back = register(darker, fixed)
    assert back.found
    assert _difference(back.pixels, fixed * 0.6 + 9000) < 700


def test_what_is_no_chest_is_only_brought_to_the_size() -> None:
    noise = np.random.default_rng(0).integers(0, 65535, (300, 400)).astype(np.uint16)
    laid = register(noise, _chest(1))
    assert not laid.found
    assert laid.correlation < FAIR
    assert laid.pixels.shape == (512, 512)


def test_a_flat_image_is_no_error() -> None:
    flat = np.full((300, 300), 1000, np.uint16)
    assert not register(flat, _chest(1)).found
