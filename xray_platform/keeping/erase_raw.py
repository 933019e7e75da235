"""Erase raw: a tombstone, and nothing of a person left in the raw zone, in the inbox and in the phantoms."""

import csv
import io
import shutil
import zipfile
from collections.abc import Collection, Iterator
from hashlib import sha256
from pathlib import Path

from xray_platform.atomic import atomic_path, atomic_write
from xray_platform.dicom.deidentify.whose import whose
from xray_platform.dicom.intake.forget import bury, forget_lines, redact_history
from xray_platform.dicom.intake.raw_store import raw_path
from xray_platform.dicom.pseudonym import PseudonymKey
from xray_platform.keeping.person import Person, replaced
from xray_platform.tables.places import Places

SEALED_LISTS = ("readings.jsonl", "pacs/sent.jsonl")


def erase_raw(places: Places, key: PseudonymKey, person: Person) -> None:
    """Bury the person's raw files, and remove them with all that lies beside them in the raw zone.

    Raises StoreError where journal or plans are not what was signed.
    """
    bury(places, key, person.tombstone, person.hashes)
    redact_history(places, set(person.files), person.tombstone)
    for digest in person.hashes:
        path = raw_path(places, digest)
        path.unlink(missing_ok=True)
        _remove_empty([path.parent, path.parent.parent])
        shutil.rmtree(places.raw / "results" / digest[:2] / digest, ignore_errors=True)
    for name in SEALED_LISTS:
        forget_lines(places, name, lambda said: _of(person, said))
    for index in (places.raw / ".index").glob("*.sqlite*"):
        index.unlink()  # derived, and made anew when it is asked


def _of(person: Person, said: dict[str, object]) -> bool:
    return bool({str(said.get("image")), str(said.get("sha256"))} & {*person.hashes, *person.images})


def erase_dropped(places: Places, key: PseudonymKey, person: Person) -> None:
    """Remove the person's files from the inbox and the phantoms: by their bytes, and those that say whose they are.

    Members of zip archives go, the archive stays; rows of lists that name any of the files go.
    """
    for zone in (places.inbox, places.phantoms):
        for path in sorted(zone.rglob("*")) if zone.is_dir() else ():
            if not path.is_file() or path.is_symlink():
                continue
            if path.suffix.lower() == ".csv":
                _erase_rows(path, person)
            elif zipfile.is_zipfile(path):
                _erase_members(path, key, person)
            elif _is_of(path.read_bytes(), key, person):
                path.unlink()
                _remove_empty([folder for folder in path.parents if folder.is_relative_to(zone) and folder != zone])


def _is_of(data: bytes, key: PseudonymKey, person: Person) -> bool:
    return sha256(data).hexdigest() in person.hashes or whose(data, key).subject in person.subjects


def _erase_members(path: Path, key: PseudonymKey, person: Person) -> None:
    with zipfile.ZipFile(path) as archive:
        kept = [entry for entry in archive.infolist() if not _is_of(archive.read(entry), key, person)]
        if len(kept) == len(archive.infolist()):
            return
        with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "x", zipfile.ZIP_DEFLATED) as left:
            for entry in kept:
                left.writestr(entry, archive.read(entry))


def _erase_rows(path: Path, person: Person) -> None:
    """Take the rows out of a list that name a file of the person, or the person."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return  # no list that the intake could read; the search looks into it
    sources = {source for _, source in person.files}
    kept = [lines for cells, lines in _rows(text) if not _names(path, cells, sources, person)]
    if "".join(kept) != text:
        atomic_write(path, "".join(kept))


def _rows(text: str) -> Iterator[tuple[list[str], str]]:
    """Yield the cells of each row with the text that it stands in, line ends and all."""
    lines = text.splitlines(keepends=True)
    delimiter = max(",;\t", key=lines[0].count) if lines else ","
    reader, begins = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 0
    for cells in reader:
        yield cells, "".join(lines[begins : reader.line_num])
        begins = reader.line_num


def _names(path: Path, cells: list[str], sources: Collection[str], person: Person) -> bool:
    known = {*person.numbers, *person.subjects}
    for cell in (cell.strip() for cell in cells):
        if cell in known or replaced(person, cell) != cell:
            return True
        if cell and any(str(folder / cell.replace("\\", "/")) in sources for folder in path.parents):
            return True
    return False


def _remove_empty(folders: Collection[Path]) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
