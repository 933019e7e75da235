"""Patches: cut, put back together, listed and written out."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.errors import DataError, InputError
from xray_platform.imaging.recipe import default_recipe
from xray_platform.imaging.recipes import named_recipe
from xray_platform.imaging.store.patch_settings import PatchSettings
from xray_platform.imaging.store.patches import (
    assemble,
    cut,
    index_batch,
    positions_in,
    read_patch_settings,
    read_patches,
    spread,
    write_patch_files,
)
from xray_platform.imaging.store.png_facts import read_facts
from xray_platform.imaging.store.tensors import read_rows, read_tensors, rows_part, tensorise_batch
from xray_platform.tables.all import PATCHES, TENSORS
from xray_platform_tests.imaging.tiny_store import TinyStore, make_store

RECIPE = default_recipe(32)
SETTINGS = PatchSettings(side=8, stride=5)


@pytest.fixture
def store(tmp_path: Path) -> TinyStore:
    store = make_store(tmp_path, {"batch-0001": 3})
    TENSORS.write(store.places, tensorise_batch(store.places, "batch-0001", RECIPE), rows_part("batch-0001", RECIPE.id))
    return store


@given(
    rows=st.integers(1, 40), columns=st.integers(1, 40), side=st.integers(1, 12), stride=st.integers(1, 12),
    kind=st.sampled_from(["uint16", "float32"]),
)  # fmt: skip
def test_patches_of_a_picture_reassemble_to_it(rows: int, columns: int, side: int, stride: int, kind: str) -> None:
    side = min(side, rows, columns)
    stride = min(stride, side)
    images = (np.random.default_rng(rows).random((2, rows, columns)) * 60000).astype(kind)
    patches, positions = cut(images, PatchSettings(side=side, stride=stride))
    assert patches.shape == (2, len(positions), side, side)
    np.testing.assert_array_equal(assemble(patches, positions, (rows, columns)), images)
    np.testing.assert_array_equal(assemble(patches[1], positions, (rows, columns)), images[1])


@given(side=st.integers(1, 9), gap=st.integers(1, 9))
def test_a_wide_stride_leaves_gaps_black(side: int, gap: int) -> None:
    images = np.ones((1, 30, 30), np.float32)
    patches, positions = cut(images, PatchSettings(side=side, stride=side + gap))
    whole = assemble(patches, positions, (30, 30))
    assert set(np.unique(whole)) <= {0.0, 1.0}
    assert whole[0, 0, 0] == whole[0, -1, -1] == 1


def test_positions_run_row_by_row_and_end_at_the_edge() -> None:
    positions = positions_in((20, 18), PatchSettings(side=8, stride=8))
    assert positions.tolist() == [[t, left] for t in (0, 8, 12) for left in (0, 8, 10)]


def test_a_number_a_patch_becomes_a_map() -> None:
    positions = positions_in((4, 4), PatchSettings(side=2, stride=2))
    whole = spread(np.array([[1.0, 2.0, 3.0, 4.0]]), positions, 2, (4, 4))
    assert whole[0].tolist() == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]


def test_a_patch_larger_than_the_picture_is_refused() -> None:
    with pytest.raises(InputError, match="side 32 do not fit into pictures of 20 x 40"):
        positions_in((20, 40), PatchSettings(side=32))


def test_the_index_lists_windows_that_read_as_cut(store: TinyStore) -> None:
    frame = index_batch(store.places, "batch-0001", RECIPE.id, SETTINGS)
    PATCHES.write(store.places, frame, "batch-0001")
    back = PATCHES.read(store.places, "batch-0001")
    pd.testing.assert_frame_equal(back, frame)
    tensors = read_tensors(store.places, RECIPE.id, read_rows(store.places, RECIPE.id, "batch-0001"))
    patches, _ = cut(tensors, SETTINGS)
    some = back.sample(frac=0.5, random_state=1)
    read = read_patches(store.places, RECIPE.id, some)
    np.testing.assert_array_equal(read, patches[some["row"].to_numpy(int), some["patch"].to_numpy(int)])


def test_patches_are_written_by_class_in_16_bits_and_reassemble(store: TinyStore) -> None:
    rows = read_rows(store.places, RECIPE.id, "batch-0001")
    truth = pd.DataFrame({"image": rows["image"], "abnormal": pd.array([True, False, None], dtype="boolean")})
    written = write_patch_files(store.places, "batch-0001", RECIPE.id, SETTINGS, truth)
    positions = positions_in((32, 32), SETTINGS)
    assert written == {"normal": len(positions), "anomaly": len(positions)}
    image = rows["image"].iloc[0]
    names = [f"{image}-{RECIPE.id}-8-{top}-{left}.png" for top, left in positions]
    assert sorted(p.name for p in (store.places.patches / "anomaly").iterdir()) == sorted(names)
    files: list[Any] = [cv2.imread(str(store.places.patches / "anomaly" / n), cv2.IMREAD_UNCHANGED) for n in names]
    whole = assemble(np.stack(files), positions, (32, 32))
    tensor = read_tensors(store.places, RECIPE.id, rows.iloc[[0]])[0]
    assert whole.dtype == np.uint16
    np.testing.assert_array_equal(whole, np.rint(tensor * 65535).astype(np.uint16))


def test_patches_of_two_sides_are_not_read_together(store: TinyStore) -> None:
    frame = index_batch(store.places, "batch-0001", RECIPE.id, SETTINGS)
    frame.loc[0, "side"] = 9
    with pytest.raises(InputError, match="read one side at a time"):
        read_patches(store.places, RECIPE.id, frame)


def test_patches_of_a_picture_whose_truth_changed_leave_no_copy_behind(store: TinyStore) -> None:
    images = read_rows(store.places, RECIPE.id, "batch-0001")["image"]
    for abnormal in ([True, False, True], [False, False, None]):
        truth = pd.DataFrame({"image": images, "abnormal": pd.array(abnormal, dtype="boolean")})
        written = write_patch_files(store.places, "batch-0001", RECIPE.id, SETTINGS, truth)
        held = {name: len(list((store.places.patches / name).iterdir())) for name in written}
        assert held == written


def test_a_written_patch_tells_which_picture_and_recipe_it_is_of(store: TinyStore) -> None:
    image = read_rows(store.places, RECIPE.id, "batch-0001")["image"].iloc[0]
    truth = pd.DataFrame({"image": [image], "abnormal": [False]})
    write_patch_files(store.places, "batch-0001", RECIPE.id, SETTINGS, truth)
    facts = read_facts(next((store.places.patches / "normal").iterdir()))
    assert facts == {"image": image, "recipe": RECIPE.id}


@pytest.mark.parametrize("name", ["scores", "imagenet"])
def test_scores_and_channels_are_read_as_patches_but_not_written(store: TinyStore, name: str) -> None:
    recipe = named_recipe(name, 32)
    TENSORS.write(store.places, tensorise_batch(store.places, "batch-0001", recipe), rows_part("batch-0001", recipe.id))
    index = index_batch(store.places, "batch-0001", recipe.id, SETTINGS)
    whole = read_tensors(store.places, recipe.id, read_rows(store.places, recipe.id, "batch-0001"))
    patches = read_patches(store.places, recipe.id, index)
    top, left = positions_in((32, 32), SETTINGS)[5].tolist()
    np.testing.assert_array_equal(patches[5], whole[0, ..., top : top + 8, left : left + 8])
    truth = pd.DataFrame({"image": index["image"].unique(), "abnormal": False})
    with pytest.raises(InputError, match="between black and white"):
        write_patch_files(store.places, "batch-0001", recipe.id, SETTINGS, truth)


@pytest.mark.parametrize(("kind", "means"), [("uint16", [1, 2, 3]), ("int64", [1, 2, 3]), ("float32", [1, 1.75, 2.5])])
def test_the_mean_of_patches_that_differ_is_rounded_for_whole_numbers(kind: str, means: list[float]) -> None:
    positions = np.array([[0, 0], [0, 0], [0, 1], [0, 1]])
    values = np.array([1, 1, 2, 3], kind)
    patches = np.broadcast_to(values[:, None, None], (4, 2, 2))
    whole = assemble(patches, positions, (2, 3))
    assert whole.dtype == kind
    expected = means if kind == "float32" else [1, 2, 2]  # 2.5 goes to the even neighbour
    assert whole.tolist() == [expected, expected]


def test_how_tensors_are_cut_is_read_back_from_the_table(store: TinyStore) -> None:
    settings = PatchSettings(side=12, stride=6)
    PATCHES.write(store.places, index_batch(store.places, "batch-0001", RECIPE.id, settings), "batch-0001")
    assert read_patch_settings(store.places, RECIPE.id) == settings
    with pytest.raises(DataError, match="of another recipe or side, or not made yet"):
        read_patch_settings(store.places, "0" * 12)
    other = index_batch(store.places, "batch-0001", RECIPE.id, PatchSettings(side=8, stride=8))
    PATCHES.write(store.places, other, "batch-0002")
    with pytest.raises(DataError, match="cut differently in different batches"):
        read_patch_settings(store.places, RECIPE.id)
