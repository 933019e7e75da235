"""Stored values: the same as pydicom's and dcmtk's for every syntax that either can read."""

import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders import RLELosslessEncoder  # type: ignore[attr-defined]

from xray_platform.dicom.parse.container import open_container
from xray_platform.dicom.pixels.decode import UndecodableError
from xray_platform.dicom.pixels.stored_values import pixel_sha256, stored_values
from xray_platform_tests.dicom import made

JPEG_BASELINE, JPEG_EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS, JPEG_LS = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80"
JPEG_2000, RLE = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5"


def values(data: bytes) -> np.ndarray:
    return stored_values(open_container(data))


def encapsulated(stream: bytes | bytearray, syntax: str, **attributes: Any) -> bytes:
    return made.file(syntax=syntax, PixelData=encapsulate([bytes(stream)]), **attributes)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"])
def test_native_pixels_come_back(syntax: str) -> None:
    picture = made.chest(40, 30)
    np.testing.assert_array_equal(values(made.file(picture, syntax)), picture)


def test_big_endian_words_come_back_also_when_they_hold_bytes() -> None:
    wide, narrow = made.chest(6, 8), made.chest(6, 8, bits=8).astype(np.uint8)
    syntax = "1.2.840.10008.1.2.2"
    np.testing.assert_array_equal(values(made.file(wide, syntax, PixelData=wide.astype(">u2").tobytes())), wide)
    swapped = made.dataset(narrow, PixelData=narrow.view("<u2").astype(">u2").tobytes())
    swapped["PixelData"].VR = "OW"
    np.testing.assert_array_equal(values(made.part10(swapped, syntax)), narrow)


def test_bits_that_are_not_stored_are_cleared_and_high_ones_moved_down() -> None:
    picture = made.chest(8, 8)
    np.testing.assert_array_equal(values(made.file(picture | 0xF000)), picture)
    np.testing.assert_array_equal(values(made.file(picture << 4 | 0x000F, HighBit=15)), picture)


def test_a_sign_is_restored_from_the_stored_bits() -> None:
    picture = np.array([[-2048, -1], [0, 2047]], np.int16)
    as_stored = (picture.view(np.uint16) & 0x0FFF).astype(np.uint16)
    np.testing.assert_array_equal(values(made.file(as_stored, PixelRepresentation=1)), picture)
    np.testing.assert_array_equal(values(made.file(picture, PixelRepresentation=1, BitsStored=16)), picture)


def rle(picture: np.ndarray) -> bytes:
    return RLELosslessEncoder.encode(
        picture.tobytes(), rows=40, columns=30, bits_allocated=16, bits_stored=12, samples_per_pixel=1,
        number_of_frames=1, pixel_representation=0, photometric_interpretation="MONOCHROME2",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("syntax", "encode", "bits"),
    [
        (JPEG_LOSSLESS, lambda picture: imagecodecs.jpeg8_encode(picture, lossless=True, bitspersample=12), 12),
        (JPEG_LS, imagecodecs.jpegls_encode, 16),
        (JPEG_2000, lambda picture: imagecodecs.jpeg2k_encode(picture, level=0, codecformat="j2k"), 16),
        (RLE, rle, 12),
    ],
)
def test_lossless_pixels_come_back(syntax: str, encode: Callable[[np.ndarray], bytes], bits: int) -> None:
    picture = made.chest(40, 30)
    data = encapsulated(encode(picture), syntax, Rows=40, Columns=30, BitsStored=bits)
    np.testing.assert_array_equal(values(data), picture)


def test_twelve_bit_jpeg_is_read_where_others_refuse() -> None:
    picture = made.chest(64, 64)
    stream = imagecodecs.jpeg8_encode(picture, level=95, bitspersample=12)
    decoded = values(encapsulated(stream, JPEG_EXTENDED, Rows=64, Columns=64)).astype(int)
    assert np.abs(decoded - picture).mean() < 0.02 * 4095


def test_a_stream_of_another_size_is_refused_before_it_is_decoded() -> None:
    huge = imagecodecs.jpeg2k_encode(np.zeros((2000, 2000), np.uint16), level=0, codecformat="j2k")
    with pytest.raises(UndecodableError, match="about 2000 x about 2000, the header says 40 x 30"):
        values(encapsulated(huge, JPEG_2000, Rows=40, Columns=30))


@pytest.mark.parametrize(
    ("stream", "syntax", "words"),
    [
        (b"no picture at all", JPEG_BASELINE, "hold no jpeg stream"),
        (imagecodecs.jpegls_encode(np.zeros((256, 256), np.uint8)), JPEG_2000, "says jpeg-2000, the stream is jpeg-ls"),
        (imagecodecs.jpeg8_encode(np.zeros((256, 256), np.uint8))[:300], JPEG_BASELINE, "no decoder can read"),
        (bytes(200), RLE, "no decoder can read"),
    ],
)
def test_what_no_decoder_reads_has_a_reason(stream: bytes, syntax: str, words: str) -> None:
    with pytest.raises(UndecodableError, match=words):
        values(encapsulated(stream, syntax))


def test_pixels_that_are_not_there_have_a_reason() -> None:
    with pytest.raises(UndecodableError, match="bytes of pixels fewer than are due"):
        values(made.file(Rows=256, Columns=256, PixelData=bytes(100)))
    with pytest.raises(UndecodableError, match="3 frames; one is allowed"):
        values(made.file(NumberOfFrames=3))
    with pytest.raises(UndecodableError, match="missing"):
        values(made.file(PixelData=None))
    with pytest.raises(UndecodableError, match="not encapsulated"):
        values(made.file().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"))


def test_the_hash_of_pixels_knows_their_shape_and_kind() -> None:
    flat = np.arange(12, dtype=np.uint16)
    assert pixel_sha256(flat.reshape(3, 4)) != pixel_sha256(flat.reshape(4, 3))
    assert pixel_sha256(flat) != pixel_sha256(flat.astype(np.uint8))
    assert pixel_sha256(flat.reshape(3, 4).T.copy().T) == pixel_sha256(flat.reshape(3, 4))


def test_equals_pydicom_on_odd_files(shared_data: Path) -> None:
    compared = 0
    for path in sorted((shared_data / "odd_dicom").iterdir()):
        container = open_container(path.read_bytes()) if path.read_bytes()[128:132] == b"DICM" else None
        if container is None:
            continue
        try:
            ours = stored_values(container)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = dcmread(path).pixel_array
        except (UndecodableError, RuntimeError, AttributeError, ValueError, NotImplementedError):
            continue
        if ours.ndim == 2:
            np.testing.assert_array_equal(ours, theirs, err_msg=path.name)
            compared += 1
    assert compared > 50


@pytest.mark.skipif(shutil.which("dcmdjpeg") is None, reason="needs dcmtk (apt install dcmtk)")
def test_twelve_bit_jpeg_equals_dcmtk(shared_data: Path, tmp_path: Path) -> None:
    for path in sorted((shared_data / "odd_dicom").glob("*JPLY*RG*")) + sorted(
        (shared_data / "odd_dicom").glob("*RG*_JPLY")
    ):
        native = tmp_path / "native.dcm"
        subprocess.run(["dcmdjpeg", path, native], check=True)
        ours, theirs = values(path.read_bytes()).astype(int), values(native.read_bytes()).astype(int)
        # Two inverse cosine transforms may round a value the other way.
        assert np.abs(ours - theirs).max() <= 1, path.name


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (JPEG_LS, imagecodecs.jpegls_encode),
        (JPEG_2000, lambda picture: imagecodecs.jpeg2k_encode(picture, level=0, codecformat="j2k")),
        (RLE, rle),
    ],
)
def test_bits_that_are_not_stored_are_cleared_in_compressed_streams_too(
    syntax: str, encode: Callable[[np.ndarray], bytes]
) -> None:
    picture = made.chest(40, 30)
    np.testing.assert_array_equal(values(encapsulated(encode(picture | 0x5000), syntax, Rows=40, Columns=30)), picture)


@pytest.mark.parametrize("point", [0, 2])
def test_a_lossless_jpeg_is_shifted_by_its_point_transform(point: int) -> None:
    picture = made.chest(40, 30)
    stream = bytearray(imagecodecs.jpeg8_encode(picture >> point, lossless=True, bitspersample=12 - point))
    # the same codes mean a picture of 12 bits whose lowest `point` were left out (ITU-T T.81 section H.1.2.1)
    stream[stream.index(b"\xff\xc3") + 4] = 12
    stream[stream.index(b"\xff\xda") + 9] |= point
    np.testing.assert_array_equal(
        values(encapsulated(stream, JPEG_LOSSLESS, Rows=40, Columns=30)), picture >> point << point
    )
