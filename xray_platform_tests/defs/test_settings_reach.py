"""What stands in the launchpad reaches the work: each asset hands its settings to the one call that it makes."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from xray_platform.defs.cohort import Cohort, data_digest, findings_digest
from xray_platform.defs.graph import assets, definitions
from xray_platform.defs.launchpad import MODEL_SETTINGS, TensorSettings, part_of
from xray_platform.defs.model_data import ModelData
from xray_platform.defs.models import NAMES
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.train import fit_on
from xray_platform.detectors.all import DETECTORS
from xray_platform.errors import DataError
from xray_platform.image_stack import ImageSource
from xray_platform.imaging.recipe import Recipe, default_recipe
from xray_platform.imaging.store.patch_settings import PatchSettings
from xray_platform.models.all import MODELS
from xray_platform.models.contract import FitContext
from xray_platform.models.detector import detector_model
from xray_platform.networks.all import NETWORKS
from xray_platform.settings import Settings
from xray_platform.tables.all import IMAGES, LABELS, LEADERBOARD
from xray_platform.tables.places import Places
from xray_platform.training.training_settings import TrainingSettings
from xray_platform_tests.other_values import other_value

MODEL = NAMES[0]
BATCH = "batch-0001"
CALLS = {
    "quality": ("xray_platform.defs.archive.examine_batch", "max_depth"),
    "images": ("xray_platform.defs.archive.publish_batch", "most_masked"),
    "splits": ("xray_platform.defs.archive.assign_splits", "seed"),
    "standard_images": ("xray_platform.defs.imaging.standardise_batch", "window_low_percent"),
    f"{MODEL}_scores": ("xray_platform.defs.evaluation_results.judge", "seed"),
    "champion": ("xray_platform.defs.evaluation_results.promote", "margin"),
}


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("XRAY_ROOT", str(tmp_path))
    places = Places(tmp_path)
    IMAGES.write(places, IMAGES.frame([]), BATCH)
    LABELS.write(places, LABELS.frame([]))
    return places


def made(name: str, config: Mapping[str, Any]) -> None:
    """Materialise one asset with these settings, as its button in the launchpad does."""
    key = dg.AssetKey(name)
    loaded = definitions()
    asset = next(asset for asset in loaded.assets or () if isinstance(asset, dg.AssetsDefinition) and asset.key == key)
    job = loaded.resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(BATCHES.name), [BATCH])
        job.execute_in_process(
            asset_selection=[key], instance=instance, partition_key=BATCH if asset.partitions_def else None,
            run_config={"ops": {name: {"config": dict(config)}}} if config else None, raise_on_error=False,
        )  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_the_settings_of_the_launchpad_reach_the_call(
    name: str, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, setting = CALLS[name]
    kind = next(asset for asset in assets() if asset.name == name).settings
    assert kind is not None
    heard: list[Settings] = []

    def stopped(*given: Any, **named: Any) -> None:
        heard.extend(value for value in [*given, *named.values()] if isinstance(value, Settings))
        raise DataError("far enough")

    monkeypatch.setattr(call, stopped)
    if name == "champion":
        monkeypatch.setattr(LEADERBOARD.__class__, "read", lambda *_: pd.DataFrame({"model": ["a"]}))
    config = {setting: other_value(kind(), setting)}
    made(name, config)
    assert heard == [kind.model_validate(config)]


def test_tensors_are_made_by_the_recipe_and_the_side_of_the_settings_file(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Recipe] = []

    def stopped(*given: Any, **_: Any) -> None:
        heard.extend(value for value in given if isinstance(value, Recipe))
        raise DataError("far enough")

    monkeypatch.setattr("xray_platform.defs.imaging.tensorise_batch", stopped)
    places.settings.write_text("patches: {tensor_side: 64, recipe: clahe}\n")
    made("tensors_clahe_64", {})
    (recipe,) = heard
    assert recipe.shape == (64, 64)
    assert recipe.id not in {default_recipe(64).id, default_recipe().id}


def test_patches_are_cut_as_the_launchpad_says(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []

    def stopped(*given: Any, **_: Any) -> None:
        heard.extend(given)
        raise DataError("far enough")

    monkeypatch.setattr("xray_platform.defs.imaging.index_batch", stopped)
    made("patches", {"tensor_side": 64, "side": 24, "stride": 12})
    assert heard[1:] == [BATCH, default_recipe(64).id, PatchSettings(side=24, stride=12)]


class InMemory(Cohort):
    """Twelve pictures; each is as grey as its number says."""

    def classes(self) -> tuple[str, ...]:
        return ("normal", "mass")

    def images(self, rows: pd.DataFrame) -> ImageSource:
        return np.stack([np.full((4, 4), number / 100, np.float32) for number in rows["row"]])


def cohort() -> Cohort:
    rows = pd.DataFrame(
        {"image": [f"{n:016x}" for n in range(12)], "batch": BATCH, "subject": [f"sub-{n:016x}" for n in range(12)],
         "abnormal": [n % 2 == 1 for n in range(12)],
         "findings": ["mass" if n % 2 else "normal" for n in range(12)],
         "split": (["train"] * 6 + ["val"] * 4 + ["test"] * 2),
         "recipe": "r", "row": range(12)}
    )  # fmt: skip
    return InMemory(cast("Places", SimpleNamespace(models=Path("nowhere"))), (default_recipe(32),), rows)


NO_PARTS = ModelData("default", (default_recipe(32),))
AROUND = FitContext(Path("nowhere"), lambda *_: None)


def test_a_detector_learns_from_the_normal_training_pictures_alone() -> None:
    heard: list[Any] = []

    class Heard:
        @classmethod
        def fit(cls, *given: Any, **_: Any) -> None:
            heard.extend(given)

    line = replace(DETECTORS["pca_residual"], detector=cast("Any", Heard))
    config = MODEL_SETTINGS["pca_residual"].model_validate({"rank": 5})
    fit_on(cohort(), detector_model(line), config, NO_PARTS, AROUND)
    normals, settings = heard
    assert np.rint(normals[:][:, 0, 0] * 100).tolist() == [0, 2, 4]
    assert settings == line.settings(rank=5)  # type: ignore[call-arg]


def test_a_network_learns_from_the_training_part_and_is_validated_on_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: dict[str, Any] = {}

    def fit(*given: Any, **named: Any) -> None:
        heard.update(zip(("network", "settings", "training", "train", "val"), given, strict=True), **named)

    monkeypatch.setattr("xray_platform.training.fit.fit_network", fit)
    config = MODEL_SETTINGS["attention_cnn"].model_validate({"epochs": 3, "seed": 7, "dropout": 0.4})
    fit_on(cohort(), MODELS["attention_cnn"], config, NO_PARTS, AROUND)
    assert heard["network"] == "attention_cnn"
    assert heard["settings"] == part_of(NETWORKS["attention_cnn"].settings, config)
    assert heard["training"] == TrainingSettings(epochs=3, seed=7)
    for part, numbers in (("train", range(6)), ("val", range(6, 10))):
        images, labels = heard[part]
        assert np.rint(images[:, 0, 0] * 100).tolist() == list(numbers)
        assert labels.tolist() == [n % 2 == 1 for n in numbers]
    assert heard["on_epoch"] is AROUND.on_epoch


def test_the_digest_of_the_data_knows_pictures_subjects_and_labels_and_not_their_order() -> None:
    rows = cohort().rows
    usual = data_digest(rows)
    assert data_digest(rows.sample(frac=1, random_state=1)) == usual
    assert data_digest(rows.assign(recipe="other", row=0, split="test")) == usual
    for changed in (
        rows.iloc[1:],
        rows.assign(abnormal=~rows["abnormal"]),
        rows.assign(subject="sub-0000000000000000"),
        rows.assign(image=rows["image"].str.replace("0", "a")),
    ):
        assert data_digest(changed) != usual
    assert findings_digest(rows.sample(frac=1, random_state=1)) == findings_digest(rows)
    assert findings_digest(rows.assign(findings="mass")) != findings_digest(rows)


def test_tensors_of_a_model_are_those_that_its_launchpad_names() -> None:
    for name in [name for name, kind in MODELS.items() if kind.parts is None]:
        config = MODEL_SETTINGS[name].model_validate({"tensor_side": 64, "recipe": "clahe"})
        assert part_of(TensorSettings, config) == TensorSettings(tensor_side=64, recipe="clahe")
