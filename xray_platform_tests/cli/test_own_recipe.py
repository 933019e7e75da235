"""A recipe in the store's `recipes/NAME.yaml`, by the command: shown, chosen, followed, made anew when it changes."""

from pathlib import Path

import dagster as dg
import numpy as np
import pytest

from xray_platform.defs.graph import definitions
from xray_platform.imaging.recipes import known_recipes, named_recipe
from xray_platform.imaging.store.standard_image_reader import StandardImageBatch, read_standard_image
from xray_platform.imaging.store.tensors import read_rows, read_tensors
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.tables.all import STANDARD_IMAGES, TENSORS
from xray_platform.tables.places import Places
from xray_platform_tests.cli.conftest import Xray

BATCH = "batch-0001"
RECIPE = "description: local contrast\nsteps: [window, resize, clahe: {clip_limit: 3}]\n"
CHOSEN = "patches: {recipe: mine, tensor_side: 48}\n"
TENSORS_ASSET = "tensors_mine_48"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A store with settings and a recipe of its own, and no pictures yet."""
    places = Places(tmp_path / "store")
    places.recipes.mkdir(parents=True)
    (places.recipes / "mine.yaml").write_text(RECIPE, encoding="utf-8")
    places.settings.write_text(CHOSEN, encoding="utf-8")
    return places


def test_it_is_shown_and_a_wrong_one_is_refused_with_its_line(xray: Xray, places: Places) -> None:
    ran = xray("recipes")
    assert ran.code == 0, ran.err
    assert "recipes/mine.yaml" in ran.out
    assert "equalised" in ran.out
    (places.recipes / "mine.yaml").write_text(RECIPE.replace("clip_limit", "clip"), encoding="utf-8")
    for words in (["recipes"], ["ingest", places.root]):
        ran = xray(*words)
        assert ran.code == 1, words
        assert "mine.yaml, line 2: step 3, clahe has no setting 'clip'; allowed: clip_limit" in " ".join(
            ran.err.split()
        )


def test_every_step_is_shown_with_its_settings(xray: Xray) -> None:
    ran = xray("recipes", "--steps")
    assert ran.code == 0, ran.err
    told = " ".join(ran.out.split())
    assert "bilateral:" in told
    assert "rows: 128 # height of the result, in pixels (≥ 1, ≤ 8192)" in told


def test_pictures_are_prepared_by_it_and_anew_when_it_changes(xray: Xray, places: Places, tmp_path: Path) -> None:
    write_archive(tmp_path / "in", ArchiveSettings(pictures=3, side=128, seed=5, broken=False), workers=1)
    ran = xray("ingest", tmp_path / "in")
    assert ran.code == 0, ran.err
    first = made_by_the_file(places)
    assert xray("status").code == 0
    assert "up to date" in xray("run", "--select", f"{TENSORS_ASSET},patches").err
    (places.recipes / "mine.yaml").write_text(RECIPE.replace("3", "1.5"), encoding="utf-8")
    ran = xray("run", "--select", f"{TENSORS_ASSET},patches")
    assert ran.code == 0, ran.err
    assert "up to date" not in ran.err
    second = made_by_the_file(places)
    assert second != first
    assert {first, second} <= set(TENSORS.read(places)["recipe"]), "tensors of another recipe stay"
    ran = xray("export", tmp_path / "out", "--recipe", "mine", "--side", 40)
    assert ran.code == 0, ran.err
    assert len(list((tmp_path / "out").glob("*.png"))) == 3


def made_by_the_file(places: Places) -> str:
    """Hold the newest tensors against the recipe in the file, done by hand, and return its id."""
    recipe = named_recipe("mine", 48, known_recipes(places))
    rows = read_rows(places, recipe.id, BATCH)
    standard, batch = STANDARD_IMAGES.read(places, BATCH).set_index("image"), StandardImageBatch.open(places, BATCH)
    assert len(rows) == len(standard) == 3
    for image, tensor in zip(rows["image"], read_tensors(places, recipe.id, rows), strict=True):
        window = tuple(standard.loc[image, ["window_low", "window_high"]].astype(float))
        by_hand = recipe.apply(read_standard_image(batch[image]), window)
        np.testing.assert_allclose(tensor, by_hand / 65535, atol=1e-6)
    return recipe.id


def test_the_launchpad_offers_it_to_all_that_read_tensors(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_ROOT", str(places.root))
    offered = {}
    for asset in definitions().assets or ():
        assert isinstance(asset, dg.AssetsDefinition)
        config = asset.op.config_schema.as_field().config_type if asset.op.config_schema else None
        if config is not None and "recipe" in getattr(config, "fields", {}):
            offered[asset.key.to_user_string()] = config.fields["recipe"]  # type: ignore[attr-defined]
    assert {"patches", "pca_residual", "attention_cnn"} <= offered.keys()
    for field in offered.values():
        assert "mine" in {value.config_value for value in field.config_type.enum_values}
    assert offered["patches"].default_value == "mine"
    assert offered["pca_residual"].default_value == "default"
