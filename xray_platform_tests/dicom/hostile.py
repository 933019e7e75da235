"""Hostile: a zoo of files that were made to harm whoever reads them; `ZOO` names each, with the rule that must notice.

Most are a sound file with one thing wrong, written byte by byte, for no library would write them.
"""

import io
import os
import random
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from pydicom.encaps import encapsulate

from xray_platform_tests.dicom import made

UNDEFINED = 0xFFFFFFFF
DEFLATED, RLE = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5"
JPEG_LOSSLESS, JPEG_2000 = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90"
ITEM, ITEM_END, SEQUENCE_END = (struct.pack("<HHL", 0xFFFE, number, 0) for number in (0xE000, 0xE00D, 0xE0DD))
OPEN_ITEM = ITEM[:4] + struct.pack("<L", UNDEFINED)
MODALITY, VIEW_CODE = b"\x08\x00\x60\x00CS", b"\x54\x00\x20\x02SQ"
EVIL = b"../../../../evil\x1b[31m\0\r\n"


@dataclass(frozen=True)
class Exhibit:
    """A file name, what makes its bytes, and the code of the rule that must be among the findings."""

    name: str
    make: Callable[[], bytes]
    code: str


Family = Callable[[], Iterator[Exhibit]]


def long(group: int, number: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    return struct.pack("<HH2sHL", group, number, vr, 0, len(value) if length is None else length) + value


@cache
def sound() -> bytes:
    """A sound file with a sequence in it."""
    data = made.file(made.chest(128, 128), PatientID="A" * len(EVIL), StudyInstanceUID="1." + "2" * (len(EVIL) - 2))
    return before_pixels(view_code(), data)


def view_code() -> bytes:
    return long(0x0054, 0x0220, b"SQ", OPEN_ITEM + struct.pack("<HH2sH", 8, 0x100, b"SH", 4) + b"R-10" + ITEM_END +
                SEQUENCE_END, UNDEFINED)  # fmt: skip


def pixels_at(data: bytes) -> int:
    return data.rindex(b"\xe0\x7f\x10\x00")


def before_pixels(extra: bytes, data: bytes | None = None) -> bytes:
    data = sound() if data is None else data
    return data[: pixels_at(data)] + extra + data[pixels_at(data) :]


def instead_of_pixels(extra: bytes) -> bytes:
    return sound()[: pixels_at(sound())] + extra


def squeezed(stream: bytes, syntax: str, **attributes: Any) -> bytes:
    picture = made.chest(128, 128)
    return made.file(picture, syntax, PixelData=encapsulate([bytes(stream)]), **attributes)


@cache
def lossless_jpeg() -> bytes:
    return bytes(imagecodecs.jpeg8_encode(made.chest(128, 128), lossless=True, bitspersample=12))


@cache
def jpeg_2000() -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(made.chest(128, 128), level=0, codecformat="j2k"))


def patched(data: bytes, at: int, form: str, *values: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(form, changed, at, *values)
    return bytes(changed)


def stating(rows: int, columns: int) -> bytes:
    """A lossless JPEG stream whose frame header states this size."""
    return patched(lossless_jpeg(), lossless_jpeg().index(b"\xff\xc3") + 5, ">HH", rows, columns)


def cuts() -> Iterator[Exhibit]:
    """The sound file, cut off at every kind of place."""
    whole, wrapped = sound(), squeezed(lossless_jpeg(), JPEG_LOSSLESS)
    tag, sequence, pixels = whole.index(MODALITY), whole.index(VIEW_CODE), pixels_at(whole)
    places = {
        "magic": (130, "Q002"), "meta": (160, "Q003"), "meta-only": (whole.index(b"\x08\x00\x16\x00UI"), "Q020"),
        "tag": (tag + 2, "Q003"), "vr": (tag + 5, "Q003"), "length": (tag + 7, "Q003"), "value": (tag + 9, "Q004"),
        "sequence": (sequence + 12, "Q003"), "item": (sequence + 20, "Q003"), "in-item": (sequence + 30, "Q004"),
        "end-mark": (sequence + 40, "Q003"), "pixel-header": (pixels + 9, "Q003"), "pixels": (pixels + 99, "Q004"),
    }  # fmt: skip
    yield Exhibit("cut-preamble.dcm", lambda: whole[:64], "Q002")
    for name, (place, code) in places.items():
        yield Exhibit(f"cut-{name}.dcm", lambda place=place: whole[:place], code)  # type: ignore[misc]
    yield Exhibit("cut-fragment.dcm", lambda: wrapped[:-200], "Q004")
    yield Exhibit("cut-stream.dcm", lambda: squeezed(lossless_jpeg()[:-200], JPEG_LOSSLESS), "Q024")
    yield Exhibit("cut-fragment-header.dcm", lambda: wrapped[: pixels_at(wrapped) + 22], "Q004")


def deflate_bomb() -> bytes:
    """Half a gigabyte of zeros; the same flushed block again and again, so that it is made in no time."""
    head = made.file(syntax=DEFLATED)
    start = head.index(DEFLATED.encode()) + len(DEFLATED)
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = engine.compress(bytes(1 << 20)) + engine.flush(zlib.Z_FULL_FLUSH)
    return head[:start] + first * 512 + engine.flush()


def rle_bomb(rows: int, length: int) -> bytes:
    segment = b"\x81\x00" * (length // 128)
    stream = struct.pack("<16L", 2, 64, 64 + len(segment), *[0] * 13) + segment * 2
    return squeezed(stream, RLE, Rows=rows, Columns=rows)


def png_bomb(side: int) -> bytes:
    header = struct.pack(">LLBBBBB", side, side, 16, 0, 0, 0, 0)
    packed = zlib.compress(bytes(1 << 20))
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    body = (struct.pack(">L", len(d)) + kind + d + struct.pack(">L", zlib.crc32(kind + d)) for kind, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def zipped(members: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packing) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def nameless_zip() -> bytes:
    """An archive whose table of contents names its only member with no letter at all."""
    data = bytearray(zipped({"1": sound()}))
    central, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    struct.pack_into("<L", data, end + 12, end - central - 1)
    struct.pack_into("<H", data, central + 28, 0)
    del data[central + 46]
    return bytes(data)


def bombs() -> Iterator[Exhibit]:
    """Little files that want to be large ones."""
    huge = {"Rows": 65000, "Columns": 65000}
    tiles = patched(jpeg_2000(), 24, ">LL", 1, 1)
    yield Exhibit("bomb-deflate.dcm", deflate_bomb, "Q010")
    yield Exhibit("bomb-rle-stated.dcm", lambda: rle_bomb(20_000, 1 << 20), "Q022")
    yield Exhibit("bomb-rle-overrun.dcm", lambda: rle_bomb(128, 1 << 26), "Q026")
    yield Exhibit("bomb-rle-full.dcm", lambda: rle_bomb(6000, 6000 * 6000), "Q060")
    yield Exhibit("bomb-jpeg.dcm", lambda: squeezed(stating(65000, 65000), JPEG_LOSSLESS), "Q022")
    yield Exhibit("bomb-jpeg-agreed.dcm", lambda: squeezed(stating(65000, 65000), JPEG_LOSSLESS, **huge), "Q022")
    yield Exhibit("lie-jpeg.dcm", lambda: squeezed(stating(1280, 1280), JPEG_LOSSLESS), "Q025")
    yield Exhibit("bomb-j2k.dcm", lambda: squeezed(patched(jpeg_2000(), 8, ">LL", 1 << 31, 1 << 31), JPEG_2000), "Q022")
    yield Exhibit("bomb-j2k-tiles.dcm", lambda: squeezed(tiles, JPEG_2000), "Q060")
    yield Exhibit("bomb-j2k-parts.dcm", lambda: squeezed(patched(jpeg_2000(), 40, ">H", 16384), JPEG_2000), "Q022")
    yield Exhibit("bomb.jpg", lambda: stating(65000, 65000), "Q022")
    yield Exhibit("bomb.png", lambda: png_bomb(30_000), "Q022")
    yield Exhibit("short.png", lambda: png_bomb(4000), "Q026")
    yield Exhibit("bomb.zip", lambda: zipped({"1.dcm": bytes(1 << 24)}), "Q003")
    yield Exhibit("nested.zip", lambda: zipped({"in.zip": zipped({"1.dcm": sound()})}), "Q009")
    yield Exhibit("up.zip", lambda: zipped({"../../../up.dcm": sound()}), "Q003")
    yield Exhibit("nameless.zip", nameless_zip, "Q009")
    yield Exhibit("lzma.zip", lambda: zipped({"1.dcm": sound()}, zipfile.ZIP_LZMA), "Q003")
    yield Exhibit("no-zip.dcm", lambda: zipped({"1.dcm": sound()}), "Q009")
    yield Exhibit("gzip.dcm", lambda: b"\x1f\x8b" + bytes(100), "Q009")


def nested(depth: int) -> bytes:
    return before_pixels((long(0x40, 0xA730, b"SQ", b"", UNDEFINED) + OPEN_ITEM) * depth)


def with_lengths(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = long(0x40, 0xA730, b"SQ", ITEM[:4] + struct.pack("<L", len(inner)) + inner)
    return before_pixels(inner)


def masses() -> Iterator[Exhibit]:
    """Too much of everything."""
    one = struct.pack("<HH2sH", 0x55, 0x1000, b"LO", 0)
    meta = struct.pack("<HH2sH", 2, 0x16, b"AE", 0)
    many = long(0x54, 0x220, b"SQ", ITEM * 200_000)
    yield Exhibit("deep-3000.dcm", lambda: with_lengths(3000), "Q011")
    yield Exhibit("deep-100000.dcm", lambda: nested(100_000), "Q011")
    yield Exhibit("many-elements.dcm", lambda: before_pixels(one * 200_000), "Q011")
    yield Exhibit("many-items.dcm", lambda: before_pixels(many), "Q011")
    yield Exhibit("many-in-meta.dcm", lambda: sound()[:132] + meta * 200_000 + sound()[132:], "Q011")
    yield Exhibit("many-fragments.dcm", lambda: instead_of_pixels(
        long(0x7FE0, 0x10, b"OB", ITEM * 200_000 + SEQUENCE_END, UNDEFINED)), "Q011")  # fmt: skip
    yield Exhibit("many-segments.jpg", lambda: b"\xff\xd8" + b"\xff\xe0\0\x02" * 2_000_000, "Q003")
    yield Exhibit("fill-bytes.jpg", lambda: b"\xff\xd8" + b"\xff" * 20_000_000, "Q003")
    yield Exhibit("many-chunks.png", lambda: b"\x89PNG\r\n\x1a\n" + png_bomb(9)[8:33] + bytes(20_000_000), "Q004")
    yield Exhibit("wide-rows.dcm", lambda: before_pixels(long(0x28, 0x10, b"OW", bytes(20_000_000))), "Q021")


def lies() -> Iterator[Exhibit]:
    """Lengths, marks and numbers that do not mean what they say."""
    for length in (0xFFFFFFFE, 0x7FFFFFFF):
        lie = long(0x54, 0x410, b"OB", b"abcd", length)
        yield Exhibit(f"length-{length:x}.dcm", lambda lie=lie: before_pixels(lie), "Q004")  # type: ignore[misc]
    open_bytes = long(0x54, 0x410, b"OB", b"abcd", UNDEFINED)
    yield Exhibit("length-open-bytes.dcm", lambda: before_pixels(open_bytes), "Q003")
    yield Exhibit("length-open-unknown.dcm", lambda: before_pixels(open_bytes.replace(b"OB", b"UN")), "Q003")
    yield Exhibit("length-open-pixels.dcm", lambda: instead_of_pixels(
        long(0x7FE0, 0x10, b"OW", bytes(128 * 128 * 2), UNDEFINED)), "Q004")  # fmt: skip
    yield Exhibit("item-end-alone.dcm", lambda: before_pixels(ITEM_END), "Q003")
    yield Exhibit("sequence-end-alone.dcm", lambda: before_pixels(SEQUENCE_END), "Q003")
    yield Exhibit("item-end-first.dcm", lambda: before_pixels(
        long(0x54, 0x220, b"SQ", ITEM_END + SEQUENCE_END, UNDEFINED)), "Q003")  # fmt: skip
    yield Exhibit("pixels-twice.dcm", lambda: sound() + sound()[pixels_at(sound()) :], "Q005")
    wrong: dict[str, tuple[dict[str, Any], str]] = {
        "giant": ({"Rows": 65535, "Columns": 65535, "NumberOfFrames": 1000}, "Q022"),
        "frames-endless": ({"NumberOfFrames": "1" * 12}, "Q022"), "frames-negative": ({"NumberOfFrames": -5}, "Q063"),
        "bits-0": ({"BitsAllocated": 0}, "Q021"), "bits-1": ({"BitsAllocated": 1, "BitsStored": 1}, "Q023"),
        "bits-64": ({"BitsAllocated": 64}, "Q023"), "bits-stored": ({"BitsStored": 65535, "HighBit": 0}, "Q023"),
        "no-rows": ({"Rows": 0}, "Q021"), "intercept": ({"RescaleIntercept": "1e299", "RescaleSlope": 1}, "Q063"),
        "slope": ({"RescaleIntercept": "-1e299", "RescaleSlope": "-1e299"}, "Q063"),
    }  # fmt: skip
    for name, (attributes, code) in wrong.items():
        data = quietly(attributes)
        yield Exhibit(f"number-{name}.dcm", lambda data=data: data, code)  # type: ignore[misc]
    frames = struct.pack("<HH2sH", 0x28, 8, b"IS", 4000) + b"9" * 4000
    yield Exhibit("number-frames-4000-digits.dcm", lambda: before_pixels(frames), "Q022")


def quietly(attributes: dict[str, Any]) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return made.file(made.chest(128, 128), **({"HighBit": 11} | attributes))


def masks() -> Iterator[Exhibit]:
    """Files that are two things at once, and texts that want to be paths or orders to a terminal."""
    beginnings = {"MZ\x90": "Q012", "\x7fELF": "Q012", "#!/bin/sh\n": "Q012", "%PDF-1.4": "Q012", "PK\x03\x04": "Q012"}
    for number, (start, code) in enumerate(beginnings.items()):
        preamble = start.encode("latin-1").ljust(128, b"\0")
        yield Exhibit(f"two-things-{number}.dcm", lambda p=preamble: p + sound()[128:], code)  # type: ignore[misc]
    yield Exhibit("zip-behind.dcm", lambda: sound() + zipped({"../x": b"x"}), "Q005")
    yield Exhibit("text-patient.dcm", lambda: sound().replace(b"A" * len(EVIL), EVIL), "Q063")
    study = b"1." + b"2" * (len(EVIL) - 2)
    yield Exhibit("text-study.dcm", lambda: sound().replace(study, EVIL), "Q063")
    yield Exhibit("text-photometric.dcm", lambda: sound().replace(b"MONOCHROME2 ", b"<b>DOE^J</b>"), "Q030")
    yield Exhibit("empty.dcm", lambda: b"", "Q001")


def flipped(seed: int) -> bytes:
    """The sound file, native or compressed, with some bytes of its header or stream changed."""
    chance = random.Random(seed)
    data = bytearray(sound() if seed % 2 else squeezed(lossless_jpeg(), JPEG_LOSSLESS))
    reach = pixels_at(bytes(data)) + 64
    for _ in range(chance.choice((1, 2, 8))):
        data[chance.randrange(128, reach)] = chance.choice((0, 0xFF, 0x80, chance.randrange(256)))
    return bytes(data)


def zoo() -> tuple[Exhibit, ...]:
    """All exhibits of which it is known what notices them."""
    return (*cuts(), *bombs(), *masses(), *lies(), *masks())


def settle_unruly(folder: Path) -> list[str]:
    """Put into a folder what is no regular file, and names that are no names; return those names."""
    os.mkfifo(folder / "fifo.dcm")
    os.mknod(folder / "socket.dcm", stat.S_IFSOCK | 0o600)
    (folder / "dangling.dcm").symlink_to("nowhere")
    (folder / "loop-1.dcm").symlink_to("loop-2.dcm")
    (folder / "loop-2.dcm").symlink_to("loop-1.dcm")
    (folder / "unreadable.dcm").write_bytes(b"secret")
    (folder / "unreadable.dcm").chmod(0)
    (folder / "folder.dcm").mkdir()
    (folder / "folder.dcm" / "up").symlink_to(folder)
    odd = ["new\nline.dcm", "\x1b[31mred:dog:.dcm", os.fsdecode(b"\xff\xfe.dcm"), "folder.dcm/inside.dcm"]
    for name in odd:
        (folder / name).write_bytes(np.random.default_rng(len(name)).bytes(300))
    return ["fifo.dcm", "socket.dcm", "dangling.dcm", "loop-1.dcm", "loop-2.dcm", "unreadable.dcm", *odd]
