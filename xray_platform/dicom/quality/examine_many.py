"""Examine many: examine any number of files in killable children; each gets its examination, whatever it does."""

from collections.abc import Iterator, Sequence

from xray_platform.dicom.parse.container import MEBI
from xray_platform.dicom.quality.examination import Examination, ExamineFile, FileLocation, conclude
from xray_platform.dicom.quality.rule import finding
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.dicom.rules import UNDECODABLE
from xray_platform.lots import map_in_lots
from xray_platform.progress import Progress, silent
from xray_platform.workers import Limits, Lost


def examine_files(
    sources: Sequence[FileLocation],
    sizes: Sequence[int],
    settings: QualitySettings,
    *,
    progress: Progress = silent,
) -> Iterator[Examination]:
    """Yield the examination of each file, in order. It survives any file."""
    limits = Limits(seconds=settings.seconds, memory_bytes=settings.memory_mib * MEBI)
    job = ExamineFile(settings)
    for result in map_in_lots(job, sources, sizes, what="files examined", limits=limits, progress=progress):
        yield _lost(result) if isinstance(result, Lost) else result


_ENDS = {
    "timeout": "took too long",
    "killed": "needed too much memory, or its process died",
    "error": "failed in a way that was not foreseen",
}


def _lost(lost: Lost) -> Examination:
    """Judge a file whose examination came to no end: too slow may be the machine's fault, the rest is the file's."""
    evidence = f"the examination came to no end: it {_ENDS[lost.reason]}"
    return conclude([finding(UNDECODABLE, evidence, "quarantine" if lost.reason == "timeout" else None)])
