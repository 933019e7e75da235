"""Perceptual hash: perceptual hash of 256 bits, nearly equal for pictures that a person would call the same."""

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np

from xray_platform.dicom.pixels.thumbnail import Thumbnail

HashBytes = np.ndarray[Any, np.dtype[np.uint8]]
BYTES = 32
AT_ONCE = 20_000  # hashes in one matrix product
SIDE, KEPT = 32, 16
# Measured on 1,200 pictures of one hospital: another rendering of the same picture (smaller, darker, JPEG at 60 %)
# differs in at most 12 bits, two different pictures of two children in 44 or more.
NEARLY_SAME = 20


def perceptual_hash(small: Thumbnail) -> str:
    """Return the hash of a picture (rows, columns) in [0, 1], as 64 hexadecimal digits.

    The lowest 16 x 16 frequencies of the cosine transform of the 32 x 32 picture, each above or below their median.
    """
    square = cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    low = cv2.dct(square)[:KEPT, :KEPT].ravel()
    low[0] = 0
    return np.packbits(low > np.median(low)).tobytes().hex()


def alike(looks: Sequence[str], others: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the places of each pair of hashes that differ in a few bits only, in order."""
    yield from alike_bits(as_bytes(looks), as_bytes(others))


def as_bytes(looks: Sequence[str]) -> HashBytes:
    """Return hashes as bytes, (N, 32) uint8."""
    return np.frombuffer(bytes.fromhex("".join(looks)), np.uint8).reshape(len(looks), BYTES)


def alike_bits(ones: HashBytes, others: HashBytes) -> Iterator[tuple[int, int]]:
    """Yield the places of each pair of hashes, given as bytes, that differ in a few bits only, in order.

    Some ten thousand others are in memory at a time.
    """
    pairs: list[tuple[int, int]] = []
    for first in range(0, len(others), AT_ONCE):
        near = np.argwhere(differing_bits(ones, others[first : first + AT_ONCE]) <= NEARLY_SAME)
        pairs += [(one, first + other) for one, other in near.tolist()]
    yield from sorted(pairs)


def differing_bits(ones: HashBytes, others: HashBytes) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return in how many bits each of `ones` differs from each of `others`, whole numbers (len(ones), len(others)).

    As vectors of -1 and 1 two hashes have a product of 256 less twice those bits; all pairs are one matrix product.
    """
    products = _signs(ones) @ _signs(others).T
    return (np.float32(BYTES * 8) - products) / np.float32(2)


def _signs(hashes: HashBytes) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.unpackbits(hashes, axis=1).astype(np.float32) * 2 - 1
