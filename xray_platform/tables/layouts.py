"""Layouts: how arrays lie in the store; both who writes them and who reads them build on these."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import google_crc32c

from xray_platform.tables.places import Places


@dataclass(frozen=True)
class ArrayLayout:
    """The contract of one kind of zarr (format 3) store.

    `shape` and `chunks` name their axes in words; `codec` is the zarr 3 metadata of the one compressor, which
    `zarr.create_array(compressors=...)` takes as it stands.
    """

    name: str
    description: str
    dtypes: tuple[str, ...]
    shape: str
    chunks: str
    shards: str
    codec: dict[str, Any]


LOSSLESS = {
    "name": "blosc",
    "configuration": {"cname": "zstd", "clevel": 1, "shuffle": "shuffle", "typesize": 2, "blocksize": 0},
}
QUICK = {
    "name": "blosc",
    "configuration": {"cname": "lz4", "clevel": 1, "shuffle": "noshuffle", "typesize": 2, "blocksize": 0},
}
ABOUT, CHUNK = "zarr.json", "c/0/0"  # the files of an array of one chunk
STANDARD_SHARD = ".zarr.zip"
PICTURES_A_SHARD = 250
BYTES_A_SHARD = 64 * 2**20  # a shard is made in memory

STANDARD_IMAGES_LAYOUT = ArrayLayout(
    "standard images",
    "data/standard/<batch>/<number>.zarr.zip: zip archives without compression (zarr's ZipStore), in each a zarr "
    "group, in it one array a picture, named by the image id; settings.json beside them holds how they were made",
    dtypes=("uint16",),
    shape="(rows, columns)",
    chunks="the whole picture",
    shards=f"of a zip archive: as many pictures as fit into {BYTES_A_SHARD // 2**20} MiB",
    codec=LOSSLESS,
)
TENSORS_LAYOUT = ArrayLayout(
    "tensors",
    "data/tensors/<recipe>/<batch>.zarr: one zarr array a recipe and batch; uint16 and uint8 span black to white, "
    "float16 holds standardised values; recipe.json beside them holds the recipe, <batch>.found.json what it found",
    dtypes=("uint16", "uint8", "float16"),
    shape="(picture, row, column), or (picture, channel, row, column) for borrowed networks",
    chunks="one picture",
    shards=f"a quarter of the batch, at most {PICTURES_A_SHARD} pictures and {BYTES_A_SHARD // 2**20} MiB",
    codec=QUICK,
)
LAYOUTS = (STANDARD_IMAGES_LAYOUT, TENSORS_LAYOUT)


def standard_folder(places: Places, batch: str) -> Path:
    """Where the standard images of a batch lie."""
    return places.standard / batch


def standard_shard(number: int) -> str:
    """Name of a shard of standard images in the folder of its batch."""
    return f"{number:04d}{STANDARD_SHARD}"


def standard_settings_file(places: Places, batch: str) -> Path:
    """Where the settings lie with which the standard images of a batch were made."""
    return standard_folder(places, batch) / "settings.json"


def standard_checksum(image: str, about: bytes, packed: bytes) -> int:
    """Return the CRC-32C of a standard image: of its name, its array's metadata and its chunk as they are stored."""
    return int(google_crc32c.extend(google_crc32c.extend(google_crc32c.value(image.encode()), about), packed))


def tensor_array(places: Places, recipe: str, batch: str) -> Path:
    """Where the tensors of a recipe and batch lie."""
    return places.tensors / recipe / f"{batch}.zarr"


def found_file(places: Places, recipe: str, batch: str) -> Path:
    """Where it is kept what the recipe's steps found in each picture of a batch: `{image: [{name: number}, ...]}`."""
    return places.tensors / recipe / f"{batch}.found.json"


def recipe_file(places: Places, recipe: str) -> Path:
    """Where a recipe lies beside its tensors."""
    return places.tensors / recipe / "recipe.json"


def published_manifest(batch: str) -> str:
    """Name of the manifest of what publishing a batch wrote: its pictures, and the reasons of what was held back."""
    return f"processed/{batch}"


def standard_manifest(batch: str) -> str:
    """Name of the manifest of a batch's standard images; its rows are their checksums, in the order of the shards."""
    return f"standard/{batch}"


def tensors_manifest(recipe: str, batch: str) -> str:
    """Name of the manifest of a batch's tensors, of their recipe and what it found."""
    return f"tensors/{recipe}/{batch}"


def patches_manifest(batch: str, recipe: str, side: int) -> str:
    """Name of the manifest of the patches of a batch that were written as files."""
    return f"patches/{batch}-{recipe}-{side}"
