"""What `dataset.yaml` may say, and that what it may not is refused with its line."""

from pathlib import Path

import pytest

from xray_platform.defs.dataset_file import dataset_digest, read_dataset
from xray_platform.errors import StoreError
from xray_platform.evaluation.dataset.description import DatasetDescription, entries
from xray_platform.evaluation.dataset.example import EXAMPLE
from xray_platform.tables.places import Places
from xray_platform_tests.house.reference import ROOT


def read(root: Path, text: str) -> DatasetDescription:
    (root / "dataset.yaml").write_text(text, encoding="utf-8")
    return read_dataset(Places(root))


def test_a_store_without_one_says_nothing(tmp_path: Path) -> None:
    said = read_dataset(Places(tmp_path))
    assert not said.said
    assert all(text is None for _, text, _ in entries(said))
    assert dataset_digest(Places(tmp_path)) == ""


def test_the_example_says_what_it_says(tmp_path: Path) -> None:
    said = read(tmp_path, EXAMPLE)
    assert [source.origin for source in said.sources] == ["north", "south"]
    assert said.sources[0].dates == "2015-03 to 2019-12-31"
    assert said.sources[1].dates == "2017 to 2018"
    assert said.reference_standard.agreement == "Cohen's kappa 0.81 on all examinations"
    found = {name: text for name, text, _ in entries(said)}
    assert found["out_of_scope_use"] == "children; lateral views; any decision about a patient"
    assert found["sources.north.institution"] == "University hospital, department of radiology"
    assert found["protocol"] is None


def test_the_guide_shows_the_example_that_the_command_prints() -> None:
    assert f"```yaml\n{EXAMPLE}```" in (ROOT / "docs/guides/describe_data.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("name: a\nlicense: b\n", 2, "there is no field 'license'; allowed: name, version"),
        ("sources:\n  - origin: a\n    maker: b\n", 3, "there is no field 'sources.0.maker'; allowed: origin, name"),
        ("reference_standard:\n  reader: b\n", 2, "'reference_standard.reader'; allowed: definition, rationale"),
        ("sources:\n  - name: b\n", 2, "sources.0.origin: field required"),
        ("sources:\n  - {origin: Söder}\n", 2, "sources.0.origin: "),
        ("sources:\n  - {origin: a}\n  - {origin: a}\n", 0, "the origin 'a' stands there twice"),
        ("sources:\n- origin: a\n  collected_from: March\n", 3, "a day is written YYYY"),
        ("sources:\n- origin: a\n  collected_from: 2015-13\n", 3, "a day is written YYYY"),
        (
            "sources:\n- origin: a\n  collected_from: 2016\n  collected_to: 2015-12\n",
            2,
            "is before collected_from 2016",
        ),
        ("name: a\nversion: 1.1\n", 2, "version: input should be a valid string"),
        ("design: both\n", 1, "design: input should be 'prospective' or 'retrospective'"),
        ("name: ''\n", 1, "name: string should have at least 1 character"),
        ('name: "a\\x1b[31m"\n', 1, "name: it holds control signs"),
        (f"name: {'a' * 4001}\n", 1, "name: string should have at most 4000 characters"),
        ("name: a\nname: b\n", 2, "name is set a second time; it is set on line 1"),
        ("- a\n", 0, "must hold fields and what they say"),
        ("name: [\n", 0, "cannot be read"),
        ("name: !!python/object/apply:os.system [ls]\n", 0, "cannot be read"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(StoreError) as refused:
        read(tmp_path, text)
    assert words in str(refused.value)
    assert str(refused.value).startswith(f"{tmp_path / 'dataset.yaml'}{f':{line}' if line else ''}")


def test_days_of_the_same_month_are_no_contradiction(tmp_path: Path) -> None:
    said = read(tmp_path, "sources:\n- {origin: a, collected_from: 2015-03-09, collected_to: 2015-03}\n")
    assert said.sources[0].dates == "2015-03-09 to 2015-03"


def test_another_text_is_another_digest(tmp_path: Path) -> None:
    digests = set()
    for text in ("name: a\n", "name: b\n", "# a remark\nname: b\n"):
        read(tmp_path, text)
        digests.add(dataset_digest(Places(tmp_path)))
    assert len(digests) == 2
