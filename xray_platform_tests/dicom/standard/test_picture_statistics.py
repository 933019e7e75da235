"""Picture statistics: each says what its name promises, for pictures of any size, and survives the smallest."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from xray_platform.dicom.pixels.standard_image import StandardImage, read_picture
from xray_platform.dicom.standard.picture_statistics import picture_statistics
from xray_platform.tables.all import STANDARD_IMAGES


def standard(pixels: np.ndarray) -> StandardImage:
    low, high = float(pixels.min()), float(pixels.max())
    return StandardImage(pixels.astype(np.uint16), low, high, 2, (), "dicom", 16, "MONOCHROME2")


def grain(rows: int = 300, columns: int = 260) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 4000, (rows, columns)).astype(np.uint16)


def as_jpeg(quality: int) -> StandardImage:
    smooth = cv2.GaussianBlur(grain(512, 512).astype(np.float32), (0, 0), 6)
    scaled = (smooth - smooth.min()) / np.ptp(smooth) * 255
    into = BytesIO()
    Image.fromarray(scaled.astype(np.uint8)).save(into, "JPEG", quality=quality)
    return read_picture(into.getvalue())


def test_a_blurred_picture_is_less_sharp() -> None:
    blurred = cv2.GaussianBlur(grain(), (0, 0), 3)
    before, after = (picture_statistics(standard(pixels))["sharpness"] for pixels in (grain(), blurred))
    assert before is not None
    assert after is not None
    assert after < before / 2


def test_tone_is_measured_by_the_window() -> None:
    halves = np.zeros((200, 200), np.uint16)
    halves[100:] = 3000
    found = picture_statistics(standard(halves))
    assert found["grey_mean"] == pytest.approx(0.5)
    assert found["grey_deviation"] == pytest.approx(0.5)
    assert (found["black_share"], found["white_share"]) == (0.5, 0.5)
    brighter = picture_statistics(standard(halves * 2))
    assert brighter == found


def test_a_frame_is_seen() -> None:
    framed = grain(200, 200)
    framed[:20] = framed[-20:] = 0
    framed[:, :20] = framed[:, -20:] = 0
    found = picture_statistics(standard(framed))
    assert (found["frame_mean"], found["frame_deviation"]) == (0.0, 0.0)
    assert found["flat_border"] == pytest.approx(1 - 0.8**2)
    assert picture_statistics(standard(grain()))["flat_border"] == 0


def test_strong_compression_leaves_its_blocks() -> None:
    weak, strong = (picture_statistics(as_jpeg(quality))["block_edges"] for quality in (98, 8))
    assert weak is not None
    assert strong is not None
    assert strong > 1.5 * weak
    noise = picture_statistics(standard(grain(600, 600)))["block_edges"]
    assert noise == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 500), (500, 1)])
def test_the_smallest_pictures_have_statistics_too(shape: tuple[int, int]) -> None:
    found = picture_statistics(standard(np.full(shape, 7)))
    assert all(value is None or np.isfinite(value) for value in found.values())
    assert found["block_edges"] is None
    assert set(found) <= {column.name for column in STANDARD_IMAGES.columns}
