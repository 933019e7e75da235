"""PNG facts: carry selected, allow-listed DICOM facts inside an exported PNG, and read them back.

Each fact is one `iTXt` chunk (PNG specification, third edition, section 11.3.3.4) with the keyword `xray:<fact>`.
Only columns of the table `images` that name no one may travel, and only with values that their contract allows.
"""

import contextlib
import math
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2

from xray_platform.errors import InputError, StoreError
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.tables import columns as c
from xray_platform.tables.column import Column

Fact = str | int | float | bool

ALLOWED: dict[str, Column] = {
    column.name: column
    for column in (
        c.IMAGE, c.ORIGIN, c.FORMAT, c.ROWS, c.COLUMNS, c.BITS_STORED, c.PHOTOMETRIC, c.TRANSFER_SYNTAX, c.LOSSY,
        c.MODALITY, c.VIEW_POSITION, c.SEX, c.AGE_YEARS, c.MANUFACTURER, c.SPACING_MM, c.WINDOW_LOW, c.WINDOW_HIGH,
        c.RECIPE, c.PIXEL_SHA256,
    )
}  # fmt: skip
PREFIX = "xray:"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_END = len(SIGNATURE) + 25  # behind the IHDR chunk, which is always first and 25 bytes long
LONGEST_TEXT = 64  # codes and makers' names are short; a longer text may be a sentence about someone
DEEP = {"uint8", "uint16"}
KINDS: dict[str, Any] = {"text": str, "integer": int, "number": (int, float), "flag": bool}
READERS: dict[str, Callable[[str], Any]] = {
    "text": str, "integer": int, "number": float, "flag": {"true": True, "false": False}.__getitem__,
}  # fmt: skip


def write_png(path: Path, pixels: Pixels, facts: Mapping[str, Any]) -> None:
    """Write a grey picture (uint8 or uint16, rows x columns) as PNG of the same depth, with facts inside.

    Facts that are None are left out. Raises InputError for a fact that is not allowed or whose value does not fit its
    column, and for other arrays; StoreError where the file cannot be written.
    """
    content = encode_png(pixels, facts)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error


def encode_png(pixels: Pixels, facts: Mapping[str, Any]) -> bytes:
    """Return what `write_png` writes."""
    if pixels.ndim != 2 or pixels.dtype.name not in DEEP or not pixels.size:
        raise InputError(f"found {pixels.dtype} of shape {pixels.shape}; a PNG takes uint8 or uint16 (rows, columns)")
    chunks = b"".join(_chunk(name, value) for name, value in checked_facts(facts).items())
    plain = cv2.imencode(".png", pixels)[1].tobytes()
    return plain[:HEADER_END] + chunks + plain[HEADER_END:]


def checked_facts(facts: Mapping[str, Any]) -> dict[str, Fact]:
    """Return the facts that are not None, each checked; raises InputError for one that may not travel."""
    unknown = sorted(set(facts) - set(ALLOWED))
    if unknown:
        raise InputError(f"the facts {', '.join(unknown)} may not travel in a picture; allowed: {', '.join(ALLOWED)}")
    return {name: _checked(ALLOWED[name], value) for name, value in facts.items() if value is not None}


def fitting_facts(row: Mapping[Any, Any]) -> dict[str, Fact]:
    """Return what of a table's row may travel and fits its column; the rest, such as a long maker's name, stays."""
    fitting: dict[str, Fact] = {}
    for name in row.keys() & ALLOWED.keys():
        with contextlib.suppress(InputError):
            fitting[name] = _checked(ALLOWED[name], row[name])
    return fitting


def read_facts(path: Path) -> dict[str, Fact]:
    """Return the facts inside a PNG; other text chunks, and facts that do not fit their column, are ignored.

    Raises InputError where the file is no PNG or is cut off.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    if not content.startswith(SIGNATURE):
        raise InputError(f"{path} is no PNG")
    texts = dict(_texts(content, path))
    return {name: value for name, text in texts.items() if (value := _parsed(name, text)) is not None}


def _checked(column: Column, value: Any) -> Fact:
    plain: Any = value.item() if hasattr(value, "item") else value
    right_kind = isinstance(plain, KINDS[column.kind]) and (column.kind == "flag" or not isinstance(plain, bool))
    if not right_kind or not _fits(column, plain):
        raise InputError(f"the fact {column.name} does not fit its column: {column.description}")
    fact: Fact = float(plain) if column.kind == "number" else plain
    return fact


def _fits(column: Column, value: Any) -> bool:
    if isinstance(value, str):
        short = len(value) <= LONGEST_TEXT and value.isprintable()
        named = not column.allowed or value in column.allowed
        return short and named and bool(re.fullmatch(column.pattern.strip("^$") or ".*", value))
    low, high = (-math.inf if column.low is None else column.low), (math.inf if column.high is None else column.high)
    return math.isfinite(value) and low <= value <= high


def _chunk(name: str, value: Fact) -> bytes:
    """Return an uncompressed iTXt chunk: keyword, two flags, no language, no translated keyword, UTF-8 text."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    body = b"iTXt" + (PREFIX + name).encode("latin-1") + b"\0\0\0\0\0" + text.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def _texts(content: bytes, path: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of each fact's chunk whose checksum holds."""
    place = len(SIGNATURE)
    while place < len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        body = content[place + 4 : place + 8 + length]
        check = content[place + 8 + length : place + 12 + length]
        if len(check) < 4:
            raise InputError(f"{path} is cut off after {len(content)} bytes")
        if body[:4] == b"iTXt" and int.from_bytes(check, "big") == zlib.crc32(body):
            keyword, _, rest = body[4:].partition(b"\0")
            name = keyword.decode("latin-1")
            if name.startswith(PREFIX) and rest[:4] == b"\0\0\0\0":
                yield name.removeprefix(PREFIX), rest[4:].decode(errors="replace")
        place += 12 + length


def _parsed(name: str, text: str) -> Fact | None:
    column = ALLOWED.get(name)
    if column is None:
        return None
    try:
        return _checked(column, READERS[column.kind](text))
    except (ValueError, KeyError, InputError):
        return None
