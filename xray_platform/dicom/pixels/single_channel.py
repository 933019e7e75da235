"""Single channel: turn a colour picture that is grey in truth into a grey one, and refuse one that is not."""

import numpy as np

from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.pixels.decode import ColourError, Pixels

NEUTRAL_CHROMA = 128


def colour_spread(values: Pixels) -> int:
    """Return how far apart red, green and blue of any pixel are; 0 for a grey picture (rows, columns)."""
    if values.ndim == 2:
        return 0
    lowest = np.minimum(np.minimum(values[..., 0], values[..., 1]), values[..., 2])
    highest = np.maximum(np.maximum(values[..., 0], values[..., 1]), values[..., 2])
    return int((highest - lowest).max(initial=0))


def chroma_spread(values: Pixels) -> int:
    """Return how far the two colour differences of YBR values stray from neutral."""
    return int(np.abs(values[..., 1:3].astype(np.int64) - NEUTRAL_CHROMA).max(initial=0))


def grey_of(values: Pixels, photometric: str, container: Container | None, tolerance: int = 3) -> Pixels:
    """Return (rows, columns) of a picture whose channels agree within `tolerance` grey values (JPEG rounds).

    Raises ColourError for a picture in colour.
    """
    if photometric == "PALETTE COLOR" and container is not None:
        return _through_palette(values, container)
    if values.ndim == 2:
        return values
    native = container is None or container.syntax is None or container.syntax.codec in {"native", "rle"}
    if photometric.startswith("YBR") and native:
        spread, grey = chroma_spread(values), values[..., 0]
    else:
        spread, grey = colour_spread(values), values[..., 1]
    if spread > tolerance:
        raise ColourError(f"a picture in colour: channels differ by up to {spread} grey values")
    return np.ascontiguousarray(grey)


def _through_palette(values: Pixels, container: Container) -> Pixels:
    """Look up a palette whose red, green and blue are the same (PS3.3 section C.7.6.3.1.5)."""
    tables = [container.words(tag) for tag in (tags.RED_PALETTE, tags.GREEN_PALETTE, tags.BLUE_PALETTE)]
    descriptor = container.words(tags.RED_PALETTE_DESCRIPTOR)
    if len(descriptor) != 3 or not tables[0] or tables[0] != tables[1] or tables[0] != tables[2]:
        raise ColourError("a picture in colour: its palette is not grey")
    palette = np.asarray(tables[0], np.uint16)
    index = np.clip(values.astype(np.int64) - descriptor[1], 0, len(palette) - 1)
    found: Pixels = palette[index]
    return found
