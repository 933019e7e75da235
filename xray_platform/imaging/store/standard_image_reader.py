"""Standard image reader: read one picture out of the zip archives in which those of its batch lie as zarr arrays.

zarr's own way takes milliseconds of preparation for each picture; here the archive's directory is read once a batch,
and a picture by its place.
"""

import json
import os
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numcodecs import blosc  # type: ignore[import-untyped]

from xray_platform.errors import StoreError
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.object_store.on_demand import bring
from xray_platform.tables.layouts import (
    ABOUT,
    CHUNK,
    STANDARD_SHARD,
    standard_checksum,
    standard_folder,
    standard_manifest,
)
from xray_platform.tables.manifest import REMEDY, read_manifest
from xray_platform.tables.places import Places

KNOWN_CODECS = ["bytes", "blosc"]
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, and the lengths of name and extra field, of a member of a zip
Member = tuple[int, int]
"""Where a member of an archive begins (with its header), and how many bytes it has (without)."""


@dataclass(frozen=True)
class StandardImageFile:
    """Where a standard image lies: in which archive, its two members there, and the checksum that was recorded."""

    shard: Path
    image: str
    about: Member
    chunk: Member
    crc32c: int


@dataclass(frozen=True)
class StandardImageBatch:
    """The standard images of a batch, by name, as they are recorded."""

    batch: str
    images: Mapping[str, StandardImageFile]

    @classmethod
    def open(cls, places: Places, batch: str) -> "StandardImageBatch":
        """Open a batch; raises StoreError where nothing is recorded of it, or its archives are not what was made."""
        manifest, folder = read_manifest(places, standard_manifest(batch)), standard_folder(places, batch)
        names = sorted(Path(path).name for path in manifest.files if path.endswith(STANDARD_SHARD))
        if not names:
            raise StoreError(f"the standard images of {batch} are not of this version; materialise `standard_images`")
        bring(places, [folder])
        members = [(folder / name, *found) for name in names for found in _members(folder / name)]
        if len(members) != len(manifest.rows):
            raise StoreError(
                f"{folder} holds {len(members)} standard images, and {len(manifest.rows)} were made; {REMEDY}"
            )
        images = {
            image: StandardImageFile(shard, image, about, chunk, crc32c)
            for (shard, image, about, chunk), crc32c in zip(members, manifest.rows, strict=True)
        }
        return cls(batch, images)

    def __getitem__(self, image: str) -> StandardImageFile:
        """Return where an image lies; raises StoreError where it is not recorded."""
        try:
            return self.images[image]
        except KeyError:
            raise StoreError(f"no record speaks of a standard image {image} of {self.batch}; {REMEDY}") from None


def read_standard_image(picture: StandardImageFile) -> Pixels:
    """Return a standard image: uint16 (rows, columns).

    Raises StoreError where it is missing, damaged, another one, or lies otherwise than `STANDARD_IMAGES_LAYOUT` says.
    """
    named = f"the standard image {picture.image} in {picture.shard}"
    try:
        descriptor = os.open(picture.shard, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise StoreError(f"{named} cannot be read: {error.strerror or error}; {REMEDY}") from error
    try:
        about, packed = (_content(descriptor, member) for member in (picture.about, picture.chunk))
    finally:
        os.close(descriptor)
    found = standard_checksum(picture.image, about, packed)
    if found != picture.crc32c:
        raise StoreError(
            f"{named} is not what was made: its {len(packed)} bytes have the checksum {found:08x}, recorded is "
            f"{picture.crc32c:08x}; {REMEDY}"
        )
    try:
        return _decoded(json.loads(about), packed)
    except (KeyError, ValueError, RuntimeError) as error:
        raise StoreError(f"{named} is not of this version; {REMEDY}") from error


def _members(shard: Path) -> Iterator[tuple[str, Member, Member]]:
    """Yield each picture of an archive with the places of its metadata and of its chunk, in order."""
    try:
        with zipfile.ZipFile(shard) as archive:
            entries = [(entry.filename, (entry.header_offset, entry.file_size)) for entry in archive.infolist()]
    except OSError as error:
        raise StoreError(
            f"the standard images in {shard} cannot be read: {error.strerror or error}; {REMEDY}"
        ) from error
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise StoreError(f"{shard} is not what was made: {error}; {REMEDY}") from error
    places = dict(entries)
    for name, about in entries:
        image, _, file = name.partition("/")
        if file == ABOUT:
            yield image, about, places.get(f"{image}/{CHUNK}", (0, 0))


def _content(descriptor: int, member: Member) -> bytes:
    """Return the bytes of a member, fewer or none where the archive ends before; the checksum tells."""
    begins, size = member
    header = os.pread(descriptor, _LOCAL_HEADER.size, begins)
    if len(header) < _LOCAL_HEADER.size:
        return b""
    _, name, extra = _LOCAL_HEADER.unpack(header)
    begins += _LOCAL_HEADER.size + name + extra
    return os.pread(descriptor, min(size, max(os.fstat(descriptor).st_size - begins, 0)), begins)


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
