"""`xray dataset`: what is said, what is missing, and an example that can be used as it stands."""

import json
from pathlib import Path

from xray_platform_tests.cli.conftest import Xray


def test_the_example_is_a_file_that_can_be_used(xray: Xray, tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (store / "dataset.yaml").write_text(xray("dataset", "--example").out, encoding="utf-8")
    said = json.loads(xray("dataset", "--json").out)
    assert said["sources"][1]["origin"] == "south"
    assert said["protocol"] is None


def test_what_is_missing_is_named(xray: Xray) -> None:
    ran = xray("dataset")
    assert ran.code == 0
    assert "Not reported" in ran.out
    assert "intended_use" in ran.out


def test_a_wrong_field_ends_it_with_its_line(xray: Xray, tmp_path: Path) -> None:
    (tmp_path / "store" / "data" / "raw").mkdir(parents=True)
    (tmp_path / "store" / "dataset.yaml").write_text("name: a\nlicense: b\n", encoding="utf-8")
    for words in (["dataset"], ["run"]):
        ran = xray(*words)
        assert ran.code == 1
        assert "dataset.yaml:2: there is no field 'license'" in ran.err


def test_the_schema_is_one(xray: Xray) -> None:
    schema = json.loads(xray("dataset", "--schema").out)
    assert schema["additionalProperties"] is False
    assert {"sources", "reference_standard", "intended_use"} <= set(schema["properties"])
