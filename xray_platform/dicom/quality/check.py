"""Check: run the quality rules on any file or folder and store nothing; one record a file, whatever it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from xray_platform.dicom.intake.sources import SourceFile, list_source, spelled
from xray_platform.dicom.quality.duplicates import Company, Known, alike
from xray_platform.dicom.quality.examination import DEFAULT, Examination, Place, conclude
from xray_platform.dicom.quality.examine_many import examine_files
from xray_platform.dicom.quality.rule import Decision, QualityFinding
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.progress import Progress, silent

AT_ONCE = 2048


@dataclass(frozen=True)
class Checked:
    """What the rules say of one file: path (zip members after `!`), decision, codes and reasons side by side."""

    file: str
    decision: Decision
    codes: tuple[str, ...]
    reasons: tuple[str, ...]


def check(path: Path, settings: QualitySettings = DEFAULT, *, progress: Progress = silent) -> Iterator[Checked]:
    """Yield a record for every file of a folder, a zip archive or a single file, in order, storing nothing.

    Each is examined in a child process with limits on time and memory, so that any file is survived. Raises
    InputError where the path is not there.
    """
    files, before, done = list_source(path), Before(), 0
    while part := list(islice(files, AT_ONCE)):
        sources = [Place(file.path, file.member, file.within) for file in part]
        examined = examine_files(sources, [file.size_bytes for file in part], settings)
        for file, examination in zip(part, examined, strict=True):
            name = _name(file)
            findings = [*examination.findings, *before.like(name, examination)]
            yield _record(name, conclude(findings))
            done += 1
            progress(done, done, "files checked")


class Before:
    """The files checked so far, to find the duplicates of one that comes."""

    def __init__(self) -> None:
        self._company = Company()
        self._bytes: dict[str, str] = {}

    def like(self, name: str, examination: Examination) -> Iterator[QualityFinding]:
        """Yield of what a file is the duplicate, and remember it unless it is rejected."""
        like = examination.likeness
        twin = self._bytes.get(like.file_sha256 or "")
        if twin is not None:
            yield QualityFinding("Q080", "warn", f"the same bytes as {twin}")
        elif like.file_sha256 and examination.decision != "reject":
            file = Known(name, like.instance, like.person, like.pixel_sha256)
            self._bytes[like.file_sha256] = name
            yield from alike(file, self._company)
            self._company.add(file)


def _name(file: SourceFile) -> str:
    return spelled(str(file.path) if file.member is None else f"{file.path}!{file.member}")


def _record(name: str, examination: Examination) -> Checked:
    findings = examination.findings
    codes = tuple(finding.rule for finding in findings)
    return Checked(name, examination.decision, codes, tuple(finding.evidence for finding in findings))
