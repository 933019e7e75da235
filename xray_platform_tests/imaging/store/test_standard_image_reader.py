"""Whole: a standard image is read only as it was made."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from zarr.storage import ZipStore

from xray_platform.errors import StoreError
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.store.standard_image_reader import StandardImageBatch, read_standard_image
from xray_platform.tables.layouts import standard_folder, standard_shard
from xray_platform_tests.imaging.tiny_store import TinyStore, make_store, write_standard

BATCH = "batch-0001"


@pytest.fixture
def store(tmp_path: Path) -> TinyStore:
    return make_store(tmp_path, {BATCH: 2})


def shard(store: TinyStore) -> Path:
    return standard_folder(store.places, BATCH) / standard_shard(0)


def read(store: TinyStore, image: str) -> Pixels:
    return read_standard_image(StandardImageBatch.open(store.places, BATCH)[image])


def test_the_quick_reader_reads_what_zarr_reads(store: TinyStore) -> None:
    with ZipStore(shard(store), mode="r") as opened:
        group: Any = zarr.open_group(opened, mode="r")
        assert set(group.array_keys()) == set(store.pictures[BATCH])
        for image, pixels in store.pictures[BATCH].items():
            np.testing.assert_array_equal(group[image][:], pixels)
            np.testing.assert_array_equal(read(store, image), pixels)


def same(store: TinyStore, image: str, pixels: Pixels) -> bool:
    """Say whether a picture can be read; if so it must be this one."""
    try:
        found = read(store, image)
    except StoreError as error:
        assert "xray run" in str(error), "it says what to do"  # noqa: PT017 - most reads fail, some may not
        return False
    np.testing.assert_array_equal(found, pixels)
    return True


def test_a_lost_shard_is_an_error_and_no_black_picture(store: TinyStore) -> None:
    opened = StandardImageBatch.open(store.places, BATCH)
    image = next(iter(store.pictures[BATCH]))
    shard(store).unlink()
    with pytest.raises(StoreError, match=f"image {image} in .* cannot be read: No such file.*xray run"):
        read_standard_image(opened[image])
    with pytest.raises(StoreError, match=r"0000.zarr.zip cannot be read: No such file.*xray run"):
        StandardImageBatch.open(store.places, BATCH)


def test_every_flipped_byte_is_noticed_or_changes_nothing(store: TinyStore) -> None:
    """Of a zip archive not every byte says something of the pictures; no change makes another picture of one."""
    whole, path, noticed = shard(store).read_bytes(), shard(store), 0
    for place in np.linspace(0, len(whole) - 1, 200).astype(int):
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        as_before = [same(store, image, pixels) for image, pixels in store.pictures[BATCH].items()]
        noticed += not all(as_before)
    assert noticed > 180
    path.write_bytes(whole)
    assert all(read(store, image).any() for image in store.pictures[BATCH])


def test_a_shard_that_was_cut_off_is_noticed(store: TinyStore) -> None:
    whole = shard(store).read_bytes()
    for length in (0, 3, len(whole) // 2, len(whole) - 1):
        shard(store).write_bytes(whole[:length])
        with pytest.raises(StoreError, match="xray run"):
            read(store, next(iter(store.pictures[BATCH])))


def test_two_pictures_that_changed_places_or_names_are_noticed(store: TinyStore) -> None:
    one, other = store.pictures[BATCH]
    with zipfile.ZipFile(shard(store)) as archive:
        members = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    with zipfile.ZipFile(shard(store), "w") as archive:
        for name, content in members.items():
            image, _, rest = name.partition("/")
            archive.writestr("/".join(({one: other, other: one}[image], rest)) if rest else name, content)
    for image in (one, other):
        with pytest.raises(StoreError, match=f"image {image} in .* is not what was made"):
            read(store, image)


def test_a_picture_more_or_less_is_noticed(store: TinyStore) -> None:
    with zipfile.ZipFile(shard(store), "a") as archive:
        archive.writestr("feed/zarr.json", "{}")
    with pytest.raises(StoreError, match="holds 3 standard images, and 2 were made"):
        StandardImageBatch.open(store.places, BATCH)


def test_what_is_not_recorded_is_not_read(store: TinyStore) -> None:
    with pytest.raises(StoreError, match="nothing is recorded"):
        StandardImageBatch.open(store.places, "batch-0009")
    with pytest.raises(StoreError, match="no record speaks of a standard image feed"):
        StandardImageBatch.open(store.places, BATCH)["feed"]


def test_an_array_of_another_layout_is_told(store: TinyStore) -> None:
    image, pixels = next(iter(store.pictures[BATCH].items()))
    write_standard(store.places, BATCH, {image: pixels.astype(np.int16)}, "int16")
    with pytest.raises(StoreError, match="is not of this version"):
        read(store, image)
