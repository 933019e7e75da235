"""The header of a compressed picture says how large it is, for every process."""

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.dicom.pixels.codestream import Codestream, jpeg_end, read_codestream

PICTURE = np.arange(20 * 30, dtype=np.uint16).reshape(20, 30)
BYTES = PICTURE.astype(np.uint8)


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (imagecodecs.jpeg8_encode(BYTES), Codestream("jpeg", 20, 30, 1, 8, lossless=False)),
        (
            imagecodecs.jpeg8_encode(PICTURE, lossless=True, bitspersample=12),
            Codestream("jpeg lossless", 20, 30, 1, 12, lossless=True),
        ),
        (imagecodecs.jpegls_encode(PICTURE), Codestream("jpeg-ls", 20, 30, 1, 16, lossless=True)),
        (imagecodecs.jpegls_encode(BYTES, level=3), Codestream("jpeg-ls", 20, 30, 1, 8, lossless=False)),
        (
            imagecodecs.jpeg2k_encode(PICTURE, level=0, codecformat="j2k"),
            Codestream("jpeg-2000", 20, 30, 1, 16, lossless=None),
        ),
        (
            imagecodecs.jpeg2k_encode(PICTURE.astype(np.int16), level=0, codecformat="jp2"),
            Codestream("jpeg-2000", 20, 30, 1, 16, signed=True, lossless=None),
        ),
        (
            imagecodecs.jpeg2k_encode(BYTES, level=30, codecformat="j2k", reversible=False),
            Codestream("jpeg-2000", 20, 30, 1, 8, lossless=False),
        ),
    ],
)
def test_reads_what_the_encoder_wrote(stream: bytes | bytearray, said: Codestream) -> None:
    assert read_codestream(bytes(stream)) == said


@given(st.binary(max_size=80), st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xc0", b"\xff\x4f\xff\x51"]))
def test_any_bytes_give_an_answer_or_none(rest: bytes, start: bytes) -> None:
    said = read_codestream(start + rest)
    assert said is None or said.columns >= said.columns - 1


def test_a_cut_header_gives_none() -> None:
    assert read_codestream(bytes(imagecodecs.jpeg8_encode(BYTES)[:20])) is None
    assert read_codestream(b"") is None


@pytest.mark.parametrize("filling", [b"\xff", b"\xff\xe0\0\x02", b"\xff\xd0"])
def test_a_stream_of_nothing_but_empty_segments_is_given_up_soon(filling: bytes) -> None:
    assert read_codestream(b"\xff\xd8" + filling * 1_000_000) is None


def test_fill_bytes_before_a_marker_are_passed_over() -> None:
    stream = bytes(imagecodecs.jpeg8_encode(np.zeros((8, 16), np.uint8)))
    frame = stream.index(b"\xff\xc0")
    found = read_codestream(stream[:frame] + b"\xff" * 100 + stream[frame:])
    assert found is not None
    assert (found.rows, found.columns) == (8, 16)


def test_a_jpeg_ends_at_its_end_marker_or_not_at_all() -> None:
    stream = bytes(imagecodecs.jpeg8_encode(np.zeros((8, 16), np.uint8)))
    assert jpeg_end(stream + b"\0\0") == len(stream)
    assert jpeg_end(stream[:-2]) is None
    assert jpeg_end(stream[: stream.index(b"\xff\xda")] + b"\xff\xd9" + stream[stream.index(b"\xff\xda") : -2]) is None
