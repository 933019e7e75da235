"""Codestream: read from a compressed picture's own header how large and deep it is, before anything decodes it."""

import re
import struct
from dataclasses import dataclass
from typing import Literal

Process = Literal["jpeg", "jpeg lossless", "jpeg-ls", "jpeg-2000"]

_SOF_LOSSLESS = frozenset((0xC3, 0xC7, 0xCB, 0xCF))
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_LS = 0xF7
_STANDALONE = frozenset((0x01, *range(0xD0, 0xD9)))
_FILL = re.compile(rb"\xff*")
# Real streams have some dozens; a file of nothing but empty segments would be gone through for a minute.
MOST_SEGMENTS = 10_000
_JP2 = b"\x00\x00\x00\x0cjP  \r\n\x87\n"


@dataclass(frozen=True)
class Codestream:
    """What a compressed picture says of itself. `lossless` is None where only the whole stream would tell."""

    process: Process
    rows: int
    columns: int
    samples: int
    precision: int
    signed: bool = False
    lossless: bool | None = None


def read_codestream(data: bytes) -> Codestream | None:
    """Return what the header of a JPEG, JPEG-LS or JPEG 2000 stream says, or None where it is none of them.

    Markers as in ITU-T T.81 annex B, T.87 annex C and T.800 annex A; a JP2 box structure is searched for its stream.
    """
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    if data.startswith(_JP2):
        data = data[max(data.find(b"\xff\x4f\xff\x51", 0, 65536), 0) :]
    return _jpeg_2000(data) if data.startswith(b"\xff\x4f\xff\x51") else None


def jpeg_end(data: bytes) -> int | None:
    """Return where a JPEG stream ends, or None where it breaks off; a decoder fills it up and says nothing."""
    end = data.rfind(b"\xff\xd9")
    return None if end < 0 or end < data.find(b"\xff\xda") else end + 2


def _jpeg(data: bytes) -> Codestream | None:
    position = 2
    for _ in range(MOST_SEGMENTS):
        if position + 4 > len(data) or data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker == 0xFF:
            position = _end_of_fill(data, position) - 1
        elif marker in _STANDALONE:
            position += 2
        elif marker in _SOF or marker == _JPEG_LS:
            return _frame_header(data, position, marker)
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return None


def _end_of_fill(data: bytes, position: int) -> int:
    """Return where a run of fill bytes ends (T.81 section B.1.1.2): its last one begins the marker."""
    run = _FILL.match(data, position)
    return run.end() if run else position


def _frame_header(data: bytes, position: int, marker: int) -> Codestream | None:
    if position + 10 > len(data):
        return None
    precision, rows, columns, samples = struct.unpack_from(">BHHB", data, position + 4)
    if marker == _JPEG_LS:
        near = _near_lossless(data, position)
        return Codestream("jpeg-ls", rows, columns, samples, precision, lossless=None if near is None else near == 0)
    if marker in _SOF_LOSSLESS:
        return Codestream("jpeg lossless", rows, columns, samples, precision, lossless=True)
    return Codestream("jpeg", rows, columns, samples, precision, lossless=False)


def _near_lossless(data: bytes, position: int) -> int | None:
    """Return NEAR of the first JPEG-LS scan (T.87 section C.2.3): 0 is lossless."""
    for _ in range(MOST_SEGMENTS):
        if position + 4 > len(data) or data[position] != 0xFF:
            return None
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if data[position + 1] == 0xDA:
            place = position + 4 + 1 + 2 * data[position + 4]
            return data[place] if place < len(data) else None
        position += 2 + length
    return None


def _jpeg_2000(data: bytes) -> Codestream | None:
    if len(data) < 45:
        return None
    right, bottom, left, top = struct.unpack_from(">LLLL", data, 8)
    samples = int.from_bytes(data[40:42], "big")
    depth = data[42]
    lossless = _reversible(data)
    signed = bool(depth & 0x80)
    return Codestream("jpeg-2000", bottom - top, right - left, samples, (depth & 0x7F) + 1, signed, lossless)


def _reversible(data: bytes) -> bool | None:
    """Say from the COD marker whether the wavelet is the reversible one; only the irreversible one is surely lossy."""
    position = 2
    for _ in range(MOST_SEGMENTS):
        if position + 4 > len(data) or data[position] != 0xFF or data[position + 1] == 0x90:
            return None
        if data[position + 1] == 0x52 and position + 14 <= len(data):
            return None if data[position + 13] == 1 else False
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return None
