"""Shard reader: read pictures in any order out of a sharded zarr array, straight from the shard files.

zarr-python spends a good part of a millisecond on each chunk; a picture of 128 x 128 decodes in ten microseconds.
So this reader walks the format itself (zarr v3 core, and its `sharding_indexed` codec: a shard file ends in a table
of offset and length of each chunk, little-endian uint64, and a CRC-32C of that table).
Local files are read by position, anything else that fsspec knows by byte range. A picture whose recorded checksum is
given is held against it; a shard or chunk that is not there is an error, never a black picture.
"""

import json
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import fsspec
import google_crc32c
import numpy as np
from numcodecs import blosc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from xray_platform.errors import StoreError
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.tables.layouts import ABOUT
from xray_platform.tables.manifest import REMEDY, compare

MISSING = 2**64 - 1  # offset and length of a chunk that was never written; our tensors have none
ENTRY_BYTES, CRC_BYTES = 16, 4


blosc.use_threads = False  # a picture is one block: handing it to Blosc's own threads doubles the time


class Bytes(Protocol):
    """A shard's bytes, wherever they lie; `read` is safe to call from many threads."""

    size: int

    def read(self, start: int, stop: int) -> bytes: ...


@dataclass(frozen=True)
class Shard:
    """One opened shard: its bytes and, for each picture in it, offset and length (int64 (pictures, 2))."""

    content: Bytes
    index: NDArray[np.uint64]


class LocalBytes:
    """Bytes of a local file, which stays open, so that a store written anew meanwhile does not mix with it."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)
        self.size = os.fstat(self._descriptor).st_size

    def read(self, start: int, stop: int) -> bytes:
        return os.pread(self._descriptor, stop - start, start)

    def __del__(self) -> None:
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)


class RemoteBytes:
    """Bytes of a file that fsspec fetches by range."""

    def __init__(self, filesystem: Any, path: str) -> None:
        self._filesystem, self._path = filesystem, path
        self.size = int(filesystem.size(path))

    def read(self, start: int, stop: int) -> bytes:
        content: bytes = self._filesystem.cat_file(self._path, start=start, end=stop)
        return content


@dataclass(frozen=True)
class ShardedImages:
    """A zarr array of pictures, one chunk each, opened for reading by index."""

    folder: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    per_shard: int
    filesystem: Any
    recorded: Sequence[int] | None = field(default=None, compare=False, repr=False)
    opened: dict[int, Shard] = field(default_factory=dict, compare=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs; it opens the shards itself."""
        return {**self.__dict__, "opened": {}}

    @classmethod
    def open(
        cls, folder: str | Path, recorded: Sequence[int] | None = None, about_crc32c: int | None = None
    ) -> "ShardedImages":
        """Open the array at a folder or fsspec address; raises StoreError where there is none of this layout.

        `recorded` is the CRC-32C of each picture's chunk and `about_crc32c` that of `zarr.json`, as they were written;
        without them only what the shards say of themselves is checked.
        """
        filesystem, path = fsspec.core.url_to_fs(str(folder))
        try:
            data = filesystem.cat_file(f"{path}/{ABOUT}")
            if about_crc32c is not None:
                compare(f"{path}/{ABOUT}", data, about_crc32c)
            about = json.loads(data)
            per_shard = _pictures_a_shard(about)
            return cls(path, tuple(about["shape"]), np.dtype(about["data_type"]), per_shard, filesystem, recorded)
        except FileNotFoundError as error:
            raise StoreError(f"there are no tensors at {folder}") from error
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise StoreError(f"{folder} is no sharded zarr array with one picture a chunk: {error}") from error

    def __len__(self) -> int:
        return self.shape[0]

    def read(self, rows: Sequence[int] | NDArray[np.int64]) -> Pixels:
        """Return the pictures of these rows, in this order: (len(rows), ...) of the stored dtype."""
        out = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for place, row in enumerate(rows):
            self.read_into(int(row), out[place])
        return out

    def read_into(self, row: int, out: Pixels) -> None:
        """Decode one picture into `out`, a contiguous array of one picture's shape and the stored dtype."""
        if not 0 <= row < len(self):
            raise StoreError(f"row {row} is asked for; {self.folder} has rows 0 to {len(self) - 1}")
        packed = self._chunk(row)
        if self.recorded is not None and google_crc32c.value(packed) != self.recorded[row]:
            compare(f"row {row} of {self.folder}", packed, self.recorded[row])
        try:
            blosc.decompress(packed, out)
        except (RuntimeError, ValueError) as error:
            raise StoreError(f"row {row} of {self.folder} cannot be decoded: the shard is damaged; {REMEDY}") from error

    def checksums(self, number: int) -> list[int]:
        """Return the CRC-32C of each picture's chunk in one shard, as they are now."""
        first = number * self.per_shard
        return [google_crc32c.value(self._chunk(row)) for row in range(first, min(first + self.per_shard, len(self)))]

    def shard_path(self, number: int) -> str:
        """Return where a shard lies."""
        return "/".join([self.folder, "c", str(number), *("0" for _ in self.shape[1:])])

    def _chunk(self, row: int) -> bytes:
        """Return one picture as it is stored."""
        number, place = divmod(row, self.per_shard)
        shard = self.opened.get(number) or self._open_shard(number)
        offset, length = shard.index[place].tolist()
        packed = b"" if offset == MISSING else shard.content.read(offset, offset + length)
        if len(packed) != length or offset == MISSING:
            raise StoreError(f"row {row} is not in {self.shard_path(number)}: the shard is damaged; {REMEDY}")
        return packed

    def _open_shard(self, number: int) -> Shard:
        path = self.shard_path(number)
        try:
            content = LocalBytes(path) if "file" in self.filesystem.protocol else RemoteBytes(self.filesystem, path)
        except OSError as error:
            raise StoreError(f"the shard {path} cannot be read: {error.strerror or error}; {REMEDY}") from error
        shard = Shard(content, _index(content, self.per_shard, path))
        self.opened[number] = shard
        return shard


def _pictures_a_shard(about: dict[str, Any]) -> int:
    """Return how many pictures a shard holds; raises ValueError for a layout that this reader does not know."""
    codec = about["codecs"][0]
    inner = codec["configuration"]
    grid = about["chunk_grid"]["configuration"]["chunk_shape"]
    names = [each["name"] for each in inner["codecs"]]
    known = codec["name"] == "sharding_indexed" and names == ["bytes", "blosc"] and about["fill_value"] == 0
    if not known or list(inner["chunk_shape"]) != [1, *about["shape"][1:]] or list(grid[1:]) != about["shape"][1:]:
        raise ValueError(f"its codecs are {codec['name']} of {names}, its chunks {inner.get('chunk_shape')}")
    return int(grid[0])


def _index(content: Bytes, pictures: int, path: str) -> NDArray[np.uint64]:
    table_bytes = pictures * ENTRY_BYTES
    tail = content.read(max(content.size - table_bytes - CRC_BYTES, 0), content.size)
    table, crc = tail[:table_bytes], tail[table_bytes:]
    if len(crc) != CRC_BYTES or struct.unpack("<I", crc)[0] != google_crc32c.value(table):
        raise StoreError(f"the shard {path} is damaged: its table of pictures does not match its checksum; {REMEDY}")
    return np.frombuffer(table, "<u8").reshape(pictures, 2)
