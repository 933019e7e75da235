"""Label words: findings are known, names are not, and what is no known word is counted and never repeated."""

from pathlib import Path

import pytest

from xray_platform.dicom.intake.label_file import LabelRow
from xray_platform.dicom.intake.label_words import LabelWords, declare, known_words, new_labels
from xray_platform.errors import InputError, StoreError
from xray_platform.tables.places import Places

NAMES = (
    "KOWALSKA^JANINA", "Janina Kowalska", "Kowalska", "Smith, normal", "normal|Kowalska", "48213977", "482|13|97",
    "19470312", "1947", "<script>alert(1)</script>", "j.kowalska@example.org", "normal\nKowalska", "",
)  # fmt: skip


def rows(*said: tuple[str | None, str | None]) -> list[LabelRow]:
    return [LabelRow(label=label, subject_id=subject) for label, subject in said]


@pytest.mark.parametrize(
    "label",
    ["NORMAL", "PNEUMONIA", "No Finding", "Atelectasis|Infiltration|Pneumonia", "Pleural_Thickening", "covid-19",
     "No Lung Opacity / Not Normal", " Lung  Opacity ", "0", "1.0", "12", "Nodule; Mass", "Zapalenie płuc"],
)  # fmt: skip
def test_findings_are_known_however_they_are_written(label: str) -> None:
    assert LabelWords().know(label)


@pytest.mark.parametrize("label", NAMES)
def test_names_and_numbers_are_not(label: str) -> None:
    assert not LabelWords().know(label)


def test_a_word_that_several_subjects_have_looks_like_a_class_and_others_are_only_counted() -> None:
    found = new_labels(
        rows(("Crackpot lung", "1"), ("Crackpot lung", "2"), ("Janina Kowalska", "3"), ("Janina Kowalska", "3"),
             ("MRN48213977", "4"), ("MRN48213977", "5"), ("a^b", "4"), ("a^b", "6"), ("normal", "7"), (None, "8")),
        LabelWords(),
    )  # fmt: skip
    assert found.classes == ("Crackpot lung",)
    assert (found.class_rows, found.other_rows, found.rows) == (2, 6, 8)


def test_very_many_new_words_are_names() -> None:
    many = rows(*((f"word {chr(97 + n % 26)}{chr(97 + n // 26)}", str(m)) for n in range(60) for m in range(2)))
    assert new_labels(many, LabelWords()).classes == ()


def test_a_declared_word_is_known_from_then_on_in_the_raw_zone_alone(tmp_path: Path) -> None:
    places = Places(tmp_path)
    assert declare(places, ["Crackpot Lung", "normal"])
    assert not declare(places, ["crackpot_lung"])
    assert known_words(places).know("CRACKPOT-LUNG|Effusion")
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.parent for path in kept] == [places.raw]
    assert kept[0].stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("label", ["a^b", "<b>", "x" * 65, "a\x1b[31m", "j@example.org"])
def test_what_is_no_word_is_refused_without_repeating_it(tmp_path: Path, label: str) -> None:
    with pytest.raises(InputError, match="declared label number 1 is no word") as refused:
        declare(Places(tmp_path), [label])
    assert label not in str(refused.value)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("text", ["", "{}", "[1]", "\0"])
def test_a_damaged_list_is_an_error(tmp_path: Path, text: str) -> None:
    places = Places(tmp_path)
    places.raw.mkdir(parents=True)
    (places.raw / "label_words.json").write_text(text)
    with pytest.raises(StoreError, match="declared labels"):
        known_words(places)
