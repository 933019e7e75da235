"""A model URI of MLflow stands for the weights of the network that was registered, and for nothing that was changed."""

import hashlib
from pathlib import Path

import pytest

from xray_platform.detectors.backbone import graph_digest, read_backbone
from xray_platform.detectors.patch_distance import PatchDistanceSettings
from xray_platform.errors import InputError, StoreError
from xray_platform.tracking import registry
from xray_platform.tracking.mlflow_store import Tracking
from xray_platform.tracking.registered_weights import WEIGHTS, is_model_uri, registered_weights, with_registered
from xray_platform.training.openvino_graph import load_graph
from xray_platform.training.transfer_settings import TransferSettings
from xray_platform_tests.tracking.champions import promoted


def test_version_and_alias_stand_for_the_same_file_with_its_digest(copy: Tracking, runs: tuple[str, str]) -> None:
    promoted(copy, runs[0])
    weights = registered_weights(copy, "models:/xray-champion@champion")
    file, _, digest = weights.rpartition("#sha256=")
    assert hashlib.sha256(Path(file).read_bytes()).hexdigest() == digest
    assert Path(file).name == WEIGHTS
    assert TransferSettings(weights=weights).weights == weights, "it is what the setting takes"
    version = copy.client.get_model_version_by_alias("xray-champion", "champion").version
    assert registered_weights(copy, f"models:/xray-champion/{version}") == weights


def test_a_backbone_stands_for_the_folder_of_the_graph_with_its_digest(copy: Tracking, runs: tuple[str, str]) -> None:
    promoted(copy, runs[0])
    uri, settings = with_registered(copy, PatchDistanceSettings(backbone="models:/xray-champion@champion"))
    assert uri == "models:/xray-champion@champion"
    folder, _, digest = str(settings.model_dump()["backbone"]).partition("#sha256=")
    assert graph_digest(load_graph(Path(folder))) == digest
    read_backbone(f"{folder}#sha256={digest}")
    assert with_registered(copy, PatchDistanceSettings()) == ("", PatchDistanceSettings())
    with pytest.raises(InputError, match=r"backbone models:/nobody/1: .*registered models: .*xray-champion"):
        with_registered(copy, PatchDistanceSettings(backbone="models:/nobody/1"))


def test_a_model_that_is_not_there_is_told_with_those_that_are(copy: Tracking, runs: tuple[str, str]) -> None:
    promoted(copy, runs[0])
    for uri in ("models:/nobody/1", "models:/xray-champion/99", "models:/xray-champion@nobody"):
        with pytest.raises(InputError, match=r"registered models: .*xray-champion"):
            registered_weights(copy, uri)
    with pytest.raises(InputError, match="is no model URI"):
        registered_weights(copy, "models:/xray-champion")


def test_changed_weights_are_refused(copy: Tracking, runs: tuple[str, str]) -> None:
    promoted(copy, runs[0])
    file = registry.champion_bundle(copy).model_folder / WEIGHTS
    file.write_bytes(file.read_bytes() + b"0")
    with pytest.raises(StoreError, match=r"holds a changed model/weights\.safetensors"):
        registered_weights(copy, "models:/xray-champion@champion")


@pytest.mark.parametrize(
    ("weights", "said"),
    [("models:/a/3", True), ("models:/a@champion", True), ("models:/a", False), ("imagenet", False), ("", False)],
)
def test_what_a_model_uri_is(weights: str, said: bool) -> None:
    assert is_model_uri(weights) is said
    if weights != "models:/a":
        TransferSettings(weights=weights)
