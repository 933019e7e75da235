"""Whole: read a standard image, a zarr array of one chunk, without zarr's milliseconds of preparation."""

import json
from pathlib import Path

import numpy as np
import zarr
from numcodecs import blosc  # type: ignore[import-untyped]

from xray_platform.errors import StoreError
from xray_platform.imaging.form import Pixels

KNOWN_CODECS = ["bytes", "blosc"]


def read_whole(folder: Path) -> Pixels:
    """Return the picture in the zarr array at `folder`: uint16 (rows, columns).

    Arrays that lie otherwise than `STANDARD_IMAGES_LAYOUT` says are read by zarr itself.
    Raises StoreError where there is none, or it is damaged.
    """
    try:
        about = json.loads((folder / "zarr.json").read_bytes())
        if _is_known(about):
            return _read_chunk(folder / "c" / "0" / "0", tuple(about["shape"]))
        return np.asarray(zarr.open_array(folder, mode="r")[:])
    except FileNotFoundError as error:
        raise StoreError(f"there is no standard image {folder.name} in {folder.parent}") from error
    except (KeyError, ValueError, RuntimeError) as error:
        raise StoreError(f"the standard image {folder.name} in {folder.parent} is damaged") from error


def _is_known(about: dict[str, object]) -> bool:
    grid, keys, codecs = about["chunk_grid"], about["chunk_key_encoding"], about["codecs"]
    return (
        about["data_type"] == "uint16"
        and grid == {"name": "regular", "configuration": {"chunk_shape": about["shape"]}}
        and keys == {"name": "default", "configuration": {"separator": "/"}}
        and isinstance(codecs, list)
        and [codec["name"] for codec in codecs] == KNOWN_CODECS
        and codecs[0].get("configuration") == {"endian": "little"}
        and about["fill_value"] == 0
    )


def _read_chunk(path: Path, shape: tuple[int, ...]) -> Pixels:
    """Decode the one chunk; where it was never written, the picture is black."""
    try:
        packed = path.read_bytes()
    except FileNotFoundError:
        return np.zeros(shape, np.uint16)
    pixels = np.empty(shape, "<u2")
    blosc.decompress(packed, pixels)
    return pixels
