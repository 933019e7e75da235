"""Padding: find the pixels that a machine filled in around the picture (PS3.3 section C.7.5.1.1.2)."""

from typing import Any

import numpy as np

from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.pixels.decode import Pixels

Mask = np.ndarray[Any, np.dtype[np.bool_]]


def padding_range(container: Container) -> tuple[int, int] | None:
    """Return the lowest and highest stored value that mean padding, or None where none is stated."""
    signed = container.word(tags.PIXEL_REPRESENTATION) == 1
    value = container.words(tags.PIXEL_PADDING_VALUE, signed=signed)
    if not value:
        return None
    limit = container.words(tags.PIXEL_PADDING_RANGE_LIMIT, signed=signed) or value
    return min(value[0], limit[0]), max(value[0], limit[0])


def padding_mask(values: Pixels, container: Container) -> Mask | None:
    """Return where stored values are padding, or None where no pixel is. Shape (rows, columns)."""
    stated = padding_range(container)
    if stated is None:
        return None
    mask: Mask = (values >= stated[0]) & (values <= stated[1])
    return mask if mask.any() else None
