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
