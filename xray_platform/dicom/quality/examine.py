"""Examine: let the quality rules look at every raw file of a batch, in killable children, and find duplicates."""

from collections.abc import Sequence

import pandas as pd

from xray_platform.dicom.intake.batch_plan import read_plan
from xray_platform.dicom.intake.raw_store import raw_path, read_raw
from xray_platform.dicom.quality.duplicates import KnownFile
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
from xray_platform.dicom.quality.find_duplicates import find_duplicates
from xray_platform.dicom.quality.rule import finding
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.dicom.rules import NOTHING_FOUND
from xray_platform.object_store.on_demand import bring_raw
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import CATALOGUE, QUALITY
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
    found = find_duplicates(places, batch, hashes, files)
    rows: list[dict[str, str]] = []
    for sha256, examination, more in zip(hashes, examined, found, strict=True):
        rows += _rows(sha256, batch, conclude([*examination.findings, *more]))
    return QUALITY.frame(rows)


def _are_there(places: Places, hashes: Sequence[str]) -> None:
    bring_raw(places, [raw_path(places, sha256) for sha256 in hashes])
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
