"""The asset graph cannot change unseen."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from syrupy.assertion import SnapshotAssertion

from xray_platform.defs.freshness import Graph
from xray_platform.defs.graph import assets, definitions
from xray_platform.defs.launchpad import MODEL_SETTINGS, combined_settings, part_of
from xray_platform.defs.materializations import LastMaterializations
from xray_platform.defs.model_store import current_record
from xray_platform.errors import DataError
from xray_platform.models.all import MODELS
from xray_platform.tables.places import Places
from xray_platform.training.training_settings import TrainingSettings


def drawn() -> list[str]:
    specs = [spec for asset in assets() for spec in asset.definition().specs]
    return sorted(
        f"{spec.group_name}/{spec.key.to_user_string()} v{spec.code_version} "
        f"{'by batch' if spec.partitions_def else 'whole'} <- "
        + ", ".join(sorted(dep.asset_key.to_user_string() for dep in spec.deps))
        for spec in specs
    )


def test_assets_their_groups_partitions_and_inputs(snapshot: SnapshotAssertion) -> None:
    assert drawn() == snapshot


def test_checks_jobs_schedules_and_sensors(snapshot: SnapshotAssertion) -> None:
    loaded = definitions()
    checks = [
        f"{spec.asset_key.to_user_string()}: {spec.name}{' (blocking)' if spec.blocking else ''}"
        for found in loaded.asset_checks or []
        if isinstance(found, dg.AssetChecksDefinition)
        for spec in found.check_specs
    ]
    others = [found.name for found in [*(loaded.jobs or []), *(loaded.schedules or []), *(loaded.sensors or [])]]
    assert sorted(checks) + sorted(others) == snapshot


def test_identity_schema_and_leakage_block() -> None:
    blocking = {
        (spec.asset_key.to_user_string(), spec.name)
        for found in definitions().asset_checks or []
        if isinstance(found, dg.AssetChecksDefinition)
        for spec in found.check_specs
        if spec.blocking
    }
    assert {("images", "identity"), ("images", "schema"), ("quality", "identity"), ("splits", "leakage")} <= blocking


def test_every_model_of_the_tables_has_its_assets() -> None:
    names = {spec.key.to_user_string() for asset in assets() for spec in asset.definition().specs}
    for model in MODELS:
        assert {model, f"{model}_scores", f"{model}_report"} <= names


def test_the_launchpad_speaks_the_words_of_the_settings() -> None:
    config = MODEL_SETTINGS["attention_cnn"]
    training = part_of(TrainingSettings, config.model_validate({"epochs": 3}))
    assert training == TrainingSettings(epochs=3)
    for name, field in TrainingSettings.model_fields.items():
        assert config.model_fields[name].description == field.description


def test_two_settings_with_one_name_are_refused() -> None:
    with pytest.raises(TypeError, match="share the fields"):
        combined_settings("twice", TrainingSettings, TrainingSettings)


def test_what_is_downstream_of_something_pending_is_pending() -> None:
    keys = [dg.AssetKey(name) for name in "abc"]
    specs = [
        dg.AssetSpec(keys[0], code_version="1"),
        dg.AssetSpec(keys[1], deps=[keys[0]], code_version="1"),
        dg.AssetSpec(keys[2], deps=[keys[1]], code_version="1"),
    ]
    graph = Graph(reversed(specs))
    assert list(graph.specs) == keys
    with dg.DagsterInstance.ephemeral() as instance:
        assert graph.pending(LastMaterializations(instance), keys) == keys
        assert graph.pending(LastMaterializations(instance), keys[1:]) == keys[1:]


def test_a_model_that_is_not_trained_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="attention_cnn is not trained yet; materialise it first"):
        current_record(Places(tmp_path), "attention_cnn")


def test_the_definitions_are_loaded_without_what_takes_seconds_to_import() -> None:
    """`xray status`, the code server and each run load them; torch, MLflow and matplotlib wait for who needs them."""
    slow = {"torch", "mlflow", "lightning", "matplotlib", "great_expectations", "monai"}
    program = "import sys; from xray_platform.defs.graph import definitions; definitions(); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert slow & set(ran.stdout.split()) == set()
