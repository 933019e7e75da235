"""Find person: gather all by which a subject's data is found, from tables, plans and the raw files' own headers."""

import hashlib
import re
import secrets
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from xray_platform.dicom.deidentify.person import GivenIdentity
from xray_platform.dicom.deidentify.whose import Whose, whose
from xray_platform.dicom.intake.batch_plan import PlannedFile, plans, read_plan
from xray_platform.dicom.intake.hashed_files import hashed_files
from xray_platform.dicom.intake.index import index_of_journal
from xray_platform.dicom.intake.raw_store import raw_path
from xray_platform.dicom.pseudonym import PseudonymKey
from xray_platform.errors import StoreError
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.store.standard_image_reader import StandardImageBatch, read_standard_image
from xray_platform.imaging.store.tensors import open_tensors
from xray_platform.keeping.person import Person, alone
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import IMAGES, LIKENESS, SPLITS, TENSORS
from xray_platform.tables.layouts import tensor_array
from xray_platform.tables.places import Places

Said = dict[str, PlannedFile]
"""What the plans say of a raw file, by its SHA-256."""


def find_person(places: Places, key: PseudonymKey, subject: str, progress: Progress = silent) -> Person | None:
    """Return all by which a subject's data is found; None where the store holds nothing of the subject.

    Files that were not published are opened to see whose they are. Another file with the very same pixels goes too,
    whoever it is said to be of, and so does one that is nobody's picture and lists the person's. Raises StoreError
    where plans or tables cannot be read.
    """
    said, files = _planned(places, key, subject)
    images = IMAGES.read(places, columns=("image", "sha256", "subject", "study", "file"))
    own = images[images["subject"] == subject]
    hashes = set(own["sha256"].astype(str))
    known = set(images["sha256"].astype(str))
    rest, nobodys = sorted(said.keys() - known), []
    for done, digest in enumerate(rest):
        of = _whose(places, key, digest, said).subject
        if of == subject:
            hashes.add(digest)
        elif of is None or not raw_path(places, digest).is_file():
            nobodys.append(digest)
        progress(done + 1, len(rest), "files opened that were not published")
    twins = _same_pixels(places, hashes)
    marks = [_whose(places, key, digest, said) for digest in sorted(hashes)]
    uids = {uid for mark in marks for uid in mark.uids}
    listing = {digest for digest in nobodys if _lists(raw_path(places, digest), uids)}
    twins |= listing
    with index_of_journal(places) as index:
        files |= {(entry.batch, entry.source) for entry in index.brought(hashes | twins)}
    if not files:
        return None
    gone = images[images["sha256"].isin(hashes | twins)]
    names = frozenset(digest[:16] for digest in hashes | twins)
    return Person(
        tombstone=secrets.token_hex(8),
        subjects=(subject,),
        hashes=tuple(sorted(hashes | twins)),
        files=tuple(sorted(files)),
        published=tuple(sorted(gone["file"].astype(str))),
        labelled=bool(SPLITS.read(places)["image"].isin(names).any()),
        duplicates=len(twins - listing),
        listings=len(listing),
        studies=tuple(sorted({*own["study"].astype(str), *(mark.study for mark in marks if mark.study)})),
        uids=tuple(sorted(uids)),
        numbers=tuple(sorted({text for mark in marks for text in mark.numbers})),
        words=tuple(sorted({text for mark in marks for text in mark.words})),
        names=tuple(sorted({name for mark in marks for name in mark.names})),
        arrays=tuple(sorted(set(_arrays(places, names)))),
    )


def _lists(path: Path, uids: Collection[str]) -> bool:
    """Say whether a file that is nobody's picture, such as a DICOMDIR, speaks of the person."""
    data = path.read_bytes() if path.is_file() else b""
    return any(re.search(alone(re.escape(uid)).encode(), data) for uid in uids if uid.encode() in data)


def array_digest(pixels: Pixels) -> str:
    """Return the SHA-256 of an array's values, type and shape."""
    about = f"{pixels.dtype.str}{pixels.shape}".encode()
    return hashlib.sha256(about + np.ascontiguousarray(pixels).tobytes()).hexdigest()


def _planned(places: Places, key: PseudonymKey, subject: str) -> tuple[Said, set[tuple[str, str]]]:
    """Return what the plans say of each raw file, and the files that a labels file gives to the subject."""
    said: Said = {}
    files: set[tuple[str, str]] = set()
    for plan in plans(places):
        for digest, file in hashed_files(places, plan):
            if digest not in said or (file.subject_id and not said[digest].subject_id):
                said[digest] = file
        named = {file.source: file.subject_id for file in plan.files if file.subject_id}
        files |= {(plan.batch, source) for source, name in named.items() if key.subject(name) == subject}
    return said, files


def _whose(places: Places, key: PseudonymKey, digest: str, said: Said) -> Whose:
    path, file = raw_path(places, digest), said.get(digest)
    given = GivenIdentity(file.subject_id, file.study_id) if file else GivenIdentity()
    return whose(path.read_bytes(), key, given) if path.is_file() else Whose(None)


def _same_pixels(places: Places, hashes: Collection[str]) -> set[str]:
    """Return the raw files whose decoded pixels are those of any of these, without these."""
    likeness = LIKENESS.read(places, columns=("sha256", "pixel_sha256"))
    pixels = set(likeness[likeness["sha256"].isin(set(hashes))]["pixel_sha256"].dropna())
    return set(likeness[likeness["pixel_sha256"].isin(pixels)]["sha256"].astype(str)) - set(hashes)


def _arrays(places: Places, images: Collection[str]) -> Iterator[str]:
    """Yield digests of the pixels of these images as the store's arrays hold them; flat ones tell nobody."""
    folders = sorted(path.name for path in places.standard.glob("batch-*") if path.is_dir())
    for batch in folders:
        opened = _opened(places, batch)
        for image in sorted(set(images) & opened.images.keys()) if opened else ():
            pixels = read_standard_image(opened[image]) if opened else np.zeros(1)
            if pixels.min() < pixels.max():
                yield array_digest(pixels)
    for part in TENSORS.parts(places):
        rows = TENSORS.read(places, part)
        rows = rows[rows["image"].isin(set(images))]
        for batch, recipe, row in zip(rows["batch"], rows["recipe"], rows["row"], strict=True):
            if tensor_array(places, str(recipe), str(batch)).is_dir():  # a backup may have left them out
                pixels = open_tensors(places, str(recipe), str(batch)).read([int(row)])[0]
                if pixels.min() < pixels.max():
                    yield array_digest(pixels)


def _opened(places: Places, batch: str) -> StandardImageBatch | None:
    try:
        return StandardImageBatch.open(places, batch)
    except StoreError:
        return None


def still_outside(places: Places, person: Person) -> dict[str, int]:
    """Return how many of the person's files are still outside of the store, where they came from, by folder."""
    found: dict[str, int] = {}
    for batch, source in person.files:
        path = Path(source if Path(source).exists() else source.rpartition("!")[0] or source)
        if path.is_file() and not path.is_relative_to(places.data):
            folder = read_plan(places, batch).source
            found[folder] = found.get(folder, 0) + 1
    return found
