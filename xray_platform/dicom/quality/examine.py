"""Examine: let the quality rules look at every raw file of a batch, in killable children, and find duplicates."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import pandas as pd
from filelock import FileLock

from xray_platform.dicom.intake.batch_plan import read_plan
from xray_platform.dicom.intake.raw_store import raw_path, read_raw
from xray_platform.dicom.quality.duplicates import KnownFile, exact_duplicates, near_duplicates, seen_files
from xray_platform.dicom.quality.examination import (
    DEFAULT,
    DuplicateKeys,
    Examination,
    FileLocation,
    conclude,
    digest_of,
    examine_bytes,
)
from xray_platform.dicom.quality.examine_many import examine_files
from xray_platform.dicom.quality.rule import QualityFinding, finding
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.dicom.rules import NOTHING_FOUND
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import CATALOGUE, LIKENESS, QUALITY
from xray_platform.tables.owner_only import FILE_MODE
from xray_platform.tables.places import Places

__all__ = ["Examination", "QualitySettings", "examine_batch", "examine_bytes", "examine_files"]


def examine_batch(
    places: Places, batch: str, settings: QualitySettings = DEFAULT, *, progress: Progress = silent
) -> pd.DataFrame:
    """Examine every raw file that a batch brought, and return its rows of the quality table.

    One row a file and rule, Q000 where no rule found anything. Bytes that an earlier batch brought are that batch's.
    Duplicates are looked for among the batch's own files and all that was examined before it; for that, the batch's
    part of the table LIKENESS is written here. Raises StoreError where a raw file is gone: that is no fault of it.
    """
    catalogue = CATALOGUE.read(places, batch)
    brought = catalogue[catalogue["intake"] == "stored"]
    hashes = [str(sha256) for sha256 in brought["sha256"]]
    _are_there(places, hashes)
    sources = [FileLocation(raw_path(places, sha256)) for sha256 in hashes]
    sizes = [int(size) for size in brought["size_bytes"]]
    examined = list(examine_files(sources, sizes, settings, progress=progress))
    files = _known(places, batch, list(brought["source"]), hashes, examined)
    found = _duplicates(places, batch, hashes, files)
    rows: list[dict[str, str]] = []
    for sha256, examination, more in zip(hashes, examined, found, strict=True):
        rows += _rows(sha256, batch, conclude([*examination.findings, *more]))
    return QUALITY.frame(rows)


def _are_there(places: Places, hashes: Sequence[str]) -> None:
    for sha256 in hashes:
        if not raw_path(places, sha256).is_file():
            read_raw(places, sha256)


def _known(
    places: Places, batch: str, sources: Sequence[str], hashes: Sequence[str], examined: Sequence[Examination]
) -> list[KnownFile]:
    """Return by what each file may be found again; the labels name the patient of a file that does not."""
    planned = {file.source: file for file in read_plan(places, batch).files}
    known = []
    for source, sha256, examination in zip(sources, hashes, examined, strict=True):
        file, keys = planned[source], examination.duplicate_keys
        if examination.decision == "reject":
            # What cannot be used is no original; a sound copy may come later.
            keys = DuplicateKeys()
        labelled = digest_of(f"labels\\{file.subject_id}") if file.subject_id else None
        known.append(
            KnownFile(sha256[:16], keys.instance, keys.person or labelled, keys.pixel_sha256, keys.looks, file.split)
        )
    return known


def _duplicates(
    places: Places, batch: str, hashes: Sequence[str], files: Sequence[KnownFile]
) -> list[list[QualityFinding]]:
    """Return what each file is a duplicate of, and write the batch's part of the table LIKENESS."""
    found: list[list[QualityFinding]] = [[] for _ in files]
    with FileLock(places.raw / ".locks" / "likeness.lock", mode=FILE_MODE):
        order = _order(places, batch)
        for part in LIKENESS.parts(places):
            # A later part may be damaged and wait for its turn to be made anew; an earlier one must be whole.
            frame = LIKENESS.read(places, part) if part < batch else LIKENESS.earlier(places, part)
            if part != batch and len(frame) and int(frame["order"].iloc[0]) < order:
                _compare(files, [_as_known(row) for row in frame.to_dict("records")], found)
        _compare(files, files, found)
        rows = [
            {**vars(file), "sha256": sha256, "batch": batch, "order": order}
            for sha256, file in zip(hashes, files, strict=True)
        ]
        LIKENESS.write(places, LIKENESS.frame(rows), batch)
    return found


def _order(places: Places, batch: str) -> int:
    """Return the batch's place in the order of examination: the one that it had, or the first that nobody has.

    So a batch whose part of the table was lost finds its place again.
    """
    orders: dict[str, int] = {}
    for part in LIKENESS.parts(places):
        frame = LIKENESS.earlier(places, part)
        orders[part] = int(frame["order"].iloc[0]) if len(frame) else 0
    return orders.get(batch) or next(place for place in count(1) if place not in orders.values())


def _as_known(row: dict[Any, Any]) -> KnownFile:
    values = {name: row[name] if isinstance(row[name], str) else None for name in KnownFile.__dataclass_fields__}
    return KnownFile(**values)  # type: ignore[arg-type]  # an image is never null


def _compare(files: Sequence[KnownFile], others: Sequence[KnownFile], found: list[list[QualityFinding]]) -> None:
    """Compare files with others that came before; where the others are the files, each with those before it."""
    seen = seen_files(() if others is files else others)
    for place, file in enumerate(files):
        found[place] += exact_duplicates(file, seen)
        if others is files:
            seen.add(file)
    for place, near in near_duplicates(files, others):
        found[place].append(near)


def _rows(sha256: str, batch: str, examination: Examination) -> list[dict[str, str]]:
    findings = examination.findings or (finding(NOTHING_FOUND, "no rule found anything"),)
    return [
        {
            "sha256": sha256,
            "image": sha256[:16],
            "batch": batch,
            "rule": found.rule,
            "severity": found.severity,
            "evidence": found.evidence,
        }
        for found in findings
    ]
