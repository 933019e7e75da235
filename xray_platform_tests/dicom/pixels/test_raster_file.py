"""JPEG and PNG files: their pixels, and every way in which they break off."""

import imagecodecs
import numpy as np
import pytest

from xray_platform.dicom.pixels.decode import UndecodableError
from xray_platform.dicom.pixels.raster_file import open_still, still_values
from xray_platform_tests.dicom import made

GREY = made.chest(40, 30, bits=8).astype(np.uint8)
DEEP = made.chest(40, 30, bits=16)


def png(pixels: np.ndarray) -> bytes:
    return bytes(imagecodecs.png_encode(pixels))


def test_a_png_comes_back_in_eight_and_sixteen_bits() -> None:
    for pixels, bits in ((GREY, 8), (DEEP, 16)):
        still = open_still(png(pixels), "png")
        assert (still.rows, still.columns, still.precision, still.lossy, still.flaws) == (40, 30, bits, False, ())
        np.testing.assert_array_equal(still_values(still), pixels)


def test_a_jpeg_comes_back_nearly() -> None:
    still = open_still(bytes(imagecodecs.jpeg8_encode(GREY, level=95)), "jpeg")
    assert (still.rows, still.columns, still.samples, still.lossy, still.flaws) == (40, 30, 1, True, ())
    assert np.abs(still_values(still).astype(int) - GREY).mean() < 6


def test_alpha_is_dropped() -> None:
    rgba = np.dstack([GREY, GREY, GREY, np.full_like(GREY, 255)])
    assert still_values(open_still(png(rgba), "png")).shape == (40, 30, 3)


@pytest.mark.parametrize("form", ["jpeg", "png"])
def test_a_file_that_breaks_off_is_noticed_wherever_it_does(form: str) -> None:
    data = imagecodecs.jpeg8_encode(GREY) if form == "jpeg" else png(GREY)
    for cut in (4, 30, len(data) // 2, len(data) - 3):
        (flaw,) = open_still(data[:cut], form).flaws  # type: ignore[arg-type]
        assert flaw.code in {"Q003", "Q004"}


def test_a_thumbnail_does_not_pass_for_the_end_of_a_jpeg() -> None:
    data = bytes(imagecodecs.jpeg8_encode(GREY))
    thumbnail = b"\xff\xe1\x00\x0cExif\0\0\xff\xd8\xff\xd9"
    whole = data[:2] + thumbnail + data[2:]
    assert open_still(whole, "jpeg").flaws == ()
    assert [flaw.code for flaw in open_still(whole[: len(whole) // 2], "jpeg").flaws] == ["Q004"]


def test_bytes_after_the_end_are_counted() -> None:
    for data, form in ((imagecodecs.jpeg8_encode(GREY), "jpeg"), (png(GREY), "png")):
        (flaw,) = open_still(bytes(data) + b"hidden note", form).flaws  # type: ignore[arg-type]
        assert flaw.code == "Q005"
        assert flaw.evidence.startswith("11 bytes")


def test_a_damaged_stream_is_undecodable() -> None:
    data = bytearray(png(GREY))
    data[60] ^= 0xFF
    with pytest.raises(UndecodableError, match="PNG"):
        still_values(open_still(bytes(data), "png"))
