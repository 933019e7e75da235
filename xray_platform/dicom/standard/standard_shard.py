"""Standard shard: many pictures of different sizes in one file that plain zarr reads.

Such a file is a zip archive without compression, of zarr's own layout (`zarr.storage.ZipStore`): a group, and in it an
array of one chunk a picture, packed by itself. A thousand pictures so make a few files and not six thousand files and
folders, and each is found by its name in the archive's directory.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from xray_platform.tables.layouts import ABOUT, BYTES_A_SHARD, CHUNK, standard_shard

BEGINNING = (1980, 1, 1, 0, 0, 0)  # the time of all members, so that the same pictures make the same bytes
GROUP = {"zarr_format": 3, "node_type": "group"}


class StandardShards:
    """Writes the pictures of a batch into a folder, shard after shard; a shard is full at so many bytes."""

    def __init__(self, folder: Path, attributes: Mapping[str, Any], bytes_a_shard: int = BYTES_A_SHARD) -> None:
        self._folder, self._bytes_a_shard = folder, bytes_a_shard
        self._about = json.dumps({**GROUP, "attributes": dict(attributes)}, indent=1).encode("ascii")
        self._open = ExitStack()
        self._archive: zipfile.ZipFile | None = None
        self._filled = 0
        self.shards: list[Path] = []

    def add(self, image: str, about: bytes, packed: bytes) -> None:
        """Add a picture: its array's metadata and its one chunk."""
        if self._archive is None or self._filled + len(packed) > self._bytes_a_shard:
            self._archive = self._next()
        _write(self._archive, f"{image}/{ABOUT}", about)
        _write(self._archive, f"{image}/{CHUNK}", packed)
        self._filled += len(about) + len(packed)

    def close(self) -> None:
        """End the last shard; a batch without pictures has one without arrays."""
        if self._archive is None:
            self._next()
        self._open.close()

    def _next(self) -> zipfile.ZipFile:
        self._open.close()
        path = self._folder / standard_shard(len(self.shards))
        self.shards.append(path)
        self._filled = 0
        archive = self._open.enter_context(zipfile.ZipFile(path, "x", zipfile.ZIP_STORED))
        _write(archive, ABOUT, self._about)
        return archive


@contextmanager
def standard_shards(
    folder: Path, attributes: Mapping[str, Any], bytes_a_shard: int = BYTES_A_SHARD
) -> Iterator[StandardShards]:
    """Open a new folder for the shards of a batch, with attributes that each of their groups has."""
    folder.mkdir(parents=True)
    shards = StandardShards(folder, attributes, bytes_a_shard)
    try:
        yield shards
    finally:
        shards.close()


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, BEGINNING)
    member.external_attr = 0o644 << 16
    archive.writestr(member, content)
