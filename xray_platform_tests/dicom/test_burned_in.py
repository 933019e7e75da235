"""Burned-in text: lines of writing in the border are found however they are turned, markers and anatomy are not."""

from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image, ImageDraw, ImageFont

from xray_platform.dicom.burned_in import TextLine, find_text, mask_text

FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
Pixels = np.ndarray[Any, np.dtype[Any]]
NAMES = ("SMITH^JOHN 1961", "Mueller, Anna F", "DOB 12.03.1961", "KLINIKUM WEST")


def chest(rows: int = 1024, columns: int = 1024) -> Pixels:
    """Two dark lungs with bright ribs on a soft body, uint8: edges and stripes, and not a letter."""
    down, across = np.mgrid[0:rows, 0:columns].astype(np.float32)
    down, across = down / rows - 0.5, across / columns - 0.5
    body = 150 * np.exp(-((across / 0.55) ** 4) - ((down / 0.9) ** 4))
    lung = [np.exp(-(((across - side) / 0.16) ** 4) - ((down / 0.33) ** 4)) for side in (-0.22, 0.22)]
    lungs = lung[0] + lung[1]
    ribs = 18 * np.sin((down + 0.35 * np.abs(across)) * 60) * lungs
    grain = np.random.default_rng(0).normal(0, 3, (rows, columns))
    return np.asarray(np.clip(20 + body - 70 * lungs + ribs + grain, 0, 230), np.uint8)


def letters(text: str, size: int, font: str = "DejaVuSans.ttf") -> Pixels:
    """Text as a cover between 0 and 1, cropped to its ink."""
    canvas = Image.new("L", (size * len(text), size * 2), 0)
    ImageDraw.Draw(canvas).text((4, 4), text, fill=255, font=ImageFont.truetype(str(FONTS / font), size))
    ink = np.asarray(canvas, np.float32) / 255
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def burn(picture: Pixels, ink: Pixels, top: int, left: int, grey: int = 255) -> Pixels:
    """Put ink into a copy of a picture; places below zero count from the other end."""
    top = picture.shape[0] - ink.shape[0] + top if top < 0 else top
    left = picture.shape[1] - ink.shape[1] + left if left < 0 else left
    place = (slice(top, top + ink.shape[0]), slice(left, left + ink.shape[1]))
    burnt = picture.astype(np.float32)
    burnt[place] = burnt[place] * (1 - ink) + grey * ink
    return burnt.astype(picture.dtype)


def left_over(burnt: Pixels, plain: Pixels) -> float:
    """What share of the pixels that the text changed lies outside of every line found."""
    ink = np.abs(burnt.astype(int) - plain) > 40
    for line in find_text(burnt):
        ink[line.top : line.bottom, line.left : line.right] = False
    return float(ink.sum() / (np.abs(burnt.astype(int) - plain) > 40).sum())


def test_a_chest_without_text_has_none() -> None:
    assert find_text(chest()) == ()


def test_the_grain_along_a_collimator_is_no_writing() -> None:
    rng = np.random.default_rng(3)
    picture = np.clip(rng.normal(130, 26, (512, 512)) + np.linspace(-40, 40, 512), 0, 255).astype(np.uint8)
    picture[-40:] = 0
    picture[:, :30] = 0
    assert find_text(picture) == ()


@pytest.mark.parametrize("top", [8, -9], ids=["top", "bottom"])
@pytest.mark.parametrize("left", [8, -9], ids=["left", "right"])
@pytest.mark.parametrize("grey", [255, 0], ids=["white", "black"])
@pytest.mark.parametrize("size", [14, 24, 40])
def test_a_name_in_a_corner_is_found(top: int, left: int, grey: int, size: int) -> None:
    plain = np.maximum(chest(), 70)
    assert left_over(burn(plain, letters(NAMES[size % 4], size), top, left, grey), plain) == 0


@pytest.mark.parametrize("font", ["DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf", "DejaVuSerif.ttf"])
@pytest.mark.parametrize("name", NAMES)
def test_any_type_face_will_do(font: str, name: str) -> None:
    plain = chest()
    assert left_over(burn(plain, letters(name, 22, font), 12, 12), plain) < 0.02


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_text_that_is_turned_or_mirrored_is_found(turn: int, mirrored: bool) -> None:
    ink = np.rot90(letters(NAMES[0], 24), turn)
    ink = ink[:, ::-1] if mirrored else ink
    plain = chest()
    assert left_over(burn(plain, ink, 10, -11), plain) == 0


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_twelve_bits_are_as_good_as_eight(bits: int) -> None:
    plain = chest().astype(np.uint16) << (bits - 8)
    found = find_text(burn(plain, letters(NAMES[1], 24), 10, 10, (1 << bits) - 1))
    assert len(found) == 1
    signed = burn(plain, letters(NAMES[1], 24), 10, 10, (1 << bits) - 1).astype(np.int32) - (1 << bits) // 2
    assert find_text(signed.astype(np.int16)) == found


@pytest.mark.parametrize("marker", ["L", "R", "AP", "PA"])
@pytest.mark.parametrize("size", [20, 40, 60])
def test_a_marker_of_one_or_two_letters_stays(marker: str, size: int) -> None:
    assert find_text(burn(chest(), letters(marker, size), 40, -60)) == ()


def test_a_marker_beside_a_name_stays() -> None:
    plain = chest()
    marked = burn(plain, letters("L", 48), 120, -40)
    named = burn(marked, letters(NAMES[0], 24), 10, -10)
    painted = mask_text(named, find_text(named))
    assert np.array_equal(painted[110:180, -120:], marked[110:180, -120:])
    assert find_text(painted) == ()


@pytest.mark.parametrize("quality", [60, 90])
def test_text_that_went_through_a_jpeg_is_found(quality: int) -> None:
    plain = chest()
    burnt = burn(plain, letters(NAMES[2], 22), 12, 12)
    pixels = np.asarray(imagecodecs.jpeg8_decode(imagecodecs.jpeg8_encode(burnt, level=quality)))
    assert left_over(pixels, plain) < 0.02


def test_several_lines_are_all_found() -> None:
    burnt = plain = chest()
    for number, name in enumerate(NAMES):
        burnt = burn(burnt, letters(name, 20), 10 + 32 * number, 10)
    assert left_over(burnt, plain) == 0


def test_large_pictures_are_searched_for_large_letters_too() -> None:
    plain = cv2.resize(chest(), (2048, 2048))
    assert left_over(burn(plain, letters(NAMES[0], 72), 30, 30), plain) < 0.02


def test_a_painted_line_takes_the_grey_around_it_and_nothing_else_changes() -> None:
    picture = np.full((100, 200), 77, np.uint16)
    line = TextLine(10, 20, 30, 120)
    picture[12:28, 22:118] = 4000
    painted = mask_text(picture, [line])
    assert (painted == 77).all()
    assert picture.max() == 4000, "the source is not touched"
    assert line.area == 2000


def test_a_line_that_fills_the_picture_is_painted_with_its_own_grey() -> None:
    picture = np.full((60, 60), 5, np.uint8)
    assert (mask_text(picture, [TextLine(0, 0, 60, 60)]) == 5).all()


@settings(max_examples=60, deadline=None)
@given(arrays(st.sampled_from([np.uint8, np.uint16, np.int16]), array_shapes(min_dims=2, max_dims=2, max_side=90)))
def test_any_picture_can_be_searched(pixels: Pixels) -> None:
    for line in find_text(pixels):
        assert 0 <= line.top < line.bottom <= pixels.shape[0]
        assert 0 <= line.left < line.right <= pixels.shape[1]


def read(file: Path) -> Pixels:
    return np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE))


def test_real_pictures_of_children_are_left_alone(shared_data: Path) -> None:
    """Measured over all 5,216: clock times are found in a few of the ones with text, none without."""
    files = sorted((shared_data / "kermany" / "NORMAL").glob("*.jpeg"))[::12]
    flagged = [file.name for file in files if find_text(read(file))]
    assert len(files) > 50
    assert len(flagged) <= 1


def test_real_pictures_with_words_are_noticed(shared_data: Path) -> None:
    """Eight of the first files of the shift set bear the word PORTABLE; a person looked at them."""
    files = sorted((shared_data / "nih" / "images").iterdir())[:60]
    found = [bool(find_text(read(file))) for file in files]
    assert 8 <= sum(found) <= 30
