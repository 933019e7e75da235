"""Validation: what fails is counted; no value is shown, and none stays anywhere after it was corrected."""

from pathlib import Path

import pytest

from xray_platform.defs.asset_result import AssetResult, markdown
from xray_platform.defs.expectations import identity_suite, schema_suite
from xray_platform.defs.validation import validate
from xray_platform.tables.all import LABELS
from xray_platform.tables.places import Places

PLANTED = ("KOWALSKA", "JANINA", "<script>alert", "ZQ@example.org")


def labels(*words: str, origin: str = "archive") -> list[dict[str, object]]:
    return [
        {
            "image": f"{number:016x}",
            "subject": "sub-0123456789abcdef",
            "origin": origin,
            "label": word,
            "abnormal": True,
            "split_given": None,
        }
        for number, word in enumerate(words)
    ]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    places = Places(tmp_path_factory.mktemp("store"))
    old = places.docs / "gx" / "uncommitted" / "validations" / "old.json"
    old.parent.mkdir(parents=True)
    old.write_text('{"partial_unexpected_list": ["KOWALSKA^JANINA"]}')
    return places


def test_failing_values_are_counted_and_reach_no_page_and_no_record(places: Places) -> None:
    frame = LABELS.frame(
        labels("KOWALSKA^JANINA", "<script>alert(1)</script>", "ZQ@example.org", "ill", origin="KOWALSKA")
    )
    said = [validate(places, suite, frame, "all") for suite in (schema_suite(LABELS), identity_suite(LABELS))]
    assert [found.passed for found in said] == [False, False]
    lines = [line for found in said for line in found.failures]
    assert any("'label'" in line and line.endswith("3 values fail") for line in lines)
    assert any("'origin'" in line and line.endswith("4 values fail") for line in lines)
    assert [word for word in PLANTED if any(word in line for line in lines)] == []
    assert kept(places) == [], "what an earlier version kept is gone too"


def test_a_value_that_was_corrected_left_nothing(places: Places) -> None:
    frame = LABELS.frame(labels("pneumonia", "normal"))
    assert validate(places, schema_suite(LABELS), frame, "all").passed
    assert kept(places) == []


def kept(places: Places) -> list[tuple[Path, str]]:
    files = [path for path in places.root.rglob("*") if path.is_file()]
    assert any(path.suffix == ".html" for path in files) or not files
    return [(path, word) for path in files for word in PLANTED if word.encode() in path.read_bytes()]


def test_what_the_user_interface_shows_of_rows_is_no_markup_and_has_no_labels() -> None:
    rows = labels("<b>KOWALSKA</b>", origin="<img src=x onerror=alert(1)> | [a](javascript:b)")
    shown = AssetResult(LABELS, LABELS.frame(rows)).describe()["first rows"].value
    assert "KOWALSKA" not in shown
    assert "<" not in shown
    assert "[a]" not in shown
    assert shown.splitlines()[-1].count("|") == 6
    assert "label" not in markdown(LABELS.frame([])[["image"]])
