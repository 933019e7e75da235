"""`xray settings` tells what holds and why; `xray run --config` holds to another file."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.tables.places import Places
from xray_platform_tests.cli.conftest import Xray

SAID = "splits:\n  seed: 3\nquality: {max_depth: 4}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "xray.yaml").write_text(SAID)
    return tmp_path / "store"


def test_each_value_says_whether_it_is_the_default_or_on_which_line_it_was_set(xray: Xray, root: Path) -> None:
    rows = {(row["asset"], row["name"]): row for row in json.loads(xray("settings", "--json").out)}
    assert (rows["splits", "seed"]["value"], rows["splits", "seed"]["source"]) == (3, f"{root}/xray.yaml:2")
    assert (rows["quality", "max_depth"]["value"], rows["quality", "max_depth"]["source"]) == (4, f"{root}/xray.yaml:3")
    assert rows["attention_cnn", "epochs"]["source"] == "default"
    assert rows["attention_cnn", "epochs"]["allowed"] == "1 to 1000"


def test_only_what_was_changed_is_shown_where_that_is_asked_for(xray: Xray, root: Path) -> None:
    rows = json.loads(xray("settings", "--changed", "--json").out)
    assert {(row["asset"], row["name"]) for row in rows} == {("splits", "seed"), ("quality", "max_depth")}
    (root / "xray.yaml").unlink()
    ran = xray("settings", "--changed")
    assert (ran.code, ran.out) == (0, "")
    assert "Every setting is the default" in ran.err


def test_one_asset_is_shown_as_a_table(xray: Xray, root: Path) -> None:
    ran = xray("settings", "splits")
    assert ran.code == 0
    assert "seed" in ran.out
    assert "max_depth" not in ran.out
    ran = xray("settings", "split")
    assert ran.code == 2
    assert "no asset with settings is called 'split'; there are attention_cnn" in ran.err


def test_an_editor_refuses_by_the_schema_what_the_platform_refuses(xray: Xray, root: Path) -> None:
    schema = json.loads(xray("settings", "--schema").out)
    Draft202012Validator.check_schema(schema)
    editor = Draft202012Validator(schema)
    assert editor.is_valid({"splits": {"seed": 3}, "quality": {"max_depth": 4}})
    refused: list[dict[str, dict[str, object]]] = [
        {"split": {}},
        {"splits": {"sead": 3}},
        {"quality": {"max_depth": 0}},
        {"splits": {"seed": "many"}},
    ]
    for wrong in refused:
        assert not editor.is_valid(wrong), wrong


def test_a_run_holds_to_another_file_and_what_it_made_is_out_of_date_by_the_stores_own(
    xray: Xray, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "one").write_text("one")
    plan_batches(Places(root), tmp_path / "source")
    (tmp_path / "other.yaml").write_text("splits: {seed: 5}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_SETTINGS", "")  # what the command sets here is taken back
        ran = xray("run", "--select", "key:labels,key:splits", "--config", tmp_path / "other.yaml")
        assert ran.code == 0, ran.err
        ran = xray("run", "--select", "key:labels,key:splits", "--config", tmp_path / "other.yaml")
        assert "nothing to do" in ran.err
    ran = xray("run", "--select", "key:labels,key:splits")
    assert ran.code == 0, ran.err
    assert "nothing to do" not in ran.err, "the store's own file says another seed"
    ran = xray("run", "--config", tmp_path / "gone.yaml")
    assert ran.code == 2
    assert "gone.yaml is no file" in ran.err
