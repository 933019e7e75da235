"""Container: open the bytes of a DICOM file and give access to its attributes, trusting none of its lengths."""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from xray_platform.dicom import tags
from xray_platform.dicom.syntax import EXPLICIT, IMPLICIT, SYNTAXES, Syntax
from xray_platform.dicom.walk import Caps, Element, Flaw, Walk, walk

MEBI = 1024**2
_PROGRAMS = ((b"MZ", "a Windows program"), (b"\x7fELF", "a Linux program"), (b"#!", "a script"))
_MACH_O = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_TIFF = (b"II*\x00", b"MM\x00*")


@dataclass(frozen=True)
class Container:
    """A DICOM file opened: where its attributes lie in `data` (which is inflated where the file was deflated).

    `syntax` is None where the file states none or an unknown one (`stated` is what it states). `sequences` holds the
    items of the top level's sequences, `fragments` the places of encapsulated pixel data without the offset table.
    """

    data: bytes
    part10: bool
    syntax: Syntax | None
    stated: str
    meta: Mapping[int, Element]
    elements: Mapping[int, Element]
    sequences: Mapping[int, list[dict[int, Element]]]
    fragments: list[tuple[int, int]] | None
    flaws: tuple[Flaw, ...]
    depth: int = 0
    count: int = 0
    meta_bytes: bytes = b""

    @property
    def little(self) -> bool:
        return self.syntax is None or self.syntax.little

    def has(self, tag: int) -> bool:
        return tag in self.elements

    def raw(self, tag: int, within: Mapping[int, Element] | None = None) -> bytes:
        """Return the bytes of an attribute's value, empty where it is absent or its length is not defined."""
        element = (self.elements if within is None else within).get(tag)
        if element is None or element.offset + element.length > len(self.data):
            return b""
        return self.data[element.offset : element.offset + element.length]

    def texts(self, tag: int, within: Mapping[int, Element] | None = None) -> tuple[str, ...]:
        """Return the values of a text attribute, stripped; empty where it is absent or longer than 4,096 bytes."""
        raw = self.raw(tag, within)
        if not raw or len(raw) > 4096:
            return ()
        return tuple(part.strip(" \0\t\r\n") for part in raw.decode("latin-1").split("\\"))

    def text(self, tag: int, within: Mapping[int, Element] | None = None) -> str:
        """Return the first value of a text attribute, or nothing."""
        return next(iter(self.texts(tag, within)), "")

    def decimals(self, tag: int) -> tuple[float, ...]:
        """Return the values of a DS or IS attribute; empty where any of them is no finite number."""
        try:
            found = tuple(float(text) for text in self.texts(tag) if text)
        except ValueError:
            return ()
        return found if all(abs(number) < 1e300 for number in found) else ()

    def words(self, tag: int, *, signed: bool = False, within: Mapping[int, Element] | None = None) -> tuple[int, ...]:
        """Return the values of a US or SS attribute."""
        raw = self.raw(tag, within)
        order, letter = "<" if self.little else ">", "h" if signed else "H"
        return struct.unpack(f"{order}{len(raw) // 2}{letter}", raw) if len(raw) % 2 == 0 else ()

    def word(self, tag: int) -> int | None:
        """Return the first value of a US attribute, or None."""
        return next(iter(self.words(tag)), None)


def open_container(data: bytes, *, caps: Caps = Caps(), inflate_bytes: int = 256 * MEBI) -> Container:
    """Open the bytes of a file that looks like DICOM (`form_of`). It never raises: what is wrong becomes a flaw."""
    start = 132 if data[128:132] == b"DICM" else 4 if data[:4] == b"DICM" else 0
    flaws = list(_preamble_flaws(data[:start]))
    if start == 0 and data[:2] != b"\x02\x00":
        return _headerless(data, caps)
    meta, after, broken = _read_meta(data, start)
    part10 = start == 132
    if not part10:
        flaws.append(Flaw("Q002", "the file meta information stands without preamble or magic word"))
    flaws += broken
    stated = _stated_syntax(data, meta)
    syntax = SYNTAXES.get(stated)
    if syntax is None:
        what = "is missing" if not stated else "is not a known one"
        flaws.append(Flaw("Q006", f"the transfer syntax {what}"))
        body, explicit, little = data, _looks_explicit(data, after), True
    else:
        body, explicit, little = data, syntax.explicit, syntax.little
    meta_bytes = data[start:after]
    if syntax is not None and syntax.deflated:
        body, tail = _inflate(data[after:], inflate_bytes)
        flaws += tail
        after = 0
    elif explicit and little and not _looks_explicit(data, after) and len(data) - after >= 8:
        flaws.append(Flaw("Q006", "the transfer syntax states value representations, the dataset has none"))
        explicit, syntax = False, IMPLICIT if syntax is EXPLICIT else syntax
    found = walk(body, after, explicit=explicit, little=little, caps=caps)
    return _container(body, found, flaws, part10=part10, syntax=syntax, stated=stated, meta=meta, meta_bytes=meta_bytes)


def _container(
    body: bytes,
    found: Walk,
    flaws: list[Flaw],
    *,
    part10: bool,
    syntax: Syntax | None,
    stated: str,
    meta: dict[int, Element],
    meta_bytes: bytes,
) -> Container:
    everything = (*flaws, *found.flaws)
    return Container(
        body, part10, syntax, stated, meta, found.elements, found.sequences, found.fragments, everything,
        found.depth, found.count, meta_bytes,
    )  # fmt: skip


def _headerless(data: bytes, caps: Caps) -> Container:
    """Try a file without file meta information as a bare dataset in one of the two little-endian syntaxes."""
    explicit = _looks_explicit(data, 0)
    syntax = EXPLICIT if explicit else IMPLICIT
    found = walk(data, 0, explicit=explicit, caps=caps)
    whole = not found.flaws and tags.SOP_CLASS_UID in found.elements and found.fragments is None
    if whole:
        flaw = Flaw("Q002", f"no Part-10 header, but a whole dataset in {syntax.name}")
        return _container(data, found, [flaw], part10=False, syntax=syntax, stated="", meta={}, meta_bytes=b"")
    # Whatever the walk met is no news about a file that is not DICOM in the first place.
    return Container(data, False, None, "", {}, {}, {}, None, (Flaw("Q003", "no DICOM magic word, and no dataset"),))


def _read_meta(data: bytes, start: int) -> tuple[dict[int, Element], int, list[Flaw]]:
    """Read group 0002, which is always Explicit VR Little Endian (PS3.10 section 7.1); return where it ends."""
    position, meta = start, dict[int, Element]()
    while data[position : position + 2] == b"\x02\x00" and len(data) - position >= 8:
        number, vr, length = struct.unpack_from("<H2sH", data, position + 2)
        value = position + 8
        if vr in {b"OB", b"UN", b"OW"}:
            length = struct.unpack_from("<L", data, value)[0] if len(data) - value >= 4 else len(data)
            value += 4
        if value + length > len(data):
            return meta, len(data), [Flaw("Q003", "the file meta information breaks off")]
        meta[0x00020000 | number] = Element(0x00020000 | number, vr, value, length)
        position = value + length
    return meta, position, [] if meta else [Flaw("Q003", "no file meta information after the magic word")]


def _stated_syntax(data: bytes, meta: dict[int, Element]) -> str:
    element = meta.get(tags.TRANSFER_SYNTAX_UID)
    if element is None:
        return ""
    return data[element.offset : element.offset + element.length].decode("latin-1").strip(" \0")


def _looks_explicit(data: bytes, position: int) -> bool:
    vr = data[position + 4 : position + 6]
    return len(vr) == 2 and vr.isalpha() and vr.isupper()


def _inflate(packed: bytes, limit: int) -> tuple[bytes, list[Flaw]]:
    """Inflate a deflated dataset (PS3.5 annex A.5), at most `limit` bytes of it."""
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        body = engine.decompress(packed, limit)
    except zlib.error:
        return b"", [Flaw("Q003", "the deflated dataset cannot be inflated")]
    if engine.unconsumed_tail and not engine.eof:
        return b"", [Flaw("Q010", f"the deflated dataset is longer than {limit // MEBI} MiB")]
    if not engine.eof:
        return body, [Flaw("Q003", "the deflated dataset breaks off")]
    # PS3.10 lets one zero byte pad the deflated part to an even length.
    rest = engine.unused_data.strip(b"\0")
    return body, [Flaw("Q005", f"{len(rest)} bytes after the deflated dataset")] if rest else []


def _preamble_flaws(head: bytes) -> list[Flaw]:
    """Look at the 128 bytes that DICOM leaves to others: a program there makes the file two things at once."""
    preamble = head[:128] if len(head) == 132 else b""
    if not preamble.strip(b"\0"):
        return []
    for signature, what in (*_PROGRAMS, *((start, "a macOS program") for start in _MACH_O)):
        if preamble.startswith(signature):
            return [Flaw("Q012", f"the preamble begins like {what}")]
    what = "a TIFF header" if preamble.startswith(_TIFF) else "unknown bytes"
    return [Flaw("Q012", f"the preamble holds {what}")]
