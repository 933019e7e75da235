"""What is said of age, sex and view is taken as DICOM writes it, and refused with what is allowed where it is not."""

import pytest

from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.errors import InputError
from xray_platform.serving.said_facts import said_facts, said_value, unused


@pytest.mark.parametrize(
    ("said", "years"),
    [
        ("0", 0),
        ("63", 63),
        (" 63 ", 63),
        ("0.5", 0.5),
        ("063Y", 63),
        ("006m", 0.5),
        ("149.9", 149.9),
        (63, 63),
        (63.0, 63),
    ],
)
def test_an_age_is_years_or_as_dicom_writes_it(said: object, years: float) -> None:
    assert said_value("age", said) == pytest.approx(years)


@pytest.mark.parametrize(
    "said",
    [
        "-1",
        "150",
        "150Y",
        "999",
        1e9,
        "nan",
        "inf",
        "old",
        "6_3",
        "1e1",
        "63,5",
        "٦٣",
        "0x10",
        "63 years",
        "19600101",
        True,
    ],
)
def test_what_is_no_age_is_refused_with_what_is_allowed(said: object) -> None:
    with pytest.raises(InputError, match=r"^age '.*' is not allowed; allowed: years from 0 to below 150") as refused:
        said_value("age", said)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "said", "allowed"),
    [
        ("sex", "female", "M, F, O, as DICOM"),
        ("sex", "X", "M, F, O, as DICOM"),
        ("sex", 1, "M, F, O, as DICOM"),
        ("view", "frontal", "AP, PA, LL, .*LATERAL, as DICOM"),
        ("view", "PA\nAP", "AP, PA, LL, .*LATERAL, as DICOM"),
    ],
)
def test_a_word_that_is_not_dicoms_is_refused_with_those_that_are(name: str, said: object, allowed: str) -> None:
    with pytest.raises(InputError, match=f"^{name} '.*' is not allowed; allowed: {allowed}") as refused:
        said_value(name, said)
    assert "\n" not in str(refused.value)


def test_a_very_long_value_is_not_told_whole() -> None:
    with pytest.raises(InputError) as refused:
        said_value("view", "P" * 10_000)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("nothing", [None, "", "  ", float("nan")])
def test_nothing_is_not_known_and_no_mistake(nothing: object) -> None:
    assert said_facts({"age": nothing, "sex": nothing, "view": nothing}) == ClinicalFacts()
    assert said_facts({}) == ClinicalFacts()


def test_small_letters_are_the_same_word() -> None:
    assert said_facts({"sex": " f", "view": "lateral"}) == ClinicalFacts(None, "F", "LATERAL")


def test_what_a_model_does_not_take_is_told_once() -> None:
    said = [ClinicalFacts(63.0), ClinicalFacts(63.0, "F"), ClinicalFacts()]
    assert list(unused(said, "resnet", ())) == [
        "resnet takes no clinical columns; what is said of age and sex is not used"
    ]
    assert list(unused(said, "resnet", ("age", "view"))) == [
        "resnet takes age and view alone; what is said of sex is not used"
    ]
    assert not [*unused(said, "resnet", ("age", "sex")), *unused([ClinicalFacts()], "resnet", ()), *unused([], "a", ())]
