"""What hides in a compressed picture beside its pixels: none of it is copied, and the pixels are the same."""

import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydicom.encaps import encapsulate, generate_frames
from rle.rle import decode_frame  # type: ignore[import-not-found]  # compiled, without types

from xray_platform.dicom.burned_in.find import find_writing
from xray_platform.dicom.deidentify.engine import deidentify
from xray_platform.dicom.deidentify.person import GivenIdentity
from xray_platform.dicom.deidentify.refused import RefusedError
from xray_platform.dicom.deidentify.run_lengths import rle_frame
from xray_platform.dicom.parse.container import open_container
from xray_platform.dicom.pixels.stored_values import stored_values
from xray_platform_tests.dicom.deidentify.making import KEY, PAINTED, compressed, encoded, make, smooth

RLE, JPEG, JPEG_LOSSLESS = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70"
JPEG_LS, JPEG_2000, HIGH_THROUGHPUT = (f"1.2.840.10008.1.2.4.{number}" for number in (80, 90, 201))
TOKEN = b"HIDDENSMITHSONIAN"  # no attribute of the file says this: the last search cannot be what finds it
EIGHT = smooth(bits=8).astype(np.uint8)

Hide = Callable[[bytes], bytes]


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def after_start(*segments: bytes) -> Hide:
    return lambda stream: stream[:2] + b"".join(segments) + stream[2:]


def before_scan(body: bytes) -> Hide:
    return lambda stream: stream[: stream.index(b"\xff\xda")] + body + stream[stream.index(b"\xff\xda") :]


def before_end(stream: bytes) -> bytes:
    return stream[:-2] + TOKEN + stream[-2:]


def in_a_tile_part(stream: bytes) -> bytes:
    """Put a comment into the header of the tile-part, and make it as much longer."""
    at = stream.index(b"\xff\x90")
    remark = segment(0x64, b"\0\x01" + TOKEN)
    length = struct.unpack_from(">L", stream, at + 6)[0] + len(remark)
    return stream[: at + 6] + struct.pack(">L", length) + stream[at + 10 : at + 12] + remark + stream[at + 12 :]


UNUSED_HUFFMAN = segment(0xC4, b"\x13" + bytes((0, 0, 0, 0, len(TOKEN), *([0] * 11))) + TOKEN)
UNUSED_QUANTISER = segment(0xDB, b"\x03" + TOKEN.ljust(64, b"\x01"))
JPEG_PLACES: dict[str, Hide] = {
    "comment": after_start(segment(0xFE, TOKEN)),
    "application data": after_start(segment(0xE1, b"Exif\0\0" + TOKEN)),
    "restart interval": before_scan(segment(0xDD, b"\0\0") + segment(0xFE, TOKEN)),
    "a Huffman table that no scan uses": before_scan(UNUSED_HUFFMAN),
    "a quantiser that no component uses": before_scan(UNUSED_QUANTISER),
    "behind the last block": before_end,
    "behind the end": lambda stream: stream + TOKEN,
}
JPEG_2000_PLACES: dict[str, Hide] = {
    "comment": lambda stream: stream[: stream.index(b"\xff\x90")] + segment(0x64, b"\0\x01" + TOKEN)
    + stream[stream.index(b"\xff\x90") :],
    "tile-part header": in_a_tile_part,
    "behind the end": lambda stream: stream + TOKEN,
}  # fmt: skip


def jpeg() -> bytes:
    return bytes(imagecodecs.jpeg8_encode(EIGHT, level=95))


def jpeg_2000() -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(smooth(), level=0, codecformat="J2K", reversible=True))


def same_picture_without_the_token(source: bytes) -> pydicom.FileDataset:
    assert TOKEN in source, "a token that was never planted proves nothing"
    written = deidentify(source, KEY).data
    assert TOKEN not in written
    before, after = (stored_values(open_container(data)) for data in (source, written))
    assert np.array_equal(before, after)
    return pydicom.dcmread(BytesIO(written))


@pytest.mark.parametrize("place", JPEG_PLACES)
def test_nothing_hides_in_a_lossy_jpeg(place: str) -> None:
    made = same_picture_without_the_token(
        compressed(JPEG_PLACES[place](jpeg()), JPEG, bits=8, LossyImageCompression="01")
    )
    assert (made.file_meta.TransferSyntaxUID, made.LossyImageCompression) == (JPEG_LS, "01")
    assert np.array_equal(made.pixel_array, imagecodecs.jpeg8_decode(jpeg())), "another decoder reads it alike"


@pytest.mark.parametrize("place", [place for place in JPEG_PLACES if "quantiser" not in place])
def test_nothing_hides_in_a_lossless_jpeg(place: str) -> None:
    stream = bytes(imagecodecs.jpeg8_encode(smooth(), lossless=True, bitspersample=12))
    made = same_picture_without_the_token(compressed(JPEG_PLACES[place](stream), JPEG_LOSSLESS))
    assert np.array_equal(made.pixel_array, smooth())


@pytest.mark.parametrize("place", ["comment", "application data", "behind the end"])
def test_nothing_hides_in_a_jpeg_ls_stream(place: str) -> None:
    stream = bytes(imagecodecs.jpegls_encode(smooth()))
    made = same_picture_without_the_token(compressed(JPEG_PLACES[place](stream), JPEG_LS))
    assert made.file_meta.TransferSyntaxUID == RLE
    assert np.array_equal(made.pixel_array, smooth())


@pytest.mark.parametrize("place", JPEG_2000_PLACES)
def test_nothing_hides_in_a_jpeg_2000_stream(place: str) -> None:
    made = same_picture_without_the_token(compressed(JPEG_2000_PLACES[place](jpeg_2000()), JPEG_2000))
    assert np.array_equal(made.pixel_array, smooth())


def test_nothing_hides_in_a_high_throughput_stream() -> None:
    stream = bytes(imagecodecs.htj2k_encode(smooth()))
    made = same_picture_without_the_token(compressed(stream + TOKEN, HIGH_THROUGHPUT))
    assert np.array_equal(made.pixel_array, smooth())


@pytest.mark.parametrize("hide", [
    lambda frame: frame + TOKEN,
    lambda frame: frame[:12] + TOKEN[:16] + frame[28:],
    lambda frame: struct.pack("<3L", 2, 64 + 18, struct.unpack_from("<L", frame, 8)[0] + 18) + frame[12:64]
    + TOKEN.ljust(18, b"\0") + frame[64:],
], ids=["behind the last segment", "offsets that are not used", "before the first segment"])  # fmt: skip
def test_nothing_hides_in_run_lengths(hide: Hide) -> None:
    source = compressed(hide(rle_frame(smooth())), RLE)
    assert TOKEN[:16] in source
    try:
        written = deidentify(source, KEY).data
    except RefusedError as refused:  # the decoder does not take what is left over
        written = str(refused).encode()
    assert TOKEN[:16] not in written


def test_run_lengths_are_written_anew() -> None:
    source = compressed(rle_frame(smooth()), RLE)
    assert np.array_equal(stored_values(open_container(deidentify(source, KEY).data)), smooth())


def test_nothing_hides_in_fragments_and_their_table() -> None:
    stream = jpeg()
    made = make(EIGHT, bits=8)
    made.PixelData = encapsulate([stream], fragments_per_frame=2, has_bot=False)
    table = b"\xfe\xff\x00\xe0" + struct.pack("<L", 20) + TOKEN.ljust(20, b"\0")
    made.PixelData = table + made.PixelData[8:]
    made["PixelData"].VR, made["PixelData"].is_undefined_length = "OB", True
    same_picture_without_the_token(encoded(made, JPEG))


@pytest.mark.parametrize("kind", ["i", "u"])
def test_no_bit_outside_the_picture_is_kept_of_a_decoder_that_gives_signs(kind: str) -> None:
    wide = (smooth().astype(np.int32) - 2048).astype(np.int16) ^ np.int16(0x5000)
    stream = bytes(imagecodecs.jpeg2k_encode(wide, level=0, codecformat="J2K", reversible=True))
    source = compressed(stream, JPEG_2000, PixelRepresentation=1 if kind == "i" else 0)
    written = deidentify(source, KEY).data
    values = stored_values(open_container(written))
    assert values.max() < 4096
    assert values.min() >= -2048
    # stored_values clears bits that are not stored, so the words are looked at as they lie in the stream
    made = pydicom.dcmread(BytesIO(written))
    assert made.file_meta.TransferSyntaxUID == RLE
    words = np.frombuffer(decode_frame(next(generate_frames(made.PixelData)), values.size, 16, "<"), f"<{kind}2")
    assert np.array_equal(words.reshape(values.shape), values)


@given(
    st.sampled_from([np.uint8, np.uint16, np.int16, np.uint32]).flatmap(
        lambda kind: arrays(kind, st.tuples(st.integers(1, 9), st.integers(1, 300)), elements=st.integers(0, 3))
    )
)
def test_run_lengths_give_back_every_value(values: np.ndarray) -> None:
    frame = rle_frame(values)
    bits = values.dtype.itemsize * 8
    assert bytes(decode_frame(frame, values.size, bits, "<")) == values.tobytes()
    assert len(frame) % 2 == 0


def test_real_compressed_files_keep_their_pixels(shared_data: Path) -> None:
    for name in ("adult_pa_jpeg_lossless", "philips_pa_15bit_j2k", "siim_pa_jpeg"):
        source = (shared_data / "dicom_cxr" / f"{name}.dcm").read_bytes()
        written = deidentify(source, KEY, GivenIdentity("somebody"), PAINTED).data
        before, after = (stored_values(open_container(data)) for data in (source, written))
        unpainted = find_writing(before).cover == 0
        assert unpainted.mean() > 0.85
        assert np.array_equal(before[unpainted], after[unpainted]), name
        assert np.array_equal(pydicom.dcmread(BytesIO(written)).pixel_array, after), name
