"""Examine: let the quality rules look at a file's bytes, or at every raw file of a batch in killable children."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import pandas as pd

from xray_platform.dicom.archive import raw_path
from xray_platform.dicom.chunks import map_in_lots
from xray_platform.dicom.container import MEBI
from xray_platform.dicom.decode import UndecodableError
from xray_platform.dicom.quality.all import HEADER_RULES
from xray_platform.dicom.quality.container_rules import CONTAINER_RULES
from xray_platform.dicom.quality.picture_rules import PICTURE_RULES
from xray_platform.dicom.quality.rule import NOTHING_FOUND, Decision, Finding, Rule, Severity, decide, merge
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.dicom.quality.specimen import Specimen, decoded, open_specimen
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import CATALOGUE, QUALITY
from xray_platform.tables.places import Places
from xray_platform.workers import Limits, Lost

DEFAULT = QualitySettings()
_PICTURES = frozenset(("dicom", "jpeg", "png"))


@dataclass(frozen=True)
class Examination:
    """What the rules say of a file: the decision, and what each rule found."""

    decision: Decision
    findings: tuple[Finding, ...]


def examine_bytes(data: bytes, settings: QualitySettings = DEFAULT) -> Examination:
    """Let every rule that needs one file only look at its bytes.

    It decodes in this process; for files that nobody vouches for, `examine_batch` and `check` do it in a child.
    """
    return _concluded(_findings(open_specimen(data, settings), settings))


def _findings(specimen: Specimen, settings: QualitySettings) -> Iterator[Finding]:
    rejected = False
    for finding in rule_findings(HEADER_RULES, specimen, settings):
        rejected = rejected or finding.severity == "reject"
        yield finding
    single = specimen.layout is None or specimen.layout.frames == 1
    if rejected or specimen.form not in _PICTURES or not single:
        return
    try:
        specimen = decoded(specimen)
    except UndecodableError as error:
        yield Finding("Q026", "reject", str(error))
        return
    yield from rule_findings(PICTURE_RULES, specimen, settings)


@dataclass(frozen=True)
class ExamineFile:
    """Examine the file at a path: a job that can be handed to a child."""

    settings: QualitySettings

    def __call__(self, path: str) -> Examination:
        cv2.setNumThreads(1)
        size = Path(path).stat().st_size
        if size > self.settings.max_file_mib * MEBI:
            # Not read at all; the rule on file sizes says the rest.
            specimen = Specimen(size, "other")
            return _concluded(rule_findings(CONTAINER_RULES, specimen, self.settings))
        return examine_bytes(Path(path).read_bytes(), self.settings)


def examine_batch(
    places: Places, batch: str, settings: QualitySettings = DEFAULT, *, progress: Progress = silent
) -> pd.DataFrame:
    """Examine every raw file that a batch brought, and return its rows of the quality table.

    One row a file and rule, Q000 where no rule found anything. Bytes that an earlier batch brought are that batch's.
    """
    catalogue = CATALOGUE.read(places, batch)
    brought = catalogue[catalogue["intake"] == "stored"]
    hashes = [str(sha256) for sha256 in brought["sha256"]]
    paths = [str(raw_path(places, sha256)) for sha256 in hashes]
    results = examine_files(paths, [int(size) for size in brought["size_bytes"]], settings, progress=progress)
    rows: list[dict[str, str]] = []
    for sha256, examination in zip(hashes, results, strict=True):
        rows += _rows(sha256, batch, examination)
    return QUALITY.frame(rows)


def examine_files(
    paths: Sequence[str], sizes: Sequence[int], settings: QualitySettings, *, progress: Progress = silent
) -> Iterator[Examination]:
    """Yield the examination of each file, in order, made in killable children. It survives any file."""
    limits = Limits(seconds=settings.seconds, memory_bytes=settings.memory_mib * MEBI)
    for result in map_in_lots(
        ExamineFile(settings), paths, sizes, what="files examined", limits=limits, progress=progress
    ):
        yield _lost(result) if isinstance(result, Lost) else result


def _lost(lost: Lost) -> Examination:
    """Judge a file whose examination came to no end: too slow may be the machine's fault, the rest is the file's."""
    severity: Severity = "quarantine" if lost.reason == "timeout" else "reject"
    return _concluded([Finding("Q026", severity, f"the examination came to no end: it {_ENDS[lost.reason]}")])


_ENDS = {
    "timeout": "took too long",
    "killed": "needed too much memory, or its process died",
    "error": "failed in a way that is not foreseen",
}


def _rows(sha256: str, batch: str, examination: Examination) -> list[dict[str, str]]:
    findings = examination.findings or (Finding(NOTHING_FOUND, "pass", "no rule found anything"),)
    return [
        {
            "sha256": sha256,
            "image": sha256[:16],
            "batch": batch,
            "rule": finding.rule,
            "severity": finding.severity,
            "evidence": finding.evidence,
        }
        for finding in findings
    ]


def _concluded(findings: Iterable[Finding]) -> Examination:
    merged = merge(findings)
    return Examination(decide(finding.severity for finding in merged), merged)


def rule_findings(
    rules: Iterable[Rule[Specimen, QualitySettings]], specimen: Specimen, settings: QualitySettings
) -> Iterator[Finding]:
    """Yield what some rules find in a specimen."""
    for rule in rules:
        yield from rule.findings(specimen, settings)
