"""The standard image: grey levels kept, padding out, polarity last, turned to the front."""

from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import Dataset, Sequence

from xray_platform.bounding_box import BoundingBox
from xray_platform.dicom.pixels.orientation import TURNS
from xray_platform.dicom.pixels.standard_image import StandardImage, read_picture
from xray_platform.dicom.pixels.window import WindowRule, measure
from xray_platform.errors import InputError
from xray_platform_tests.dicom import made


def read(*args: Any, **attributes: Any) -> StandardImage:
    return read_picture(made.file(*args, **attributes))


def table(entries: list[int], first: int = 0, bits: int = 16) -> Sequence:
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item.LUTData = entries
    item["LUTData"].VR = "US"
    return Sequence([item])


def test_twelve_bits_keep_all_their_grey_levels() -> None:
    every = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    picture = read(every)
    np.testing.assert_array_equal(picture.pixels, every)
    assert picture.grey_levels == 4096
    assert picture.bits_stored == 12


def test_monochrome1_is_inverted_about_its_stored_bits() -> None:
    every = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    picture = read(every, PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE")
    np.testing.assert_array_equal(picture.pixels, 4095 - every)
    assert picture.photometric == "MONOCHROME1"
    assert "MONOCHROME1 inverted about 4095" in picture.done


def test_the_lut_comes_before_the_inversion() -> None:
    pixels = np.array([[0, 1], [2, 3]], np.uint16)
    picture = read(pixels, PhotometricInterpretation="MONOCHROME1", ModalityLUTSequence=table([0, 10, 200, 1000]))
    np.testing.assert_array_equal(picture.pixels, [[1000, 990], [800, 0]])


def test_values_outside_a_lut_get_its_nearest_entry() -> None:
    pixels = np.array([[0, 5], [6, 4095]], np.uint16)
    picture = read(pixels, ModalityLUTSequence=table([10, 20], first=5))
    np.testing.assert_array_equal(picture.pixels, [[10, 10], [20, 20]])


@pytest.mark.parametrize(
    ("slope", "intercept", "expected"),
    [
        (1, 0, [5, 6]),
        (1, -5, [5, 6]),
        (1, 100, [5, 6]),
        (0.25, 3.5, [5, 6]),
        (-1, 0, [4090, 4089]),
        (-2, 8, [4090, 4089]),
    ],
)
def test_a_linear_rescaling_keeps_order_and_levels(slope: float, intercept: float, expected: list[int]) -> None:
    pixels = np.array([[5, 6]], np.uint16)
    picture = read(pixels, RescaleSlope=slope, RescaleIntercept=intercept)
    np.testing.assert_array_equal(picture.pixels, [expected])


def test_signed_values_are_moved_up_not_wrapped() -> None:
    pixels = np.array([[-2048, 0, 2047]], np.int16)
    np.testing.assert_array_equal(read(pixels, BitsStored=12).pixels, [[0, 2048, 4095]])


def test_thirty_two_bits_are_cut_to_the_highest_sixteen() -> None:
    pixels = np.array([[0, 1 << 20, (1 << 32) - 1]], np.uint32)
    np.testing.assert_array_equal(read(pixels).pixels, [[0, 16, 65535]])


def test_padding_is_black_and_left_out_of_the_window() -> None:
    pixels = made.chest(64, 64)
    pixels[:, :16] = 4000
    pixels[:, 16:20] = 4001
    picture = read(pixels, PhotometricInterpretation="MONOCHROME1", PixelPaddingValue=4000, PixelPaddingRangeLimit=4001)
    assert picture.padding == 20 / 64
    assert not picture.pixels[:, :20].any()
    inside = 4095 - pixels[:, 20:]
    assert (picture.window_low, picture.window_high) == (measure(inside).low, measure(inside).high)


@pytest.mark.parametrize("orientation", list(TURNS))
def test_every_orientation_gives_the_same_picture(orientation: tuple[str, str]) -> None:
    front = made.chest(48, 64)
    turn = TURNS[orientation]
    picture = read(np.ascontiguousarray(turn.inverse().apply(front)), PatientOrientation=list(orientation))
    np.testing.assert_array_equal(picture.pixels, front)
    came = turn.inverse().box(BoundingBox(3, 5, 7, 9), 48, 64)
    rows, columns = turn.inverse().apply(front).shape
    assert picture.turn.box(came, rows, columns) == BoundingBox(3, 5, 7, 9)


def test_without_orientation_the_picture_stays_as_it_came() -> None:
    picture = read(PatientOrientation=None)
    np.testing.assert_array_equal(picture.pixels, made.chest())
    assert "orientation is not stated: left as it came" in picture.done


def test_the_window_is_the_percentiles_of_the_picture() -> None:
    pixels = np.repeat(np.arange(1000, dtype=np.uint16), 4).reshape(50, 80)
    picture = read(pixels)
    low, high = np.percentile(pixels, [0.5, 99.5], method="inverted_cdf")
    assert (picture.window_low, picture.window_high) == (low, high)


@pytest.mark.parametrize(
    ("attributes", "low", "high"),
    [
        ({"WindowCenter": 2048, "WindowWidth": 4096}, 0, 4095),
        ({"WindowCenter": 1000.5, "WindowWidth": 401}, 800, 1200),
        ({"WindowCenter": 1000, "WindowWidth": 400, "VOILUTFunction": "LINEAR_EXACT"}, 800, 1200),
        ({"WindowCenter": 1000.5, "WindowWidth": 401, "PhotometricInterpretation": "MONOCHROME1"}, 2895, 3295),
        ({"WindowCenter": -23.5, "WindowWidth": 401, "RescaleIntercept": -1024, "RescaleSlope": 1}, 800, 1200),
        ({"WindowCenter": 500.5, "WindowWidth": 201, "RescaleIntercept": 0, "RescaleSlope": 0.5}, 800, 1200),
        ({"VOILUTSequence": table([0, 0, 50, 99, 99], first=100), "WindowCenter": 9, "WindowWidth": 9}, 101, 103),
    ],
)
def test_a_recorded_window_is_taken_where_asked(attributes: dict[str, Any], low: float, high: float) -> None:
    picture = read_picture(made.file(**attributes), WindowRule(recorded=True))
    assert (picture.window_low, picture.window_high) == (low, high)


def test_without_a_recorded_window_the_percentiles_serve() -> None:
    assert read_picture(made.file(), WindowRule(recorded=True)).window_high == read().window_high


def test_grey_in_colour_is_grey_and_colour_is_refused() -> None:
    grey = made.chest(32, 32, bits=8).astype(np.uint8)
    picture = read(np.dstack([grey, grey, grey]))
    np.testing.assert_array_equal(picture.pixels, grey)
    with pytest.raises(InputError, match="in colour"):
        read(np.dstack([grey, grey // 2, grey]))


def test_a_grey_palette_is_looked_up() -> None:
    index = np.array([[0, 1], [2, 1]], np.uint8)
    entries = np.array([5, 500, 50000], "<u2").tobytes()
    names = ("Red", "Green", "Blue")
    palette = {f"{name}PaletteColorLookupTableData": entries for name in names}
    palette |= {f"{name}PaletteColorLookupTableDescriptor": [3, 0, 16] for name in names}  # type: ignore[misc]
    picture = read(index, PhotometricInterpretation="PALETTE COLOR", **palette)
    np.testing.assert_array_equal(picture.pixels, [[5, 500], [50000, 500]])


def test_jpeg_and_png_are_read_alike() -> None:
    grey = made.chest(32, 40, bits=8).astype(np.uint8)
    picture = read_picture(bytes(imagecodecs.png_encode(grey)))
    np.testing.assert_array_equal(picture.pixels, grey)
    assert (picture.file_type, picture.bits_stored, picture.lossy) == ("png", 8, False)
    jpeg = read_picture(bytes(imagecodecs.jpeg8_encode(grey)))
    assert (jpeg.file_type, jpeg.lossy) == ("jpeg", True)
    assert jpeg.pixels.dtype == np.uint16


@pytest.mark.parametrize("data", [b"", b"file,label\n", b"PK\x03\x04", b"\xff\xd8\xff\xe0", made.file(PixelData=None)])
def test_what_is_no_picture_is_an_error_with_a_reason(data: bytes) -> None:
    with pytest.raises(InputError, match=r"not a (readable )?picture: "):
        read_picture(data)


def test_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(InputError, match="64 Mpx are allowed"):
        read(Rows=65535, Columns=65535, PixelData=b"\0\0")
