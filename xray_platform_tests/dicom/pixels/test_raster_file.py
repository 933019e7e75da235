"""JPEG and PNG files: their pixels, and every way in which they break off."""

import imagecodecs
import numpy as np
import pytest

from xray_platform.dicom.parse.flaws import FlawKind
from xray_platform.dicom.pixels.decode import UndecodableError
from xray_platform.dicom.pixels.raster_file import open_raster, raster_values
from xray_platform_tests.dicom import made

GREY = made.chest(40, 30, bits=8).astype(np.uint8)
DEEP = made.chest(40, 30, bits=16)


def png(pixels: np.ndarray) -> bytes:
    return bytes(imagecodecs.png_encode(pixels))


def test_a_png_comes_back_in_eight_and_sixteen_bits() -> None:
    for pixels, bits in ((GREY, 8), (DEEP, 16)):
        raster = open_raster(png(pixels), "png")
        assert (raster.rows, raster.columns, raster.precision, raster.lossy, raster.flaws) == (40, 30, bits, False, ())
        np.testing.assert_array_equal(raster_values(raster), pixels)


def test_a_jpeg_comes_back_nearly() -> None:
    raster = open_raster(bytes(imagecodecs.jpeg8_encode(GREY, level=95)), "jpeg")
    assert (raster.rows, raster.columns, raster.samples, raster.lossy, raster.flaws) == (40, 30, 1, True, ())
    assert np.abs(raster_values(raster).astype(int) - GREY).mean() < 6


def test_alpha_is_dropped() -> None:
    rgba = np.dstack([GREY, GREY, GREY, np.full_like(GREY, 255)])
    assert raster_values(open_raster(png(rgba), "png")).shape == (40, 30, 3)


@pytest.mark.parametrize("form", ["jpeg", "png"])
def test_a_file_that_breaks_off_is_noticed_wherever_it_does(form: str) -> None:
    data = imagecodecs.jpeg8_encode(GREY) if form == "jpeg" else png(GREY)
    for cut in (4, 30, len(data) // 2, len(data) - 3):
        (flaw,) = open_raster(data[:cut], form).flaws  # type: ignore[arg-type]
        assert flaw.kind in {FlawKind.UNREADABLE, FlawKind.TRUNCATED}


def test_a_thumbnail_does_not_pass_for_the_end_of_a_jpeg() -> None:
    data = bytes(imagecodecs.jpeg8_encode(GREY))
    thumbnail = b"\xff\xe1\x00\x0cExif\0\0\xff\xd8\xff\xd9"
    whole = data[:2] + thumbnail + data[2:]
    assert open_raster(whole, "jpeg").flaws == ()
    assert [flaw.kind for flaw in open_raster(whole[: len(whole) // 2], "jpeg").flaws] == [FlawKind.TRUNCATED]


def test_bytes_after_the_end_are_counted() -> None:
    for data, form in ((imagecodecs.jpeg8_encode(GREY), "jpeg"), (png(GREY), "png")):
        (flaw,) = open_raster(bytes(data) + b"hidden note", form).flaws  # type: ignore[arg-type]
        assert flaw.kind == FlawKind.TRAILING_BYTES
        assert flaw.evidence.startswith("11 bytes")


def test_a_damaged_stream_is_undecodable() -> None:
    data = bytearray(png(GREY))
    data[60] ^= 0xFF
    with pytest.raises(UndecodableError, match="PNG"):
        raster_values(open_raster(bytes(data), "png"))
