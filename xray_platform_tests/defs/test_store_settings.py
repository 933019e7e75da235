"""What `xray.yaml` says holds for launchpad, schedule and command, and what it may not say is told in one line."""

import re
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from xray_platform.defs import graph
from xray_platform.defs.asset import PlatformAsset
from xray_platform.defs.graph import definitions
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.materializations import LastMaterializations
from xray_platform.defs.models import NAMES
from xray_platform.errors import StoreError
from xray_platform.tables.places import Places

KEYS = [dg.AssetKey("labels"), dg.AssetKey("splits")]


def newer_version(asset: PlatformAsset) -> PlatformAsset:
    return replace(asset, declared=replace(asset.declared, version="next"))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XRAY_ROOT", str(tmp_path))
    return tmp_path


def begins_with(name: str, setting: str) -> object:
    """Return what a launchpad, and so a scheduled run, begins with."""
    (asset,) = (found for found in definitions().assets or () if getattr(found, "key", None) == dg.AssetKey(name))
    assert isinstance(asset, dg.AssetsDefinition)
    field = asset.op.config_schema.as_field().config_type.fields[setting]  # type: ignore[attr-defined]
    return field.default_value


def test_launchpad_and_schedule_begin_with_the_settings_of_the_store(root: Path) -> None:
    assert begins_with("attention_cnn", "epochs") == 12
    (root / "xray.yaml").write_text("attention_cnn: {epochs: 3}\nquality:\n  max_depth: 4\n")
    assert begins_with("attention_cnn", "epochs") == 3
    assert begins_with("attention_cnn", "patience") == 12
    assert begins_with("quality", "max_depth") == 4


def test_checks_on_models_begin_with_the_settings_of_the_store(root: Path) -> None:
    def minima() -> dict[str, object]:
        found = [checks for checks in definitions().asset_checks or [] if isinstance(checks, dg.AssetChecksDefinition)]
        fields = {
            checks.op.name: getattr(checks.op.config_schema.as_field().config_type, "fields", {}) for checks in found
        }
        return {name: each["minimum_auroc"].default_value for name, each in fields.items() if "minimum_auroc" in each}

    usual = minima()
    assert {f"{NAMES[0]}_checks", f"{NAMES[0]}_scores_checks", "champion_checks"} <= set(usual)
    assert set(usual.values()) == {0.6}
    (root / "xray.yaml").write_text("model_checks: {minimum_auroc: 0.9}\n")
    assert minima() == dict.fromkeys(usual, 0.9)


def test_an_asset_made_with_other_settings_or_other_code_is_out_of_date(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pending() -> list[str]:
        store = LocalRunner(Places(root), definitions())
        try:
            return [key.to_user_string() for key in store.graph.pending(LastMaterializations(store.instance), KEYS)]
        finally:
            store.close()

    store = LocalRunner(Places(root), definitions())
    outcomes = list(store.run(KEYS, lambda _: None))
    store.close()
    assert [outcome.failures for outcome in outcomes] == [{}]
    assert pending() == []
    (root / "xray.yaml").write_text("splits: {seed: 1}\n")
    assert pending() == ["splits"]
    (root / "xray.yaml").write_text("splits: {seed: 0}\n")
    assert pending() == [], "the default, said aloud, is the default"
    for raised, behind in (("splits", ["splits"]), ("labels", ["labels", "splits"])):
        newer = [newer_version(asset) if asset.name == raised else asset for asset in graph.assets()]
        with monkeypatch.context() as patch:
            patch.setattr(graph, "assets", lambda _, newer=newer: newer)
            assert pending() == behind
    assert pending() == []


def test_settings_that_do_not_go_together_fail_a_run_in_one_line(root: Path) -> None:
    """The launchpad looks at each value for itself; what two of them say together is seen when the run begins."""
    store = LocalRunner(Places(root), definitions())
    (outcome,) = store.run(KEYS, lambda _: None, config={"splits": {"train_share": 0.9, "val_share": 0.3}})
    store.close()
    assert outcome.failures == {"splits": "train_share 0.9 + val_share 0.3 must be at most 1"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("qualty: {max_depth: 3}", "'qualty' has no settings; allowed: attention_cnn"),
        ("quality: {depth: 3}", "quality: there is no setting 'depth'; allowed: pixels, max_file_mib"),
        ("quality: {max_depth: 0}", "quality: max_depth: found 0; input should be greater than or equal to 1"),
        ("patches: {recipe: nice}", "patches: recipe: found 'nice'; input should be 'default'"),
        (
            "splits: {train_share: 0.9, val_share: 0.3}",
            "xray.yaml:1: splits: train_share 0.9 + val_share 0.3 must be at most 1",
        ),
        ("one_class_svm: {side: 100}", "one_class_svm: there is no setting 'side'; allowed: tensor_side, recipe"),
        (
            "attention_cnn: {spatial_kernel: 4}",
            "spatial_kernel: found 4; a spatial kernel of 4 has no centre; allowed",
        ),
        ("- quality", "must hold assets, and below each of them its settings"),
        ("quality: [", "cannot be read: while parsing"),
    ],
)
def test_what_it_may_not_say_is_told_in_one_line(root: Path, text: str, words: str) -> None:
    (root / "xray.yaml").write_text(text)
    with pytest.raises(StoreError) as told:
        definitions()
    assert words in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("quality:\n  max_depth: 4\nsplits: {seed: 1}\nqualty: {}\n", "xray.yaml:4: 'qualty' has no settings"),
        ("quality:\n  pixels: true\n\n  depth: 3\n", "xray.yaml:4: quality: there is no setting 'depth'"),
        ("quality:\n  # deeper\n  max_depth: 0\n", "xray.yaml:3: quality: max_depth: found 0"),
        ("splits: {seed: 1}\n\nsplits: {seed: 2}\n", "xray.yaml:3: splits is set a second time; it is set on line 1"),
        ("splits:\n  seed: 1\n  seed: 2\n", "xray.yaml:3: splits.seed is set a second time; it is set on line 2"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(root: Path, text: str, words: str) -> None:
    (root / "xray.yaml").write_text(text)
    with pytest.raises(StoreError, match=re.escape(words)):
        definitions()


def test_a_file_beside_the_store_holds_instead_of_its_own(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "xray.yaml").write_text("attention_cnn: {epochs: 3}\n")
    (root / "other.yaml").write_text("attention_cnn: {patience: 2}\n")
    monkeypatch.setenv("XRAY_SETTINGS", str(root / "other.yaml"))
    assert begins_with("attention_cnn", "patience") == 2
    assert begins_with("attention_cnn", "epochs") == 12
