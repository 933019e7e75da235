"""Whole: a standard image is read only as it was made."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from xray_platform.errors import StoreError
from xray_platform.imaging.store.standard_image_reader import StandardImageBatch, read_standard_image
from xray_platform.tables.layouts import standard_group
from xray_platform.tables.places import Places
from xray_platform_tests.imaging.tiny_store import TinyStore, keep_standard, make_store

BATCH = "batch-0001"


@pytest.fixture
def store(tmp_path: Path) -> TinyStore:
    return make_store(tmp_path, {BATCH: 2})


def folders(store: TinyStore) -> list[Path]:
    return [standard_group(store.places, BATCH) / image for image in store.pictures[BATCH]]


def read(places: Places, folder: Path) -> Any:
    return read_standard_image(StandardImageBatch.open(places, BATCH)[folder.name])


def test_the_quick_reader_reads_what_zarr_reads(store: TinyStore) -> None:
    for folder in folders(store):
        plain: Any = zarr.open_array(folder, mode="r")
        np.testing.assert_array_equal(read(store.places, folder), plain[:])


@pytest.mark.parametrize("lost", ["zarr.json", "c/0/0"])
def test_a_lost_file_is_an_error_and_no_black_picture(store: TinyStore, lost: str) -> None:
    folder = folders(store)[0]
    (folder / lost).unlink()
    with pytest.raises(StoreError, match=f"image {folder.name} in .* cannot be read: No such file.*xray run"):
        read(store.places, folder)


@pytest.mark.parametrize("name", ["zarr.json", "c/0/0"])
def test_every_flipped_byte_is_noticed(store: TinyStore, name: str) -> None:
    path = folders(store)[0] / name
    whole = path.read_bytes()
    for place in np.linspace(0, len(whole) - 1, 40).astype(int):
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(StoreError, match=r"is not what was made: .* checksum [0-9a-f]{8}, recorded is [0-9a-f]{8}"):
            read(store.places, folders(store)[0])
    path.write_bytes(whole)
    assert read(store.places, folders(store)[0]).any()


def test_two_pictures_that_changed_places_are_noticed(store: TinyStore) -> None:
    one, other = folders(store)
    one.rename(one.with_name("aside"))
    other.rename(one)
    one.with_name("aside").rename(other)
    for folder in (one, other):
        with pytest.raises(StoreError, match=f"image {folder.name} in .* is not what was made"):
            read(store.places, folder)


def test_what_is_not_recorded_is_not_read(store: TinyStore) -> None:
    with pytest.raises(StoreError, match="nothing is recorded"):
        StandardImageBatch.open(store.places, "batch-0009")
    with pytest.raises(StoreError, match="no record speaks of it"):
        StandardImageBatch.open(store.places, BATCH)["feed"]


def test_an_array_of_another_layout_is_told(store: TinyStore) -> None:
    folder = folders(store)[0]
    path = folder / "zarr.json"
    path.write_text(path.read_text().replace("uint16", "int16"))
    keep_standard(store.places, BATCH)
    with pytest.raises(StoreError, match="is not of this version"):
        read(store.places, folder)
