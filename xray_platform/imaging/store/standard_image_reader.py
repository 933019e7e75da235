"""Standard image reader: read a zarr array of one chunk without zarr's milliseconds of preparation."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numcodecs import blosc  # type: ignore[import-untyped]

from xray_platform.errors import StoreError
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.tables.layouts import ABOUT, CHUNK, standard_group, standard_manifest
from xray_platform.tables.manifest import REMEDY, Manifest, compare, read_manifest
from xray_platform.tables.places import Places

KNOWN_CODECS = ["bytes", "blosc"]


@dataclass(frozen=True)
class StandardImageFile:
    """Where a standard image lies, and the CRC-32C of its two files as they were written."""

    folder: Path
    about_crc32c: int
    chunk_crc32c: int


@dataclass(frozen=True)
class StandardImageBatch:
    """The standard images of a batch, by name, as they are recorded."""

    places: Places
    batch: str
    manifest: Manifest

    @classmethod
    def open(cls, places: Places, batch: str) -> "StandardImageBatch":
        """Open a batch; raises StoreError where nothing is recorded of it."""
        return cls(places, batch, read_manifest(places, standard_manifest(batch)))

    def __getitem__(self, image: str) -> StandardImageFile:
        """Return where an image lies; raises StoreError where it is not recorded."""
        folder = standard_group(self.places, self.batch) / image
        return StandardImageFile(folder, *(self.manifest.crc32c(self.places, folder / name) for name in (ABOUT, CHUNK)))


def read_standard_image(picture: StandardImageFile) -> Pixels:
    """Return a standard image: uint16 (rows, columns).

    Raises StoreError where it is missing, damaged, another one, or lies otherwise than `STANDARD_IMAGES_LAYOUT` says.
    """
    folder = picture.folder
    named = f"the standard image {folder.name} in {folder.parent}"
    try:
        about, packed = (folder / ABOUT).read_bytes(), (folder / CHUNK).read_bytes()
    except OSError as error:
        raise StoreError(f"{named} cannot be read: {error.strerror or error}; {REMEDY}") from error
    compare(f"{named} ({ABOUT})", about, picture.about_crc32c)
    compare(named, packed, picture.chunk_crc32c)
    try:
        return _decoded(json.loads(about), packed)
    except (KeyError, ValueError, RuntimeError) as error:
        raise StoreError(f"{named} is not of this version; {REMEDY}") from error


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


def _decoded(about: dict[str, Any], packed: bytes) -> Pixels:
    if not _is_known(about):
        message = "another layout"
        raise ValueError(message)
    pixels = np.empty(tuple(about["shape"]), "<u2")
    blosc.decompress(packed, pixels)
    return pixels
