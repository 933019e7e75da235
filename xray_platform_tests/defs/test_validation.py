"""Validation: what fails is counted; no value is shown, and none stays anywhere after it was corrected."""

import re
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


def test_only_the_last_pages_of_a_part_stay_and_the_first_page_leads_to_the_newest(tmp_path: Path) -> None:
    places, frame = Places(tmp_path), LABELS.frame(labels("pneumonia"))
    for part in ("batch-0001", *["batch-0002"] * 7):
        said = validate(places, schema_suite(LABELS), frame, part)
    pages = sorted((places.docs / "labels" / "schema" / "batch-0002").iterdir())
    assert len(pages) == 5
    assert said.address == f"/store/docs/{pages[-1].relative_to(places.docs).as_posix()}"
    first = said.page.read_text()
    assert first.count("✓ passed") == 2
    assert f'href="{pages[-1].relative_to(places.docs).as_posix()}"' in first
    others = {path.name for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".html"}
    assert others == {".lock", "validated.json"}, "nothing grows with each validation"


def test_pages_fetch_nothing_from_elsewhere(places: Places) -> None:
    pages = list(places.docs.rglob("*.html"))
    assert len(pages) > 1
    for page in pages:
        assert "Evaluated Expectations" in page.read_text() or page.name == "index.html"
        assert re.findall(r"""(?:src|href|url)\W{0,3}https?:""", page.read_text()) == []


def test_no_link_leads_nowhere(places: Places) -> None:
    pages = [(page, page.read_text()) for page in places.docs.rglob("*.html")]
    links = [(page, link) for page, text in pages for link in re.findall(r'href="([^"#]+)', text)]
    assert len(links) > 3
    assert [link for page, link in links if not (page.parent / link).is_file()] == []


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
