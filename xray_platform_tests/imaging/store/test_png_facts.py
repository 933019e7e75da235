"""PNG facts: allowed facts travel and come back, nothing else does, and any viewer still reads the picture."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from xray_platform.errors import InputError
from xray_platform.imaging.store.png_facts import ALLOWED, encode_png, fitting_facts, read_facts, write_png
from xray_platform.tables.all import IMAGES
from xray_platform_tests.imaging.tiny_store import soft_picture

FACTS: dict[str, Any] = {
    "modality": "DX", "view_position": "PA", "sex": "F", "age_years": 47.5, "bits_stored": 12, "lossy": False,
    "manufacturer": "Älvsjö Röntgen (X-1)", "spacing_mm": 0.143, "photometric": "MONOCHROME2", "image": "0" * 16,
}  # fmt: skip


def test_facts_come_back_and_the_picture_keeps_its_sixteen_bits(tmp_path: Path) -> None:
    picture = soft_picture(0, top=65535)
    path = tmp_path / "picture.png"
    write_png(path, picture, {**FACTS, "transfer_syntax": None})
    assert read_facts(path) == FACTS
    np.testing.assert_array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), picture)
    with Image.open(path) as seen:
        np.testing.assert_array_equal(np.asarray(seen), picture)
        texts = {name: text for name, text in seen.info.items() if str(name).startswith("xray:")}
    assert texts["xray:manufacturer"] == "Älvsjö Röntgen (X-1)"
    assert len(texts) == len(FACTS)


@pytest.mark.parametrize("name", ["patient_name", "subject", "study", "study_date", "file", "sha256", "source"])
def test_a_fact_that_is_not_allowed_does_not_travel(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} may not travel") as refused:
        encode_png(np.zeros((2, 2), np.uint8), {"modality": "DX", name: "Doe^Jane"})
    assert "Doe" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sex", "female"),
        ("age_years", 104),
        ("bits_stored", 12.5),
        ("bits_stored", True),
        ("lossy", "no"),
        ("image", "Doe"),
        ("manufacturer", "made for Jane Doe, born 1 January 1970, who lives in the house at the corner"),
        ("manufacturer", "two\nlines"),
        ("spacing_mm", float("nan")),
    ],
)
def test_a_value_that_does_not_fit_its_column_is_refused_without_being_told(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"the fact {name} does not fit") as refused:
        encode_png(np.zeros((2, 2), np.uint8), {name: value})
    assert "Doe" not in str(refused.value)


def test_of_a_row_only_what_may_and_can_travel_does() -> None:
    row = {"modality": "DX", "subject": "S1", "age_years": float("nan"), "sex": None, "manufacturer": "x" * 65}
    assert fitting_facts(row) == {"modality": "DX"}


def test_allowed_facts_identify_no_one() -> None:
    assert not any(column.identifying for column in ALLOWED.values())
    never = {"subject", "study", "study_date", "file", "file_sha256", "sha256"}
    assert not never & set(ALLOWED)
    assert {column.name for column in IMAGES.columns} - never - {"batch"} <= set(ALLOWED)


@given(
    age=st.floats(0, 90),
    bits=st.integers(1, 16),
    lossy=st.booleans(),
    maker=st.text(st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_characters="\x7f"), max_size=64),
)
def test_any_allowed_value_comes_back(
    tmp_path_factory: pytest.TempPathFactory, age: float, bits: int, lossy: bool, maker: str
) -> None:
    facts: dict[str, Any] = {"age_years": age, "bits_stored": bits, "lossy": lossy}
    if maker.isprintable():
        facts["manufacturer"] = maker
    path = tmp_path_factory.getbasetemp() / "any.png"
    write_png(path, np.zeros((3, 2), np.uint8), facts)
    assert read_facts(path) == facts


def test_foreign_and_damaged_chunks_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    good = encode_png(np.zeros((3, 3), np.uint8), {"modality": "DX", "sex": "M"})
    path.write_bytes(good.replace(b"xray:sex", b"xray:sux"))  # the checksum no longer holds
    assert read_facts(path) == {"modality": "DX"}
    cv2.imwrite(str(path), np.zeros((3, 3), np.uint8))
    assert read_facts(path) == {}


def test_what_is_no_png_or_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"GIF89a")
    with pytest.raises(InputError, match="is no PNG"):
        read_facts(path)
    path.write_bytes(encode_png(np.zeros((30, 30), np.uint8), FACTS)[:-9])
    with pytest.raises(InputError, match="is cut off"):
        read_facts(path)
    with pytest.raises(InputError, match="cannot read"):
        read_facts(tmp_path / "nothing.png")


def test_colour_and_real_numbers_are_refused() -> None:
    for pixels in (np.zeros((3, 3, 3), np.uint8), np.zeros((3, 3), np.float32), np.zeros((0, 3), np.uint8)):
        with pytest.raises(InputError, match="a PNG takes uint8 or uint16"):
            encode_png(pixels, {})
