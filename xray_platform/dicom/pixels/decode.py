"""Decode: turn a compressed frame into pixels with the fastest decoder known for its process, in a table.

Measured on the real files beside this project (2048 x 2048, 10 to 15 bits, milliseconds of one core): JPEG lossless
libjpeg-turbo 31 against gdcm 141; JPEG 2000 openjpeg through imagecodecs 126 against 144 and 220; JPEG-LS charls
through imagecodecs 77 against 80 and 94; RLE pylibjpeg-rle 9 against pydicom 85; twelve-bit JPEG libjpeg-turbo 15,
which gdcm and pillow refuse.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from rle.rle import decode_frame as decode_rle  # type: ignore[import-not-found]  # compiled, without types

from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.parse.evidence_text import about, bits
from xray_platform.dicom.parse.pixel_module import PixelLayout
from xray_platform.dicom.parse.syntax import Codec
from xray_platform.dicom.pixels.codestream import Codestream, read_codestream

Pixels = np.ndarray[Any, np.dtype[Any]]


class UndecodableError(Exception):
    """These pixels cannot be decoded; the text holds no value of any attribute."""


class ColourError(UndecodableError):
    """These pixels are in colour, so that no grey picture can be made of them."""


@dataclass(frozen=True)
class Decoder:
    """One way to decode one process: `decode(frame, layout)` gives (rows, columns) or (rows, columns, samples)."""

    name: str
    decode: Callable[[bytes, PixelLayout], Pixels]


def _jpeg(frame: bytes, _: PixelLayout) -> Pixels:
    return np.asarray(imagecodecs.jpeg8_decode(frame))


def _jpeg_ls(frame: bytes, _: PixelLayout) -> Pixels:
    return np.asarray(imagecodecs.jpegls_decode(frame))


def _jpeg_2000(frame: bytes, _: PixelLayout) -> Pixels:
    return np.asarray(imagecodecs.jpeg2k_decode(frame, numthreads=1))


def _rle(frame: bytes, layout: PixelLayout) -> Pixels:
    planes = np.frombuffer(_unpacked(frame, layout), f"<u{layout.bits_allocated // 8}")
    if layout.samples == 1:
        return planes.reshape(layout.rows, layout.columns)
    return np.moveaxis(planes.reshape(layout.samples, layout.rows, layout.columns), 0, -1)


def _unpacked(frame: bytes, layout: PixelLayout) -> bytes:
    """Return the bytes of an RLE frame. Where its segments overrun, the Rust decoder panics, which is no Exception."""
    try:
        return bytes(decode_rle(frame, layout.rows * layout.columns, layout.bits_allocated, "<"))
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise UndecodableError("the RLE segments hold more than the picture") from None


DECODERS: dict[str, tuple[Decoder, ...]] = {
    "jpeg": (Decoder("libjpeg-turbo", _jpeg),),
    # Not liblj92 beside it: it leaves out the point transform, and dies of damaged streams.
    "jpeg lossless": (Decoder("libjpeg-turbo", _jpeg),),
    "jpeg-ls": (Decoder("charls", _jpeg_ls),),
    "jpeg-2000": (Decoder("openjpeg", _jpeg_2000),),
    "rle": (Decoder("pylibjpeg-rle", _rle),),
}


def decode_frame(frame: bytes, layout: PixelLayout, codec: Codec) -> Pixels:
    """Return one compressed frame's samples: (rows, columns), or (rows, columns, samples) for colour.

    The stream's own size is compared with the layout's before a decoder may allocate anything. Raises
    UndecodableError where no decoder takes it.
    """
    if codec == "deflated frames":
        return _inflated(frame, layout)
    process: str = codec
    if codec != "rle":
        stream = read_codestream(frame)
        process = _checked(stream, layout, codec).process
    return _first_that_works(frame, layout, process)


def _first_that_works(frame: bytes, layout: PixelLayout, process: str) -> Pixels:
    for decoder in DECODERS.get(process, ()):
        try:
            pixels = decoder.decode(frame, layout)
        except (RuntimeError, ValueError, TypeError, IndexError):
            continue
        if pixels.shape[:2] == (layout.rows, layout.columns):
            return pixels
    raise UndecodableError(f"no decoder can read the {process} stream")


def _checked(stream: Codestream | None, layout: PixelLayout, codec: Codec) -> Codestream:
    if stream is None:
        raise UndecodableError(f"the pixel data hold no {codec} stream")
    if (stream.rows, stream.columns) != (layout.rows, layout.columns):
        raise UndecodableError(
            f"the {stream.process} stream is {about(stream.rows)} x {about(stream.columns)}, "
            f"the header says {about(layout.rows)} x {about(layout.columns)}"
        )
    if not stream.process.startswith(codec):
        raise UndecodableError(f"the transfer syntax says {codec}, the stream is {stream.process}")
    return stream


def _inflated(frame: bytes, layout: PixelLayout) -> Pixels:
    try:
        raw = zlib.decompressobj(-zlib.MAX_WBITS).decompress(frame, layout.frame_bytes)
    except zlib.error as error:
        raise UndecodableError("the deflated frame cannot be inflated") from error
    return native_frame(raw, layout, little=True)


def native_frame(raw: bytes, layout: PixelLayout, *, little: bool, offset: int = 0) -> Pixels:
    """Return an uncompressed frame's samples, a view into `raw` where the machine's byte order allows it."""
    if layout.bits_allocated not in {8, 16, 32}:
        raise UndecodableError(f"{bits(layout.bits_allocated)} bits allocated; 8, 16 and 32 can be read")
    if layout.frame_bytes != layout.rows * layout.columns * layout.samples * layout.bits_allocated // 8:
        raise UndecodableError("uncompressed YBR_FULL_422 is not read")
    if len(raw) - offset < layout.frame_bytes:
        lost = layout.frame_bytes - max(len(raw) - offset, 0)
        raise UndecodableError(f"{about(lost)} bytes of pixels fewer than are due")
    kind = f"{'<' if little else '>'}u{layout.bits_allocated // 8}"
    samples = np.frombuffer(raw, kind, layout.rows * layout.columns * layout.samples, offset)
    if layout.samples == 1:
        return samples.reshape(layout.rows, layout.columns)
    if layout.planar:
        return np.moveaxis(samples.reshape(layout.samples, layout.rows, layout.columns), 0, -1)
    return samples.reshape(layout.rows, layout.columns, layout.samples)


def first_frame(container: Container) -> bytes:
    """Return the compressed bytes of the only frame: its fragments put together (PS3.5 annex A.4)."""
    parts = [container.data[offset : offset + length] for offset, length in container.fragments or ()]
    return parts[0] if len(parts) == 1 else b"".join(parts)
