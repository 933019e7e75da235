"""Looks are nearly the same for renderings of one picture, and far apart for different pictures."""

import cv2
import numpy as np
import pytest

from xray_platform.dicom.quality.perceptual_hash import NEARLY_SAME, as_bytes, differing_bits, perceptual_hash
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom

Thumbnail = np.ndarray


def chest(seed: int) -> Thumbnail:
    pixels = render(sample_phantom(np.random.default_rng(seed), PhantomSettings(side=160))).pixels.astype(np.float32)
    return np.asarray((pixels - pixels.min()) / np.ptp(pixels), np.float32)


def apart(one: Thumbnail, other: Thumbnail) -> int:
    return int(differing_bits(as_bytes([perceptual_hash(one)]), as_bytes([perceptual_hash(other)]))[0, 0])


def as_jpeg(picture: Thumbnail) -> Thumbnail:
    _, packed = cv2.imencode(".jpg", np.asarray(picture * 255, np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 60])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.float32) / 255


@pytest.mark.parametrize(
    "rendering",
    [
        lambda picture: cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
        lambda picture: picture * np.float32(0.7),
        lambda picture: picture ** np.float32(1.3),
        as_jpeg,
    ],
    ids=["smaller", "darker", "another gamma", "JPEG"],
)
def test_another_rendering_looks_the_same(rendering: object) -> None:
    picture = chest(1)
    assert callable(rendering)
    assert apart(picture, rendering(picture)) <= NEARLY_SAME


def test_other_pictures_look_different() -> None:
    pictures = [chest(seed) for seed in range(6)]
    assert min(apart(a, b) for n, a in enumerate(pictures) for b in pictures[:n]) > NEARLY_SAME
    assert apart(pictures[0], np.ascontiguousarray(pictures[0][:, ::-1])) > NEARLY_SAME


def test_a_hash_has_256_bits_also_of_an_even_picture() -> None:
    assert len(perceptual_hash(np.zeros((9, 200), np.float32))) == 64


def test_bits_are_counted_against_many_at_once() -> None:
    hashes = ["0" * 64, "0" * 63 + "1", "f" * 64]
    hashed = as_bytes(hashes)
    assert hashed.shape == (3, 32)
    assert differing_bits(hashed[:1], hashed).tolist() == [[0, 1, 256]]
    assert as_bytes([]).shape == (0, 32)
