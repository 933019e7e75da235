"""Metadata images: small PNGs inside the metadata of an asset, so that a person sees what was made."""

import base64

import cv2
import dagster as dg
import numpy as np
from numpy.typing import NDArray

TILE = 112


def grey_image_sheet(images: NDArray[np.float32], columns: int = 4) -> dg.MetadataValue:
    """Return up to eight pictures (N, rows, columns) in [0, 1] side by side, as Markdown with an embedded PNG.

    An embedded picture stays in the event log for ever, so it is kept below 100 kB.
    """
    if not len(images):
        return dg.MetadataValue.md("(no pictures)")
    tiles = [cv2.resize(image, (TILE, TILE), interpolation=cv2.INTER_AREA) for image in images[:8]]
    tiles += [np.zeros((TILE, TILE), np.float32)] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    return _markdown((np.vstack(rows) * 255).round().astype(np.uint8))


def colour_image_sheet(images: NDArray[np.uint8]) -> dg.MetadataValue:
    """Return up to four colour pictures (N, rows, columns, 3) side by side, likewise."""
    if not len(images):
        return dg.MetadataValue.md("(no pictures)")
    tiles = [cv2.resize(image[..., ::-1], (TILE, TILE), interpolation=cv2.INTER_AREA) for image in images[:4]]
    return _markdown(np.hstack(tiles))


def _markdown(pixels: NDArray[np.uint8]) -> dg.MetadataValue:
    _, png = cv2.imencode(".png", pixels)
    return dg.MetadataValue.md(f"![pictures](data:image/png;base64,{base64.b64encode(png.tobytes()).decode()})")
