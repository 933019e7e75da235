"""Check: run the quality rules on any file or folder and store nothing; one record a file, whatever it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from xray_platform.dicom.intake.sources import SourceFile, list_source, spelled
from xray_platform.dicom.quality.duplicates import KnownFile, SeenFiles, exact_duplicates
from xray_platform.dicom.quality.examination import DEFAULT, Examination, FileLocation, conclude
from xray_platform.dicom.quality.examine_many import examine_files
from xray_platform.dicom.quality.rule import QualityFinding, finding
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.progress import Progress, silent
from xray_platform.tables.severity import Decision

AT_ONCE = 2048


@dataclass(frozen=True)
class CheckedFile:
    """What the rules say of one file: path (zip members after `!`), decision, codes and reasons side by side."""

    file: str
    decision: Decision
    codes: tuple[str, ...]
    reasons: tuple[str, ...]


def check(path: Path, settings: QualitySettings = DEFAULT, *, progress: Progress = silent) -> Iterator[CheckedFile]:
    """Yield a record for every file of a folder, a zip archive or a single file, in order, storing nothing.

    Each is examined in a child process with limits on time and memory, so that any file is survived. Raises
    InputError where the path is not there.
    """
    files, earlier, done = list_source(path), EarlierFiles(), 0
    while part := list(islice(files, AT_ONCE)):
        sources = [FileLocation(file.path, file.member, file.within) for file in part]
        examined = examine_files(sources, [file.size_bytes for file in part], settings)
        for file, examination in zip(part, examined, strict=True):
            name = _name(file)
            found = [*examination.findings, *earlier.duplicates_of(name, examination)]
            yield _record(name, conclude(found))
            done += 1
            progress(done, done, "files checked")


class EarlierFiles:
    """The files checked so far, to find the duplicates of one that comes."""

    def __init__(self) -> None:
        self._seen = SeenFiles()
        self._bytes: dict[str, str] = {}

    def duplicates_of(self, name: str, examination: Examination) -> Iterator[QualityFinding]:
        """Yield of what a file is the duplicate, and remember it unless it is rejected."""
        keys = examination.duplicate_keys
        first = self._bytes.get(keys.file_sha256 or "")
        if first is not None:
            yield finding("Q080", f"the same bytes as {first}")
        elif keys.file_sha256 and examination.decision != "reject":
            file = KnownFile(name, keys.instance, keys.person, keys.pixel_sha256)
            self._bytes[keys.file_sha256] = name
            yield from exact_duplicates(file, self._seen)
            self._seen.add(file)


def _name(file: SourceFile) -> str:
    return spelled(str(file.path) if file.member is None else f"{file.path}!{file.member}")


def _record(name: str, examination: Examination) -> CheckedFile:
    findings = examination.findings
    codes = tuple(found.rule for found in findings)
    return CheckedFile(name, examination.decision, codes, tuple(found.evidence for found in findings))
