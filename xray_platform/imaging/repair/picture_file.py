"""Picture files: read PNG, JPEG, TIFF and BMP as they are stored, write grey PNG, whole or not at all."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.atomic import atomic_write
from xray_platform.errors import InputError, StoreError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"})
MOST_BYTES = 512 * 1024**2


def is_picture(file: Path) -> bool:
    """Return whether a file's name ends like a picture's; hidden files do not count."""
    return file.suffix.lower() in SUFFIXES and not file.name.startswith(".")


def read_rgb(file: Path) -> NDArray[Any]:
    """Return the pixels: (r, c) or (r, c, 3; red, green, blue), uint8 or uint16.

    Transparency is dropped. Raises InputError where the file cannot be read or decoded.
    """
    try:
        size = file.stat().st_size
        data = np.fromfile(file, np.uint8) if 0 < size <= MOST_BYTES else None
    except OSError as error:
        raise InputError(f"{file.name} cannot be read: {error.strerror}") from error
    if data is None:
        raise InputError(f"{file.name} has {size} bytes; allowed are 1 to {MOST_BYTES}")
    try:
        pixels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise InputError(f"{file.name} is not a readable picture; allowed are PNG, JPEG, TIFF and BMP")
    if pixels.ndim == 2:
        return np.asarray(pixels)
    return np.ascontiguousarray(pixels[..., :3][..., ::-1])


def write_grey(file: Path, pixels: NDArray[Any]) -> None:
    """Write grey pixels (r, c; uint8 or uint16) as PNG.

    Raises StoreError where the disk refuses.
    """
    done, data = cv2.imencode(".png", pixels)
    if not done:
        raise StoreError(f"{file.name} cannot be encoded as PNG")
    atomic_write(file, data.tobytes())
