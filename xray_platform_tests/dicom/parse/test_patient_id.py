"""Patient ID: placeholders name nobody, short IDs somebody."""

import pytest

from xray_platform.dicom.parse.patient_id import names_nobody


@pytest.mark.parametrize(
    "text",
    ["", "  ", "UNKNOWN", "Unknown", "anonymous", "N/A", "0000", "xxx", "^", "-", "NULL", "x", "#N/A", "not known"],
)
def test_placeholders_name_nobody(text: str) -> None:
    assert names_nobody(text)


@pytest.mark.parametrize("text", ["61", "1", "77", "4711", "Smith", "9RG1", "XA", "p", "B"])
def test_short_ids_name_somebody(text: str) -> None:
    assert not names_nobody(text)


@pytest.mark.parametrize(
    "text",
    [
        "TEST PATIENT", "PATIENT^UNKNOWN", "Unknown Male", "no patient ID", "NOT PROVIDED", "ANÓNIMO",
        "\N{FULLWIDTH LATIN CAPITAL LETTER N}\N{FULLWIDTH LATIN CAPITAL LETTER A}", "kein Name", "-1",
        "9999", "99999999",
    ],
)  # fmt: skip
def test_several_such_words_and_numbers_that_fill_a_form_name_nobody(text: str) -> None:
    assert names_nobody(text)


@pytest.mark.parametrize("text", ["patient 17", "ANON-0001", "No", "Herr", "Manna", "Nona", "Idano", "99", "1234"])
def test_numbered_and_named_persons_are_somebody(text: str) -> None:
    assert not names_nobody(text)
