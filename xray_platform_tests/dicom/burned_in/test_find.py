"""Burned-in writing is found wherever and however it stands; markers and anatomy are not taken for writing."""

from collections.abc import Callable

import cv2
import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image, ImageDraw, ImageFont

from xray_platform.dicom.burned_in import network
from xray_platform.dicom.burned_in.fill import filled
from xray_platform.dicom.burned_in.find import find_writing
from xray_platform_tests.dicom.burned_in.drawing import Pixels, burn, chest, letters, uncovered

NAMES = ("SMITH^JOHN 1961", "Mueller, Anna F", "DOB 12.03.1961", "KLINIKUM WEST")


def test_a_chest_without_writing_has_none() -> None:
    assert find_writing(chest()).lines == ()


def test_the_grain_along_a_collimator_is_no_writing() -> None:
    rng = np.random.default_rng(3)
    picture = np.clip(rng.normal(130, 12, (512, 512)) + np.linspace(-40, 40, 512), 0, 255).astype(np.uint8)
    picture[-40:] = 0
    picture[:, :30] = 0
    assert find_writing(picture).lines == ()


@pytest.mark.parametrize("top", [8, 500, -9], ids=["top", "middle", "bottom"])
@pytest.mark.parametrize("left", [8, 400, -9], ids=["left", "middle", "right"])
@pytest.mark.parametrize("grey", [255, 0], ids=["white", "black"])
def test_a_name_is_found_anywhere(top: int, left: int, grey: int) -> None:
    plain = np.maximum(chest(), 70)
    assert uncovered(burn(plain, letters(NAMES[0], 20), top, left, grey), plain) < 0.02


@pytest.mark.parametrize("size", [10, 14, 24, 40, 80, 140])
@pytest.mark.parametrize("name", NAMES[:2])
def test_letters_of_any_size_are_found(size: int, name: str) -> None:
    plain = chest()
    assert uncovered(burn(plain, letters(name[:9], size), 300, 40), plain) < 0.02


@pytest.mark.parametrize("side", [224, 512, 2048])
def test_pictures_of_any_size_are_searched(side: int) -> None:
    plain = chest(side, side)
    assert uncovered(burn(plain, letters("Li 1961", 12), side // 2, side // 3), plain) < 0.02


@pytest.mark.parametrize("left", [190, 230, 420])
def test_a_line_across_the_parts_of_a_large_picture_is_found_whole(left: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = chest(700, 900)
    burnt = burn(plain, letters(NAMES[1], 22), 220, left)
    whole = find_writing(burnt).cover
    monkeypatch.setattr(network, "LARGEST_PART", 256)
    assert uncovered(burnt, plain) < 0.02
    assert (find_writing(burnt).cover != whole).mean() < 0.005


@pytest.mark.parametrize("font", ["DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf", "DejaVuSerif.ttf"])
@pytest.mark.parametrize("name", [*NAMES, "Иванова Анна", "Παπαδόπουλος", "WU 7", "ILL TILL", "1961"])
def test_any_type_face_and_script_will_do(font: str, name: str) -> None:
    plain = chest()
    assert uncovered(burn(plain, letters(name, 22, font), 12, 12), plain) < 0.02


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_writing_that_is_turned_or_mirrored_is_found(turn: int, mirrored: bool) -> None:
    ink = np.rot90(letters(NAMES[0], 24), turn)
    ink = ink[:, ::-1] if mirrored else ink
    plain = chest()
    assert uncovered(burn(plain, ink, 10, -11), plain) < 0.02


@pytest.mark.parametrize("degrees", [15, 45, 70, 130])
def test_slanting_writing_is_found(degrees: int) -> None:
    ink = letters(NAMES[1], 22)
    side = ink.shape[1] + 8
    place = cv2.getRotationMatrix2D((ink.shape[1] / 2, ink.shape[0] / 2), degrees, 1)
    place[:, 2] += ((side - ink.shape[1]) / 2, (side - ink.shape[0]) / 2)
    plain = chest()
    assert uncovered(burn(plain, cv2.warpAffine(ink, place, (side, side)), 300, 300), plain) < 0.02


def test_one_letter_a_line_is_found() -> None:
    burnt = plain = chest()
    for number, letter in enumerate("MUELLER"):
        burnt = burn(burnt, letters(letter, 24), 100 + 30 * number, 40)
    assert uncovered(burnt, plain) < 0.02


def test_faint_grey_writing_is_found() -> None:
    plain = np.full((512, 512), 100, np.uint8)
    plain[256:] = np.linspace(20, 240, 512).astype(np.uint8)
    burnt = burn(plain, letters("SCHMIDT 1961", 16), 60, 60, 100 + 40)
    assert find_writing(burnt).lines


def hollow(ink: Pixels) -> Pixels:
    """Only the outline of letters."""
    wide = np.pad(ink, 2)
    return np.asarray(np.clip(cv2.dilate(wide, np.ones((3, 3))) - wide, 0, 1), np.float32)


def on_a_bright_box(ink: Pixels) -> Pixels:
    """Letters that are left out of a box."""
    return np.asarray(1 - np.pad(ink, 4), np.float32)


def of_a_device(_: Pixels) -> Pixels:
    """Letters of 11 pixels without grey, as old programs write them, each pixel doubled."""
    canvas = Image.new("L", (90, 14), 0)
    ImageDraw.Draw(canvas).text((2, 1), "PAT-ID 4711", fill=255, font=ImageFont.load_default_imagefont())
    return np.kron(np.asarray(canvas, np.float32) / 255, np.ones((2, 2), np.float32))


def letter_by_letter(_: Pixels) -> Pixels:
    """Letters that stand half a height apart."""
    made = [letters(sign, 24) for sign in "MILLER"]
    high = max(len(each) for each in made)
    return np.concatenate([np.pad(each, ((high - len(each), 0), (0, 9))) for each in made], axis=1)


@pytest.mark.parametrize("style", [hollow, on_a_bright_box, of_a_device, letter_by_letter])
@pytest.mark.parametrize("framed", [False, True])
def test_letters_as_no_font_that_was_learnt_draws_them_are_found(
    style: Callable[[Pixels], Pixels], framed: bool
) -> None:
    plain = chest(512, 512)
    if framed:
        plain = cv2.copyMakeBorder(plain, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=(255,))
    burnt = burn(plain, style(letters("12.03.61 KIM", 26)), 60, 60)
    assert uncovered(burnt, plain) < 0.05


def test_a_square_code_is_found() -> None:
    code = 255 - np.asarray(cv2.QRCodeEncoder.create().encode("MRN-48213977"), np.uint8)
    plain = chest()
    burnt = burn(plain, np.kron(code, np.ones((4, 4), np.uint8)).astype(np.float32) / 255, 20, 20)
    assert uncovered(burnt, plain) < 0.05


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_twelve_bits_are_as_good_as_eight(bits: int) -> None:
    plain = chest().astype(np.uint16) << (bits - 8)
    burnt = burn(plain, letters(NAMES[1], 24), 10, 10, (1 << bits) - 1)
    found = find_writing(burnt)
    assert cv2.connectedComponents(found.cover)[0] == 2
    signed = (burnt.astype(np.int32) - (1 << bits) // 2).astype(np.int16)
    assert np.array_equal(find_writing(signed).cover, found.cover)


@pytest.mark.parametrize("marker", ["L", "R"])
@pytest.mark.parametrize("size", [20, 40, 60])
def test_a_lone_side_marker_is_no_writing(marker: str, size: int) -> None:
    assert find_writing(burn(chest(), letters(marker, size), 40, -60)).lines == ()


def test_a_lead_letter_sharpened_and_packed_is_no_writing_to_the_verifier() -> None:
    picture = burn(chest(224, 224), letters("R", 14), 20, 20, 235)
    sharpened = cv2.addWeighted(picture, 2.2, cv2.GaussianBlur(picture, (0, 0), 1.2), -1.2, 0)
    packed = np.asarray(imagecodecs.jpeg8_decode(imagecodecs.jpeg8_encode(sharpened, level=90)))
    assert max(float(seen.probabilities[0].max()) for seen in network.look_for_writing(packed)) > 0.7
    assert find_writing(packed).lines == ()


def test_a_marker_beside_a_name_stays() -> None:
    plain = chest(air=160)
    marked = burn(plain, letters("L", 48), 60, -40)
    named = burn(marked, letters(NAMES[0], 24), 20, 40)
    painted = filled(named, find_writing(named).cover)
    assert np.array_equal(painted[50:120, -120:], marked[50:120, -120:])
    assert find_writing(painted).lines == ()


@pytest.mark.parametrize("quality", [60, 90])
def test_writing_that_went_through_a_jpeg_is_found(quality: int) -> None:
    plain = chest()
    burnt = burn(plain, letters(NAMES[2], 22), 12, 12)
    pixels = np.asarray(imagecodecs.jpeg8_decode(imagecodecs.jpeg8_encode(burnt, level=quality)))
    ink = np.abs(burnt.astype(int) - plain) > 40
    assert (find_writing(pixels).cover[ink] == 0).mean() < 0.02


def test_several_lines_are_all_found() -> None:
    burnt = plain = chest()
    for number, name in enumerate(NAMES):
        burnt = burn(burnt, letters(name, 20), 10 + 32 * number, 10)
    assert uncovered(burnt, plain) < 0.02


def test_a_painted_line_takes_the_grey_around_it_and_nothing_else_changes() -> None:
    plain = chest(air=120)
    burnt = burn(plain, letters(NAMES[0], 24), 30, 30)
    found = find_writing(burnt)
    painted = filled(burnt, found.cover)
    assert painted[found.cover > 0].max() <= 12, "that of the air"
    assert np.array_equal(painted[found.cover == 0], burnt[found.cover == 0])
    assert burnt.max() == 255, "the source is not touched"


@settings(max_examples=30, deadline=None)
@given(arrays(st.sampled_from([np.uint8, np.uint16, np.int16]), array_shapes(min_dims=2, max_dims=2, max_side=90)))
def test_any_picture_can_be_searched(pixels: Pixels) -> None:
    found = find_writing(pixels)
    assert found.cover.shape == pixels.shape
    assert len(found.paintable) == len(found.lines)
    assert filled(pixels, found.cover).dtype == pixels.dtype
