"""Normals: what a detector is fitted to, checked as it is read, and a sample of it where all would not fit."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from xray_platform.detectors.contract import FEWEST_NORMALS
from xray_platform.errors import DataError
from xray_platform.image_stack import Images, ImageSource, SelectedImages, batch_slices, check_images


def check_normals(normal: ImageSource) -> int:
    """Return the side of the normal pictures (N, S, S).

    Raises `InputError` where they are no stack of squares and `DataError` where they are too few.
    """
    check_images(normal[:1])
    if len(normal) < FEWEST_NORMALS:
        raise DataError(f"{len(normal)} normal pictures to learn from; a detector needs at least {FEWEST_NORMALS}")
    return int(normal.shape[1])


def in_parts(normal: ImageSource, size: int) -> Iterator[tuple[slice, Images]]:
    """Yield the pictures, at most `size` at a time, with their numbers; `InputError` for one that is not in [0, 1]."""
    for part in batch_slices(normal, size):
        yield part, check_images(normal[part])


def sampled(normal: ImageSource, most: int, seed: int) -> ImageSource:
    """Return the pictures, or a random sample of `most` of them in their order."""
    if len(normal) <= most:
        return normal
    chosen: NDArray[np.int64] = np.random.default_rng(seed).permutation(len(normal))[:most]
    return SelectedImages(normal, np.sort(chosen))
