"""Container: open the bytes of a DICOM file and give access to its attributes, trusting none of its lengths."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.element_scanner import Caps, Element, ScannedDataset, scan_elements
from xray_platform.dicom.parse.evidence_text import about
from xray_platform.dicom.parse.flaws import Flaw, FlawKind
from xray_platform.dicom.parse.syntax import EXPLICIT, IMPLICIT, SYNTAXES, Syntax

MEBI = 1024**2
MOST_META, MOST_WORDS = 1000, 65536
_PROGRAMS = ((b"MZ", "a Windows program"), (b"\x7fELF", "a Linux program"), (b"#!", "a script"))
_MACH_O = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_TIFF = (b"II*\x00", b"MM\x00*")


@dataclass(frozen=True)
class Container:
    """A DICOM file opened: where its attributes lie in `data` (which is inflated where the file was deflated).

    `syntax` is None where the file states none or an unknown one. `meta` holds the values of the file meta
    information, `sequences` the items of the top level's sequences, `nested` the elements of all items at whatever
    depth, `fragments` the places of encapsulated pixel data without the offset table.
    """

    data: bytes
    part10: bool
    syntax: Syntax | None
    meta: Mapping[int, bytes]
    elements: Mapping[int, Element]
    sequences: Mapping[int, list[dict[int, Element]]]
    fragments: list[tuple[int, int]] | None
    flaws: tuple[Flaw, ...]
    depth: int = 0
    count: int = 0
    nested: Sequence[Element] = ()

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

    def meta_text(self, tag: int) -> str:
        """Return a text of the file meta information, or nothing."""
        return self.meta.get(tag, b"").decode("latin-1").strip(" \0")

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
        """Return the values of a US or SS attribute; empty where there are more than a palette has entries."""
        raw = self.raw(tag, within)
        if len(raw) > 2 * MOST_WORDS:
            return ()
        order, letter = "<" if self.little else ">", "h" if signed else "H"
        return struct.unpack(f"{order}{len(raw) // 2}{letter}", raw) if len(raw) % 2 == 0 else ()

    def word(self, tag: int) -> int | None:
        """Return the first value of a US attribute, or None."""
        return next(iter(self.words(tag)), None)


def open_container(data: bytes, *, caps: Caps = Caps(), inflate_bytes: int = 256 * MEBI) -> Container:
    """Open bytes that look like DICOM (`file_type_of`). It never raises: what is wrong becomes a flaw."""
    start = 132 if data[128:132] == b"DICM" else 4 if data[:4] == b"DICM" else 0
    if start == 0 and data[:2] != b"\x02\x00":
        return _headerless(data, caps)
    flaws = list(_preamble_flaws(data[:start]))
    if start != 132:
        flaws.append(Flaw(FlawKind.NO_PART10_HEADER, "the file meta information stands without preamble or magic word"))
    meta, after, broken = _read_meta(data, start)
    body = _body(data, after, meta, inflate_bytes)
    found = scan_elements(body.data, body.start, explicit=body.explicit, little=body.little, caps=caps)
    everything = (*flaws, *broken, *body.flaws, *found.flaws)
    return _container(body.data, found, everything, part10=start == 132, syntax=body.syntax, meta=meta)


def _container(
    data: bytes,
    found: ScannedDataset,
    flaws: tuple[Flaw, ...],
    *,
    part10: bool,
    syntax: Syntax | None,
    meta: Mapping[int, bytes],
) -> Container:
    return Container(
        data,
        part10,
        syntax,
        meta,
        found.elements,
        found.sequences,
        found.fragments,
        flaws,
        found.depth,
        found.count,
        found.nested,
    )


def _headerless(data: bytes, caps: Caps) -> Container:
    """Try a file without file meta information as a bare dataset in one of the two little-endian syntaxes."""
    syntax = EXPLICIT if _looks_explicit(data, 0) else IMPLICIT
    found = scan_elements(data, 0, explicit=syntax.explicit, caps=caps)
    if not found.flaws and tags.SOP_CLASS_UID in found.elements and found.fragments is None:
        flaw = Flaw(FlawKind.NO_PART10_HEADER, f"no Part-10 header, but a whole dataset in {syntax.name}")
        return _container(data, found, (flaw,), part10=False, syntax=syntax, meta={})
    # Of a file that is not DICOM in the first place the scanner's flaws say nothing.
    flaw = Flaw(FlawKind.UNREADABLE, "no DICOM magic word, and no whole dataset")
    return _container(data, ScannedDataset(), (flaw,), part10=False, syntax=None, meta={})


def _read_meta(data: bytes, start: int) -> tuple[dict[int, bytes], int, list[Flaw]]:
    """Read group 0002, which is always Explicit VR Little Endian (PS3.10 section 7.1); return where it ends."""
    position, meta = start, dict[int, bytes]()
    for _ in range(MOST_META):
        if data[position : position + 2] != b"\x02\x00" or len(data) - position < 8:
            return (
                meta,
                position,
                [] if meta else [Flaw(FlawKind.UNREADABLE, "no file meta information after the magic word")],
            )
        number, vr, length = struct.unpack_from("<H2sH", data, position + 2)
        value = position + 8
        if vr in {b"OB", b"UN", b"OW"}:
            length = struct.unpack_from("<L", data, value)[0] if len(data) - value >= 4 else len(data)
            value += 4
        if value + length > len(data):
            return meta, len(data), [Flaw(FlawKind.UNREADABLE, "the file meta information breaks off")]
        meta[0x00020000 | number] = data[value : value + length]
        position = value + length
    return meta, len(data), [Flaw(FlawKind.TOO_COMPLEX, f"{MOST_META} or more elements of file meta information")]


@dataclass(frozen=True)
class _Body:
    """The dataset behind the file meta information, and how it is to be read."""

    data: bytes
    start: int
    explicit: bool
    little: bool
    syntax: Syntax | None
    flaws: tuple[Flaw, ...] = ()


def _body(data: bytes, start: int, meta: Mapping[int, bytes], inflate_bytes: int) -> _Body:
    stated = meta.get(tags.TRANSFER_SYNTAX_UID, b"").decode("latin-1").strip(" \0")
    syntax = SYNTAXES.get(stated)
    seems_explicit = _looks_explicit(data, start)
    if syntax is None:
        flaw = Flaw(FlawKind.UNKNOWN_SYNTAX, f"the transfer syntax is {'not a known one' if stated else 'missing'}")
        return _Body(data, start, seems_explicit, True, None, (flaw,))
    if syntax.deflated:
        inflated, flaws = _inflate(data[start:], inflate_bytes)
        return _Body(inflated, 0, True, True, syntax, flaws)
    if syntax.little and syntax.explicit != seems_explicit and len(data) - start >= 8:
        return _contradicted(data, start, syntax)
    return _Body(data, start, syntax.explicit, syntax.little, syntax)


def _contradicted(data: bytes, start: int, syntax: Syntax) -> _Body:
    """Read a dataset as it is written where its transfer syntax contradicts it on value representations."""
    explicit = not syntax.explicit
    what = "has value representations" if explicit else "has no value representations"
    flaw = Flaw(FlawKind.CONTRADICTED_SYNTAX, f"the transfer syntax is {syntax.name}, the dataset {what}")
    meant = {IMPLICIT.uid: EXPLICIT, EXPLICIT.uid: IMPLICIT}.get(syntax.uid, syntax)
    return _Body(data, start, explicit, True, meant, (flaw,))


def _looks_explicit(data: bytes, position: int) -> bool:
    vr = data[position + 4 : position + 6]
    return len(vr) == 2 and vr.isalpha() and vr.isupper()


def _inflate(packed: bytes, limit: int) -> tuple[bytes, tuple[Flaw, ...]]:
    """Inflate a deflated dataset (PS3.5 annex A.5), at most `limit` bytes of it."""
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        body = engine.decompress(packed, limit)
    except zlib.error:
        return b"", (Flaw(FlawKind.UNREADABLE, "the deflated dataset cannot be inflated"),)
    if engine.unconsumed_tail:
        return b"", (Flaw(FlawKind.INFLATES_TOO_LARGE, f"the deflated dataset is longer than {limit // MEBI} MiB"),)
    if not engine.eof:
        return body, (Flaw(FlawKind.UNREADABLE, "the deflated dataset breaks off"),)
    # PS3.10 lets one zero byte pad the deflated part to an even length.
    rest = engine.unused_data.strip(b"\0")
    return body, (
        Flaw(FlawKind.TRAILING_BYTES, f"{about(len(rest))} bytes after the deflated dataset"),
    ) if rest else ()


def _preamble_flaws(head: bytes) -> list[Flaw]:
    """Look at the 128 bytes that DICOM leaves to others: a program there makes the file two things at once."""
    preamble = head[:128] if len(head) == 132 else b""
    if not preamble.strip(b"\0"):
        return []
    for signature, what in (*_PROGRAMS, *((start, "a macOS program") for start in _MACH_O)):
        if preamble.startswith(signature):
            return [Flaw(FlawKind.PROGRAM_IN_PREAMBLE, f"the preamble begins like {what}")]
    what = "a TIFF header" if preamble.startswith(_TIFF) else "unknown bytes"
    return [Flaw(FlawKind.BYTES_IN_PREAMBLE, f"the preamble holds {what}")]
