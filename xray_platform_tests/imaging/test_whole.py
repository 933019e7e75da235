"""Whole: the quick reader reads what zarr reads, however the array lies."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from xray_platform.errors import StoreError
from xray_platform.imaging.form import Pixels
from xray_platform.imaging.whole import read_whole
from xray_platform.tables.layouts import LOSSLESS
from xray_platform_tests.imaging.store import soft_picture

PICTURE = soft_picture(0, 70, 50)


def create(folder: Path, pixels: Pixels, **layout: Any) -> None:
    zarr.create_array(folder, shape=pixels.shape, dtype="uint16", **layout)[:] = pixels


@pytest.mark.parametrize(
    "layout",
    [
        {"chunks": (70, 50), "compressors": LOSSLESS},
        {"chunks": (32, 32), "compressors": LOSSLESS},
        {"chunks": (70, 50), "compressors": None},
        {"chunks": (35, 25), "shards": (70, 50)},
        {"chunks": (70, 50), "compressors": LOSSLESS, "chunk_key_encoding": {"name": "v2", "separator": "."}},
    ],
    ids=["standard", "many chunks", "plain", "sharded", "other names"],
)
def test_any_layout_is_read(tmp_path: Path, layout: dict[str, Any]) -> None:
    create(tmp_path / "a", PICTURE, **layout)
    np.testing.assert_array_equal(read_whole(tmp_path / "a"), PICTURE)


def test_a_black_picture_has_no_chunk(tmp_path: Path) -> None:
    create(tmp_path / "a", np.zeros((5, 6), np.uint16), chunks=(5, 6), compressors=LOSSLESS)
    assert read_whole(tmp_path / "a").tolist() == np.zeros((5, 6)).tolist()


def test_what_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no standard image nothing in"):
        read_whole(tmp_path / "nothing")
    create(tmp_path / "a", PICTURE, chunks=(70, 50), compressors=LOSSLESS)
    chunk = tmp_path / "a" / "c" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:40])
    with pytest.raises(StoreError, match=r"image a in .* is damaged"):
        read_whole(tmp_path / "a")
    (tmp_path / "a" / "zarr.json").write_text("{")
    with pytest.raises(StoreError, match=r"image a in .* is damaged"):
        read_whole(tmp_path / "a")
