"""Proof: search every file of a store for a person, also inside of tables, archives, databases and arrays."""

import gzip
import io
import json
import re
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from xray_platform.dicom.intake.verify import ERASURE
from xray_platform.errors import StoreError
from xray_platform.imaging.store.shard_reader import ShardedImages
from xray_platform.imaging.store.standard_image_reader import StandardImageBatch, read_standard_image
from xray_platform.keeping.find_person import array_digest
from xray_platform.keeping.person import Person, alone
from xray_platform.progress import Progress, silent
from xray_platform.tables.places import Places

_TEXTS = frozenset(
    ("", ".json", ".jsonl", ".html", ".csv", ".md", ".txt", ".log", ".yaml", ".yml", ".svg", ".out", ".err")
)
_OF_OTHERS = ("raw", "inbox", "phantoms")  # zones of `data` where other people's names stand
_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_INFLATED = 1 << 26
_TELLING = 6  # digits of a number; shorter ones are years and counts, and stand everywhere
Hit = tuple[str, bool]
"""What was found, in words that name nobody, and whether it stands for this person alone."""


@dataclass(frozen=True)
class Trace:
    """Something that was found: where, what in words; `sure` where it cannot be of another person."""

    where: str
    what: str
    sure: bool


@dataclass(frozen=True)
class Searched:
    """What a search has looked through: files, their bytes, arrays of pixels; and what it found."""

    files: int
    size_bytes: int
    arrays: int
    traces: tuple[Trace, ...]

    @property
    def left(self) -> tuple[Trace, ...]:
        """What surely is of the person."""
        return tuple(trace for trace in self.traces if trace.sure)


class Looker:
    """Looks for a person in bytes: digests and pseudonyms, UIDs and paths, whole names, numbers and words of names.

    Texts are looked for as UTF-8, Latin-1, UTF-16 and as JSON escapes them, in small and in capital letters.
    """

    def __init__(self, person: Person) -> None:
        self._person = person
        whole = set(person.hashes)  # the image's name is how each begins
        self._digits = tuple(form for text in person.digits if text not in whole for form in _forms(text))
        self._marks = tuple((form, _alone([form])) for text in person.marks for form in _forms(text))
        numbers = [text for text in person.numbers if len(text) >= _TELLING or not text.isdigit()]
        self._numbers = _alone([form for text in numbers for form in _forms(text)])
        self._words = _alone([form for text in person.words for form in _forms(text)])

    @cached_property
    def _names(self) -> re.Pattern[bytes] | None:
        between = rb"[^0-9A-Za-z]{1,3}"
        orders = [order for parts in self._person.names for order in (parts, parts[::-1])]
        found = [between.join(b"(?:" + b"|".join(map(re.escape, _forms(part))) + b")" for part in o) for o in orders]
        return re.compile(alone("(?:%s)").encode() % b"|".join(found)) if found else None

    def look(self, data: bytes, *, of_others: bool, prose: bool) -> Iterator[Hit]:
        """Yield what is found in some bytes; where names and numbers of others stand too, such are no proof."""
        if any(data.find(form) >= 0 for form in self._digits):
            yield "a digest or a pseudonym of this person", True
        if any(data.find(form) >= 0 and pattern and pattern.search(data) for form, pattern in self._marks):
            yield "a UID or a path of this person", True
        if self._names and self._names.search(data):
            yield "the person's whole name", not of_others
        if self._numbers and (prose or of_others) and self._numbers.search(data):
            yield "a number of the person, such as the patient ID", not of_others
        if self._words and prose and not of_others and self._words.search(data):
            yield "a word of the person's name", True


def search(places: Places, person: Person, progress: Progress = silent) -> Searched:
    """Look through every file of `data` and `mlruns`, the store's settings and its recipes. Nothing is changed."""
    looker, files = Looker(person), list(_files(places))
    traces, size = [], 0
    for done, path in enumerate(files):
        where = path.relative_to(places.root).as_posix()
        of_others = where.split("/")[0] == "data" and where.split("/")[1] in _OF_OTHERS
        found = set(looker.look(where.encode(), of_others=of_others, prose=True))
        for data, prose in _views(path):
            size += len(data)
            found |= set(looker.look(data, of_others=of_others, prose=prose))
        traces += [Trace(where, what, sure) for what, sure in sorted(found)]
        progress(done + 1, len(files), "files searched")
    arrays = list(_arrays(places))
    traces += [Trace(where, "the person's pixels", True) for where, digest in arrays if digest in set(person.arrays)]
    return Searched(len(files), size, len(arrays), tuple(traces))


def _files(places: Places) -> Iterator[Path]:
    for root in (places.data, places.mlruns, places.recipes):
        if root.is_dir():
            yield from (path for path in sorted(root.rglob("*")) if path.is_file() and path != places.raw / ERASURE)
    yield from (path for path in (places.settings, places.dataset) if path.is_file())


def _forms(text: str) -> list[bytes]:
    """Return the ways in which a text may be written down."""
    ways: set[bytes] = set()
    for form in {text, text.lower(), text.upper(), text.title()}:
        ways |= {form.encode(), json.dumps(form)[1:-1].encode(), form.encode("utf-16-le")}
        if all(ord(sign) < 256 for sign in form):
            ways.add(form.encode("latin-1"))
    return sorted(way for way in ways if len(way) > 1)


def _alone(forms: list[bytes]) -> re.Pattern[bytes] | None:
    every = b"|".join(map(re.escape, sorted(set(forms), key=lambda form: (-len(form), form))))
    return re.compile(alone("(?:%s)").encode() % every) if forms else None


def _views(path: Path) -> Iterator[tuple[bytes, bool]]:
    """Yield the bytes of a file, and what they hold packed; each with whether it is text that people read."""
    data = path.read_bytes()
    yield data, path.suffix.lower() in _TEXTS
    for open_up in (_parquet, _archive, _database, _png_texts, _inflated):
        yield from ((inside, True) for inside in _opened(open_up, path, data))


def _opened(open_up: Callable[[Path, bytes], Iterator[bytes]], path: Path, data: bytes) -> Iterator[bytes]:
    """Yield what an opener finds; what cannot be opened was searched as it lies."""
    try:
        yield from open_up(path, data)
    except (OSError, ValueError, KeyError, EOFError, zlib.error, struct.error, zipfile.BadZipFile, pa.ArrowException):
        return
    except (sqlite3.DatabaseError, NotImplementedError, RuntimeError):
        return


def _parquet(_: Path, data: bytes) -> Iterator[bytes]:
    if data[:4] == b"PAR1":
        table = pq.read_table(pa.BufferReader(data))
        for name in table.column_names:
            values = table[name].to_pylist()
            if any(isinstance(value, str | list) for value in values):
                yield "\n".join(str(value) for value in values if value is not None).encode()


def _archive(_: Path, data: bytes) -> Iterator[bytes]:
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield "\n".join(archive.namelist()).encode()
            for entry in archive.infolist():
                if entry.compress_type != zipfile.ZIP_STORED and entry.file_size < _MOST_INFLATED:
                    yield archive.read(entry)


def _database(path: Path, data: bytes) -> Iterator[bytes]:
    """Yield every cell: a text that reaches over several pages does not lie in one piece in the file."""
    if data[:16] != b"SQLite format 3\0":
        return
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - its own name
                cells = [cell if isinstance(cell, bytes) else str(cell).encode() for cell in row if cell is not None]
                yield b"\n".join(cells)


def _png_texts(_: Path, data: bytes) -> Iterator[bytes]:
    """Yield the texts inside of a PNG, which may be packed (zTXt, iTXt)."""
    if data[:8] != _PNG:
        return
    at = 8
    while at + 12 <= len(data):
        (length,), kind = struct.unpack_from(">I", data, at), data[at + 4 : at + 8]
        if kind in (b"zTXt", b"iTXt"):
            body = data[at + 8 : at + 8 + length]
            for begins in (match.end() for match in re.finditer(rb"\0", body)):
                yield from _unpacked(body[begins:])
        at += 12 + length


def _unpacked(data: bytes) -> Iterator[bytes]:
    for skipped in (0, 1):
        try:
            yield zlib.decompress(data[skipped:])
        except zlib.error:
            continue


def _inflated(_: Path, data: bytes) -> Iterator[bytes]:
    if data[:2] == b"\x1f\x8b":
        yield gzip.GzipFile(fileobj=io.BytesIO(data)).read(_MOST_INFLATED)


def _arrays(places: Places) -> Iterator[tuple[str, str]]:
    """Yield where each picture of the store's arrays lies, and the digest of its decoded pixels."""
    for folder in sorted(places.standard.glob("batch-*")):
        try:
            batch = StandardImageBatch.open(places, folder.name)
        except StoreError:
            continue
        for file in batch.images.values():
            yield f"data/standard/{folder.name}/{file.shard.name}", array_digest(read_standard_image(file))
    for folder in sorted(places.tensors.glob("*/*.zarr")):
        tensors = ShardedImages.open(folder)
        for row in range(len(tensors)):
            yield f"{folder.relative_to(places.root).as_posix()}, row {row}", array_digest(tensors.read([row])[0])
