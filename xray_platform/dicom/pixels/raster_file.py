"""Raster file: a picture that came as JPEG or PNG: what its header says, whether it is whole, and its pixels."""

import struct
from dataclasses import dataclass
from typing import Literal

import imagecodecs
import numpy as np

from xray_platform.dicom.parse.evidence_text import about
from xray_platform.dicom.parse.flaws import Flaw, FlawKind
from xray_platform.dicom.pixels.codestream import jpeg_end, read_codestream
from xray_platform.dicom.pixels.decode import Pixels, UndecodableError

_PNG_SAMPLES = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_PNG_START = 8
_MOST_CHUNKS = 100_000


@dataclass(frozen=True)
class RasterFile:
    """A JPEG or PNG file opened: what its header says, and the flaws of its structure."""

    data: bytes
    file_type: Literal["jpeg", "png"]
    rows: int
    columns: int
    samples: int
    precision: int
    lossy: bool
    flaws: tuple[Flaw, ...] = ()


def open_raster(data: bytes, file_type: Literal["jpeg", "png"]) -> RasterFile:
    """Read the header of a JPEG or PNG file. It never raises: what is wrong becomes a flaw."""
    return _open_jpeg(data) if file_type == "jpeg" else _open_png(data)


def raster_values(raster: RasterFile) -> Pixels:
    """Decode a JPEG or PNG file: (rows, columns) or (rows, columns, 3), uint8 or uint16; an alpha channel is dropped.

    Raises UndecodableError.
    """
    decode = imagecodecs.jpeg8_decode if raster.file_type == "jpeg" else imagecodecs.png_decode
    try:
        pixels = np.asarray(decode(raster.data))
    except (RuntimeError, ValueError, TypeError) as error:
        raise UndecodableError(f"the {raster.file_type.upper()} decoder refuses the file") from error
    if pixels.ndim == 3:
        pixels = pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., 0]
    if pixels.shape[:2] != (raster.rows, raster.columns) or pixels.dtype not in (np.uint8, np.uint16):
        raise UndecodableError(
            f"the {raster.file_type.upper()} decoder gave another size or depth than the header says"
        )
    return pixels


def _open_jpeg(data: bytes) -> RasterFile:
    stream = read_codestream(data)
    if stream is None or not stream.rows or not stream.columns:
        return RasterFile(data, "jpeg", 0, 0, 0, 0, True, (Flaw(FlawKind.UNREADABLE, "the JPEG header breaks off"),))
    lossy = stream.process != "jpeg lossless"
    flaws = _jpeg_end(data)
    return RasterFile(data, "jpeg", stream.rows, stream.columns, stream.samples, stream.precision, lossy, flaws)


def _jpeg_end(data: bytes) -> tuple[Flaw, ...]:
    if (end := jpeg_end(data)) is None:
        return (Flaw(FlawKind.TRUNCATED, "the JPEG breaks off: it has no end marker"),)
    rest = len(data[end:].rstrip(b"\0\r\n"))
    return (Flaw(FlawKind.TRAILING_BYTES, f"{about(rest)} bytes after the end of the JPEG"),) if rest else ()


def _open_png(data: bytes) -> RasterFile:
    if len(data) < 33 or data[12:16] != b"IHDR":
        return RasterFile(data, "png", 0, 0, 0, 0, False, (Flaw(FlawKind.UNREADABLE, "the PNG header breaks off"),))
    columns, rows, depth, colour = struct.unpack_from(">LLBB", data, 16)
    return RasterFile(data, "png", rows, columns, _PNG_SAMPLES.get(colour, 0), depth, False, _png_end(data))


def _png_end(data: bytes) -> tuple[Flaw, ...]:
    position = _PNG_START
    for _ in range(_MOST_CHUNKS):
        if position + 12 > len(data):
            break
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        position += 12 + length
        if kind == b"IEND" and position <= len(data):
            rest = len(data) - position
            return (Flaw(FlawKind.TRAILING_BYTES, f"{about(rest)} bytes after the end of the PNG"),) if rest else ()
    return (Flaw(FlawKind.TRUNCATED, "the PNG breaks off: it has no end chunk"),)
