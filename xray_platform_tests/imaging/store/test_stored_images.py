"""Tensors as models take them: the same as read at once, by any index, whatever the recipe gives, and never damaged."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from xray_platform.errors import InputError, StoreError
from xray_platform.image_stack import Images, ImageSource, check_images
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.recipes import named_recipe
from xray_platform.imaging.store.stored_images import StoredImages
from xray_platform.imaging.store.tensors import read_tensors, tensorise_batch
from xray_platform.tables.layouts import tensor_array
from xray_platform_tests.imaging.tiny_store import TinyStore, make_store

RECIPE = named_recipe("default", 32)


@pytest.fixture
def store(tmp_path: Path) -> TinyStore:
    return make_store(tmp_path, {"batch-0001": 7, "batch-0002": 3})


def stored(store: TinyStore, recipe: Recipe = RECIPE) -> StoredImages:
    rows = pd.concat([tensorise_batch(store.places, batch, recipe) for batch in store.pictures], ignore_index=True)
    return StoredImages.open(store.places, recipe, rows)


def test_any_index_gives_what_reading_at_once_gives(store: TinyStore) -> None:
    images: ImageSource = stored(store)
    whole = read_tensors(store.places, RECIPE.id, stored(store).rows)
    assert (len(images), images.shape) == (10, (10, 32, 32))
    assert np.array_equal(images[:], whole)
    assert np.array_equal(images[2:9:3], whole[2:9:3])
    assert np.array_equal(images[np.array([9, 0, 8, 0])], whole[[9, 0, 8, 0]])
    assert images[:0].shape == (0, 32, 32)


def test_another_process_opens_the_shards_itself(store: TinyStore) -> None:
    """A descriptor of this process means nothing, or another file, in the next one."""
    images = stored(store)
    whole = images[:]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert np.array_equal(pool.submit(_read, images).result(), whole)


def _read(images: StoredImages) -> Images:
    return images[:]


def test_standard_scores_are_brought_between_black_and_white(store: TinyStore) -> None:
    recipe = named_recipe("scores", 32)
    images = stored(store, recipe)
    scores = read_tensors(store.places, recipe.id, images.rows)
    assert scores.min() < -0.5
    seen = check_images(images[:], tolerance=0)
    inside = np.abs(scores) < 4
    np.testing.assert_allclose(seen[inside] * 8 - 4, scores[inside], atol=1e-4)


def test_three_channels_are_refused(store: TinyStore) -> None:
    with pytest.raises(InputError, match=r"shape \(3, 32, 32\); models here take"):
        stored(store, named_recipe("imagenet", 32))


def test_the_digest_says_which_pictures_they_are(store: TinyStore) -> None:
    images = stored(store)
    assert images.digest() == stored(store).digest()
    assert images.digest() != StoredImages.open(store.places, RECIPE, images.rows.iloc[::-1]).digest()
    assert images.digest() != stored(store, named_recipe("clahe", 32)).digest()


def test_a_changed_byte_is_an_error_when_it_is_read_and_a_lost_batch_when_it_is_opened(store: TinyStore) -> None:
    images = stored(store)
    shard = tensor_array(store.places, RECIPE.id, "batch-0002") / "c" / "0" / "0" / "0"
    data = bytearray(shard.read_bytes())
    data[30] ^= 1
    shard.write_bytes(data)
    assert images[:7].shape == (7, 32, 32)
    with pytest.raises(StoreError, match=r"row 0 of .*batch-0002"):
        images[np.arange(7, 10)]
    with pytest.raises(StoreError, match="there are no tensors"):
        StoredImages.open(store.places, RECIPE, images.rows.assign(batch="batch-0009"))
