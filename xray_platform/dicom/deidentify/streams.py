"""Streams: rewrite a compressed picture without comments, application data and appended bytes."""

import re

_SOI, _EOI, _SOS, _APP14 = 0xD8, 0xD9, 0xDA, 0xEE
_PRESET = 0xF8
_NEEDED = frozenset((*range(0xC0, 0xD0), _SOS, 0xDB, 0xDC, 0xDD, 0xDF, _PRESET, 0xF7)) - {0xC8}
_MARKER = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
_ADOBE = b"Adobe"
_SOC, _SOT, _SOD, _EOC, _COM = b"\xff\x4f", b"\xff\x90", b"\xff\x93", b"\xff\xd9", 0x64


def bare_stream(data: bytes) -> bytes | None:
    """Return a JPEG, JPEG-LS or JPEG 2000 stream with its tables and scans alone, or None where it is built otherwise.

    Marker segments as in ITU-T T.81 annex B, T.87 annex C and T.800 annex A. The pixels do not change.
    """
    if data.startswith(b"\xff\xd8"):
        return _bare_jpeg(data)
    return _bare_jpeg_2000(data) if data.startswith(_SOC) else None


def _bare_jpeg(data: bytes) -> bytes | None:
    kept, position = [data[:2]], 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker == _EOI:
            break
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        segment = data[position:end]
        if _is_needed(marker, segment):
            kept.append(segment)
        if marker == _SOS:
            scan = _MARKER.search(data, end)
            if scan is None:
                return None
            kept.append(data[end : scan.start()])
            end = scan.start()
        position = end
    ended = data[position : position + 2] == b"\xff\xd9"
    return b"".join((*kept, b"\xff\xd9")) if ended else None


def _is_needed(marker: int, segment: bytes) -> bool:
    if marker == _APP14:
        return segment[4:9] == _ADOBE and len(segment) == 16
    if marker == _PRESET:
        return segment[4:5] == b"\x01"
    return marker in _NEEDED


def _bare_jpeg_2000(data: bytes) -> bytes | None:
    kept, position = [_SOC], 2
    while data[position : position + 2] != _SOT:
        if position + 4 > len(data) or data[position] != 0xFF:
            return None
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if data[position + 1] != _COM:
            kept.append(data[position:end])
        position = end
    first = position
    while data[position : position + 2] == _SOT:
        length = int.from_bytes(data[position + 6 : position + 10], "big")
        if not length or _has_comment(data, position + 12):
            return None
        position += length
    ended = data[position : position + 2] == _EOC
    return b"".join((*kept, data[first:position], _EOC)) if ended else None


def _has_comment(data: bytes, position: int) -> bool:
    """Look through a tile-part's header; its length counts in other places, so that nothing can be cut from it."""
    while data[position : position + 2] != _SOD:
        if position + 4 > len(data) or data[position] != 0xFF or data[position + 1] == _COM:
            return True
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return False
