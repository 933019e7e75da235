"""Standard images: decoded once, found again with the settings that made them, whole after whatever happens."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from zarr.storage import ZipStore

from xray_platform.dicom.standard import standard_images
from xray_platform.dicom.standard.standard_images import (
    StandardSettings,
    settings_of,
    standardise_batch,
)
from xray_platform.dicom.standard.standard_shard import standard_shards
from xray_platform.errors import DataError, StoreError
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.store.standard_image_reader import StandardImageBatch, read_standard_image
from xray_platform.tables.faults import unknown_files
from xray_platform.tables.layouts import standard_folder, standard_manifest, standard_settings_file, standard_shard
from xray_platform.tables.manifest import read_manifest
from xray_platform.tables.places import Places
from xray_platform_tests.dicom.deidentify.making import encoded, make, smooth
from xray_platform_tests.dicom.deidentify.test_publish import published, take

TIGHT = StandardSettings(window_low_percent=5, window_high_percent=95)


@pytest.fixture
def batch(places: Places, tmp_path: Path) -> str:
    return _batch(places, tmp_path / "archive", patient="4711")


def _batch(places: Places, folder: Path, patient: str) -> str:
    folder.mkdir()
    (folder / "one.dcm").write_bytes(encoded(make(PatientID=patient, SOPInstanceUID=f"1.2.3.{patient}")))
    name = take(places, folder)
    assert len(published(places, name).images) == 1
    return name


def stored(places: Places, batch: str, image: str) -> Pixels:
    return read_standard_image(StandardImageBatch.open(places, batch)[image])


def test_all_grey_levels_and_the_window_of_a_picture_are_kept(places: Places, batch: str) -> None:
    (row,) = standardise_batch(places, batch).to_dict("records")
    pixels = stored(places, batch, str(row["image"]))
    assert np.array_equal(pixels, smooth())
    assert row["grey_levels"] == len(np.unique(smooth()))
    assert (row["window_low"], row["window_high"]) == pytest.approx(tuple(np.percentile(smooth(), (0.5, 99.5))), abs=1)


def test_the_settings_lie_with_the_pictures(places: Places, batch: str) -> None:
    standardise_batch(places, batch)
    assert settings_of(places, [batch]) == StandardSettings()
    standardise_batch(places, batch, TIGHT)
    assert settings_of(places, [batch]) == TIGHT
    assert settings_of(places, []) == StandardSettings()


def test_batches_that_were_made_differently_are_not_mixed(places: Places, batch: str, tmp_path: Path) -> None:
    other = _batch(places, tmp_path / "other", patient="4712")
    standardise_batch(places, batch)
    standardise_batch(places, other, TIGHT)
    with pytest.raises(DataError, match=rf"of {batch} were made with .*0\.5.*, those of {other} with .*95.*same sett"):
        settings_of(places, [batch, other])


def test_what_is_not_there_is_told(places: Places, batch: str) -> None:
    with pytest.raises(StoreError, match=f"standard images of {batch} cannot be read; materialise"):
        settings_of(places, [batch])


def test_a_crash_leaves_the_old_pictures_whole(places: Places, batch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    image = str(standardise_batch(places, batch)["image"][0])

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(standard_images, "facts_of", crash)
    with pytest.raises(KeyboardInterrupt):
        standardise_batch(places, batch, TIGHT)
    assert settings_of(places, [batch]) == StandardSettings()
    assert np.array_equal(stored(places, batch, image), smooth())


@pytest.mark.parametrize("damage", ["truncated", "one bit", "another's", "lost"])
def test_a_published_file_that_changed_is_no_picture_any_more(
    places: Places, batch: str, tmp_path: Path, damage: str
) -> None:
    standardise_batch(places, batch)
    (file,) = places.processed.rglob("*.dcm")
    other = _batch(places, tmp_path / "other", patient="4712")
    theirs = next(path for path in places.processed.rglob("*.dcm") if path != file)
    whole = bytearray(file.read_bytes())
    if damage == "lost":
        file.unlink()
    else:
        whole[-1] ^= 1
        file.write_bytes(
            {"truncated": whole[:400], "one bit": whole, "another's": bytearray(theirs.read_bytes())}[damage]
        )
    with pytest.raises(StoreError, match=rf"{file.name}.*; `xray run --deep` makes it anew"):
        standardise_batch(places, batch)
    assert len(standardise_batch(places, other)) == 1


def test_a_standard_image_that_changed_is_not_read(places: Places, batch: str) -> None:
    image = str(standardise_batch(places, batch)["image"][0])
    shard = standard_folder(places, batch) / standard_shard(0)
    whole = bytearray(shard.read_bytes())
    whole[len(whole) // 2] ^= 1
    shard.write_bytes(whole)
    with pytest.raises(StoreError, match="not what was made"):
        stored(places, batch, image)


def test_settings_that_were_edited_are_not_believed(places: Places, batch: str) -> None:
    standardise_batch(places, batch)
    told = standard_settings_file(places, batch)
    told.write_text(told.read_text().replace("99.5", "99.9"))
    with pytest.raises(StoreError, match=r"cannot be read; materialise `standard_images`.*not what was made"):
        settings_of(places, [batch])


def test_pictures_of_several_sizes_fill_shards_that_plain_zarr_reads(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standard_images, "standard_shards", partial(standard_shards, bytes_a_shard=3_000))
    (tmp_path / "in").mkdir()
    for number in range(5):
        made = make(PatientID=f"47{number}", SOPInstanceUID=f"1.2.{number}", pixels=smooth()[: 60 + number, number:])
        (tmp_path / "in" / f"{number}.dcm").write_bytes(encoded(made))
    batch = take(places, tmp_path / "in")
    published(places, batch)
    frame = standardise_batch(places, batch)
    shards = sorted(standard_folder(places, batch).glob("*.zarr.zip"))
    assert len(shards) > 1
    assert [path.name for path in standard_folder(places, batch).parent.iterdir()] == [batch], "nothing waits"
    found: dict[str, Pixels] = {}
    for path in shards:
        with ZipStore(path, mode="r") as opened:
            group: Any = zarr.open_group(opened, mode="r")
            assert group.attrs["made_with"] == StandardSettings().model_dump(mode="json")
            found |= {name: array[:] for name, array in group.arrays()}
    assert {name: pixels.shape for name, pixels in found.items()} == {
        str(row["image"]): (row["rows"], row["columns"]) for row in frame.to_dict("records")
    }
    assert all(np.array_equal(stored(places, batch, name), pixels) for name, pixels in found.items())


def test_the_same_pictures_make_the_same_bytes(places: Places, batch: str) -> None:
    standardise_batch(places, batch)
    before = read_manifest(places, standard_manifest(batch)).content
    standardise_batch(places, batch)
    assert read_manifest(places, standard_manifest(batch)).content == before


def test_what_an_earlier_version_left_gives_way(places: Places, batch: str) -> None:
    old = places.standard / f"{batch}.zarr" / "0123456789abcdef"
    old.mkdir(parents=True)
    standardise_batch(places, batch)
    assert not old.parent.exists()
    assert list(unknown_files(places)) == []
