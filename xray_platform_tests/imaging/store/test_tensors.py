"""Tensors: from standard images to one array a batch, and back by row."""

from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pandas as pd
import pytest
import zarr
from numpy.typing import NDArray

from xray_platform.errors import InputError, StoreError
from xray_platform.imaging.recipe import Recipe, default_recipe
from xray_platform.imaging.steps.window import WindowSettings
from xray_platform.imaging.store import tensors
from xray_platform.imaging.store.shard_reader import ShardedImages
from xray_platform.imaging.store.tensors import read_found, read_recipe, read_tensors, tensorise_batch
from xray_platform.tables.all import STANDARD_IMAGES, TENSORS
from xray_platform.tables.layouts import found_file, recipe_file, standard_folder, standard_shard, tensor_array
from xray_platform_tests.imaging.tiny_store import TinyStore, make_store, write_standard

RECIPE = default_recipe(32)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> TinyStore:
    return make_store(tmp_path_factory.mktemp("store"), {"batch-0001": 7, "batch-0002": 3})


@pytest.fixture(scope="module")
def rows(store: TinyStore) -> pd.DataFrame:
    parts = [tensorise_batch(store.places, batch, RECIPE) for batch in store.pictures]
    return pd.concat(parts, ignore_index=True)


def expected(store: TinyStore, batch: str, image: str) -> NDArray[np.float32]:
    table = STANDARD_IMAGES.read(store.places, batch).set_index("image")
    low, high = (float(table[name].to_dict()[image]) for name in ("window_low", "window_high"))
    pixels = RECIPE.apply(store.pictures[batch][image], (low, high))
    return pixels.astype(np.float32) / np.float32(65535)


def test_every_picture_gets_a_row_that_fits_the_table(store: TinyStore, rows: pd.DataFrame) -> None:
    assert list(rows["image"]) == [image for pictures in store.pictures.values() for image in pictures]
    assert list(rows["row"]) == [*range(7), *range(3)]
    TENSORS.write(store.places, rows[rows["batch"] == "batch-0002"], "batch-0002")
    assert len(TENSORS.read(store.places, "batch-0002")) == 3


def test_tensors_come_in_the_order_asked_for_and_mix_batches(store: TinyStore, rows: pd.DataFrame) -> None:
    mixed = rows.sample(frac=1, random_state=3)
    read = read_tensors(store.places, RECIPE.id, mixed)
    assert read.dtype == np.float32
    for tensor, batch, image in zip(read, mixed["batch"], mixed["image"], strict=True):
        np.testing.assert_allclose(tensor, expected(store, batch, image), atol=1e-7)


def test_the_quick_reader_reads_what_zarr_reads(store: TinyStore, rows: pd.DataFrame) -> None:
    folder = tensor_array(store.places, RECIPE.id, "batch-0001")
    plain: Any = zarr.open_array(folder, mode="r")
    order = [6, 0, 3, 3, 5]
    np.testing.assert_array_equal(ShardedImages.open(folder).read(order), plain[:][order])
    assert plain.shards == (2, 32, 32)
    assert plain.chunks == (1, 32, 32)
    assert plain.attrs["recipe"] == RECIPE.id


def test_the_quick_reader_reads_through_fsspec(store: TinyStore, rows: pd.DataFrame) -> None:
    folder = tensor_array(store.places, RECIPE.id, "batch-0001")
    fsspec.filesystem("memory").put(str(folder), "/bucket/tensors.zarr", recursive=True)
    there = ShardedImages.open("memory://bucket/tensors.zarr")
    np.testing.assert_array_equal(there.read([5, 1]), ShardedImages.open(folder).read([5, 1]))


def test_a_path_and_both_kinds_of_address_read_the_same(store: TinyStore, rows: pd.DataFrame) -> None:
    folder = tensor_array(store.places, RECIPE.id, "batch-0001")
    plain: Any = zarr.open_array(folder, mode="r")
    for address in (folder, str(folder), f"file://{folder}"):
        np.testing.assert_array_equal(ShardedImages.open(address).read([6, 2, 2]), plain[:][[6, 2, 2]])
    assert plain.attrs["stored"] == "0 is black, 65535 is white"


def test_a_recipe_lies_beside_its_tensors_and_another_one_leaves_it_alone(store: TinyStore, rows: pd.DataFrame) -> None:
    before = read_tensors(store.places, RECIPE.id, rows)
    other = default_recipe(16)
    made = tensorise_batch(store.places, "batch-0001", other)
    assert read_recipe(store.places, RECIPE.id) == RECIPE
    assert read_recipe(store.places, other.id) == other
    assert read_tensors(store.places, other.id, made).shape == (7, 16, 16)
    np.testing.assert_array_equal(read_tensors(store.places, RECIPE.id, rows), before)


def test_what_was_found_is_kept_step_by_step(store: TinyStore, rows: pd.DataFrame) -> None:
    found = read_found(store.places, RECIPE.id, "batch-0001")
    read = read_tensors(store.places, RECIPE.id, rows[rows["batch"] == "batch-0001"])
    for (image, pixels), tensor in zip(store.pictures["batch-0001"].items(), read, strict=True):
        made = pixels
        for step, what in zip(RECIPE.steps, found[image], strict=True):
            made = step.run(made, what)
        np.testing.assert_allclose(made / 65535, tensor, atol=1e-7)
    with pytest.raises(StoreError, match="no readable record"):
        read_found(store.places, RECIPE.id, "batch-0009")


@pytest.mark.parametrize("last", [None, "unit"])
def test_twelve_bits_keep_more_than_4000_levels_to_the_tensor(tmp_path: Path, last: str | None) -> None:
    store = make_store(tmp_path, {"batch-0001": 1})
    levels = np.random.default_rng(0).permutation(np.arange(4096, dtype=np.uint16).repeat(4)).reshape(128, 128)
    write_standard(store.places, "batch-0001", {next(iter(store.pictures["batch-0001"])): levels})
    table = STANDARD_IMAGES.read(store.places, "batch-0001").assign(window_low=20.0, window_high=4075.0)
    STANDARD_IMAGES.write(store.places, table, "batch-0001")
    steps = default_recipe(128).model_dump()["steps"]
    recipe = Recipe.model_validate({"steps": steps if last is None else [*steps, {"kind": last}]})
    rows = tensorise_batch(store.places, "batch-0001", recipe)
    assert len(np.unique(read_tensors(store.places, recipe.id, rows))) > 4000


@pytest.mark.parametrize(
    ("last", "dtype", "shape"),
    [
        ("picture_score", "float16", (16, 16)),
        ("imagenet", "float16", (3, 16, 16)),
        ("byte", "uint8", (16, 16)),
        ("unit", "uint16", (16, 16)),
    ],
)
def test_scores_bytes_and_channels_are_stored_too(
    store: TinyStore, last: str, dtype: str, shape: tuple[int, ...]
) -> None:
    steps = [*default_recipe(16).model_dump()["steps"], {"kind": last}]
    recipe = Recipe.model_validate({"steps": steps})
    rows = tensorise_batch(store.places, "batch-0001", recipe)
    assert ShardedImages.open(tensor_array(store.places, recipe.id, "batch-0001")).dtype == np.dtype(dtype)
    read = read_tensors(store.places, recipe.id, rows)
    assert read.shape == (7, *shape)
    low, high = STANDARD_IMAGES.read(store.places, "batch-0001")[["window_low", "window_high"]].iloc[0].astype(float)
    plain = recipe.apply(next(iter(store.pictures["batch-0001"].values())), (low, high))
    np.testing.assert_allclose(read[0], plain / 255 if last == "byte" else plain, atol=2e-3)


def test_a_batch_worth_it_is_prepared_by_children_and_tells_its_progress(tmp_path: Path) -> None:
    store, seen = make_store(tmp_path, {"batch-0001": 70}), []
    rows = tensorise_batch(store.places, "batch-0001", RECIPE, workers=2, progress=lambda *told: seen.append(told))
    read = read_tensors(store.places, RECIPE.id, rows)
    image = rows["image"].iloc[69]
    np.testing.assert_allclose(read[69], expected(store, "batch-0001", image), atol=1e-7)
    assert seen[-1] == (70, 70, "tensors")


def test_a_slow_recipe_goes_to_children_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []

    def in_children(function: Any, jobs: list[Any], **_: Any) -> Any:
        sent.append(len(jobs))
        return (function(job) for job in jobs)

    monkeypatch.setattr(tensors, "map_in_children", in_children)
    store = make_store(tmp_path, {"batch-0001": 8})
    tensorise_batch(store.places, "batch-0001", RECIPE)
    assert sent == []
    monkeypatch.setattr(tensors, "WORTH_CHILDREN", 0.0)
    tensorise_batch(store.places, "batch-0001", RECIPE)
    assert sent == [4]


def test_a_batch_can_be_made_again_and_can_be_empty(tmp_path: Path) -> None:
    store = make_store(tmp_path, {"batch-0001": 2, "batch-0002": 0})
    for _ in range(2):
        assert len(tensorise_batch(store.places, "batch-0001", RECIPE)) == 2
    assert [p.name for p in tensor_array(store.places, RECIPE.id, "x").parent.iterdir() if p.name[0] == "."] == []
    nothing = tensorise_batch(store.places, "batch-0002", RECIPE)
    assert read_tensors(store.places, RECIPE.id, nothing).shape == (0, 32, 32)


def test_a_black_picture_has_its_chunk_and_a_lost_one_is_not_taken_for_it(tmp_path: Path) -> None:
    store = make_store(tmp_path, {"batch-0001": 1})
    black = np.zeros((9, 7), np.uint16)
    write_standard(store.places, "batch-0001", {next(iter(store.pictures["batch-0001"])): black})
    rows = tensorise_batch(store.places, "batch-0001", RECIPE)
    assert not read_tensors(store.places, RECIPE.id, rows).any()
    shard_of(store, 0).unlink()
    with pytest.raises(StoreError, match=r"shard .*/c/0/0/0 cannot be read: No such file.*`xray run --deep` makes it"):
        read_tensors(store.places, RECIPE.id, rows)


def shard_of(store: TinyStore, number: int, batch: str = "batch-0001") -> Path:
    return tensor_array(store.places, RECIPE.id, batch) / "c" / str(number) / "0" / "0"


def test_a_lost_shard_is_an_error_and_never_black_pictures(tmp_path: Path) -> None:
    store = make_store(tmp_path, {"batch-0001": 8})
    rows = tensorise_batch(store.places, "batch-0001", RECIPE)
    shard_of(store, 2).unlink()
    assert len(read_tensors(store.places, RECIPE.id, rows.head(4))) == 4
    with pytest.raises(StoreError, match="c/2/0/0 cannot be read"):
        read_tensors(store.places, RECIPE.id, rows)


def test_every_flipped_byte_of_a_shard_is_noticed_by_who_reads_it(tmp_path: Path) -> None:
    store = make_store(tmp_path, {"batch-0001": 2})
    rows = tensorise_batch(store.places, "batch-0001", RECIPE)
    shard = shard_of(store, 0)
    whole = shard.read_bytes()
    for place in np.linspace(0, len(whole) - 1, 60).astype(int):
        changed = bytearray(whole)
        changed[place] ^= 16
        shard.write_bytes(changed)
        with pytest.raises(StoreError, match="xray run"):
            read_tensors(store.places, RECIPE.id, rows)
    shard.write_bytes(whole)
    assert len(read_tensors(store.places, RECIPE.id, rows)) == 2


def test_whole_shards_and_arrays_that_changed_places_are_noticed(tmp_path: Path) -> None:
    store = make_store(tmp_path, {"batch-0001": 8, "batch-0002": 8})
    rows = pd.concat([tensorise_batch(store.places, batch, RECIPE) for batch in store.pictures])
    swap(shard_of(store, 0), shard_of(store, 1))
    with pytest.raises(StoreError, match=r"row 0 of .* is not what was made: .* recorded is"):
        read_tensors(store.places, RECIPE.id, rows)
    swap(shard_of(store, 0), shard_of(store, 1))
    swap(tensor_array(store.places, RECIPE.id, "batch-0001"), tensor_array(store.places, RECIPE.id, "batch-0002"))
    with pytest.raises(StoreError, match="is not what was made"):
        read_tensors(store.places, RECIPE.id, rows)


def swap(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def test_a_changed_size_recipe_or_record_of_what_was_found_is_noticed(tmp_path: Path) -> None:
    store = make_store(tmp_path, {"batch-0001": 2})
    rows = tensorise_batch(store.places, "batch-0001", RECIPE)
    array = tensor_array(store.places, RECIPE.id, "batch-0001")
    for path, read in (
        (array / "zarr.json", lambda: read_tensors(store.places, RECIPE.id, rows)),
        (found_file(store.places, RECIPE.id, "batch-0001"), lambda: read_found(store.places, RECIPE.id, "batch-0001")),
        (recipe_file(store.places, RECIPE.id), lambda: read_recipe(store.places, RECIPE.id)),
    ):
        path.write_text(path.read_text().replace("3", "4"))
        with pytest.raises(StoreError, match="not what was made"):
            read()


def test_a_recipe_without_a_size_is_refused(store: TinyStore) -> None:
    with pytest.raises(InputError, match="need a step that fixes the size"):
        tensorise_batch(store.places, "batch-0001", Recipe(steps=(WindowSettings(),)))


def test_a_lost_picture_a_missing_row_and_a_damaged_shard_are_named(tmp_path: Path) -> None:
    store = make_store(tmp_path, {"batch-0001": 2})
    rows = tensorise_batch(store.places, "batch-0001", RECIPE)
    with pytest.raises(StoreError, match="row 9 is asked for"):
        read_tensors(store.places, RECIPE.id, rows.assign(row=9))
    with pytest.raises(InputError, match="asked for 0123"):
        read_tensors(store.places, "0123", rows)
    with pytest.raises(StoreError, match="there are no tensors"):
        read_tensors(store.places, RECIPE.id, rows.assign(batch="batch-0009"))
    shard = tensor_array(store.places, RECIPE.id, "batch-0001") / "c" / "0" / "0" / "0"
    shard.write_bytes(shard.read_bytes()[:-7] + b"damaged")
    with pytest.raises(StoreError, match="does not match its checksum"):
        read_tensors(store.places, RECIPE.id, rows)
    (standard_folder(store.places, "batch-0001") / standard_shard(0)).unlink()
    with pytest.raises(StoreError, match=r"standard images in .* cannot be read: No such file"):
        tensorise_batch(store.places, "batch-0001", RECIPE)
