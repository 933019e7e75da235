"""Zarr chunk: pack a small array as zarr (format 3) the short way, one chunk and its metadata, nothing else.

`zarr.create_array` takes 3 ms of one core for each array and half a second to import in each child process, which for
an archive of small pictures is more than decoding them takes. The metadata are zarr's own, made once for a picture of
no particular size; a test holds the result against zarr.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numcodecs import Blosc  # type: ignore[import-untyped]  # it has no types

_SHUFFLES = {"noshuffle": Blosc.NOSHUFFLE, "shuffle": Blosc.SHUFFLE, "bitshuffle": Blosc.BITSHUFFLE}


@dataclass(frozen=True)
class OneChunk:
    """How arrays of one kind are packed: their metadata without a size, as JSON, and their one compressor."""

    metadata: str
    codec: str

    def pack(self, pixels: np.ndarray[Any, Any]) -> tuple[bytes, bytes]:
        """Return a little-endian array (rows, columns) as zarr stores it: its metadata and its one chunk."""
        rows, columns = pixels.shape
        metadata = json.loads(self.metadata)
        metadata["shape"] = [rows, columns]
        metadata["chunk_grid"]["configuration"]["chunk_shape"] = [rows, columns]
        return json.dumps(metadata, indent=1).encode("ascii"), self._compressor().encode(np.ascontiguousarray(pixels))

    def _compressor(self) -> Any:
        options = json.loads(self.codec)["configuration"]
        return Blosc(options["cname"], options["clevel"], _SHUFFLES[options["shuffle"]], options["blocksize"])


def one_chunk(dtype: str, codec: dict[str, Any]) -> OneChunk:
    """Return the writer of arrays of a type with one blosc compressor, given as zarr 3 metadata."""
    import zarr  # half a second to import, in this process only

    array = zarr.create_array(store={}, shape=(1, 1), chunks=(1, 1), dtype=dtype, compressors=codec, zarr_format=3)
    return OneChunk(json.dumps(array.metadata.to_dict()), json.dumps(codec))
