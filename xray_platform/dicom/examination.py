"""Examination: what the quality rules say of one file; light enough to be imported by a child process in no time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import cv2

from xray_platform.dicom import tags
from xray_platform.dicom.container import MEBI
from xray_platform.dicom.decode import UndecodableError
from xray_platform.dicom.looks import looks_of
from xray_platform.dicom.quality.all import HEADER_RULES, PICTURE_RULES
from xray_platform.dicom.quality.container_rules import CONTAINER_RULES
from xray_platform.dicom.quality.rule import Decision, Finding, Rule, decide, merge
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.dicom.quality.specimen import Specimen, decoded, open_specimen
from xray_platform.dicom.stored import pixel_sha256

DEFAULT = QualitySettings()
_PICTURES = frozenset(("dicom", "jpeg", "png"))


@dataclass(frozen=True)
class Likeness:
    """By what a file may be found to be another one's duplicate: digests, and the hash of its looks."""

    instance: str | None = None
    person: str | None = None
    pixel_sha256: str | None = None
    looks: str | None = None


@dataclass(frozen=True)
class Examination:
    """What the rules say of a file: the decision, what each rule found, and what duplicates are found by."""

    decision: Decision
    findings: tuple[Finding, ...]
    likeness: Likeness = Likeness()


def conclude(findings: Iterable[Finding], likeness: Likeness = Likeness()) -> Examination:
    """Return the examination that findings add up to: one finding a rule, the gravest decides."""
    merged = merge(findings)
    return Examination(decide(finding.severity for finding in merged), merged, likeness)


def examine_bytes(data: bytes, settings: QualitySettings = DEFAULT) -> Examination:
    """Let every rule that needs one file only look at its bytes.

    It decodes in this process; for files that nobody vouches for, `examine_batch` and `check` do it in a child.
    """
    specimen = open_specimen(data, settings)
    findings = list(_found(HEADER_RULES, specimen, settings))
    if not _worth_decoding(specimen, findings):
        return conclude(findings, _likeness(specimen))
    try:
        specimen = decoded(specimen)
    except UndecodableError as error:
        return conclude([*findings, Finding("Q026", "reject", str(error))], _likeness(specimen))
    return conclude([*findings, *_found(PICTURE_RULES, specimen, settings)], _likeness(specimen))


@dataclass(frozen=True)
class ExamineFile:
    """Examine the file at a path: a job that can be handed to a child."""

    settings: QualitySettings = DEFAULT

    def __call__(self, path: str) -> Examination:
        cv2.setNumThreads(1)
        size = Path(path).stat().st_size
        if size > self.settings.max_file_mib * MEBI:
            # Not read at all; the rule on file sizes says the rest.
            return conclude(_found(CONTAINER_RULES, Specimen(size, "unread"), self.settings))
        return examine_bytes(Path(path).read_bytes(), self.settings)


def _found(
    rules: Iterable[Rule[Specimen, QualitySettings]], specimen: Specimen, settings: QualitySettings
) -> Iterator[Finding]:
    for rule in rules:
        yield from rule.findings(specimen, settings)


def _worth_decoding(specimen: Specimen, findings: Iterable[Finding]) -> bool:
    single = specimen.layout is None or specimen.layout.frames == 1
    return specimen.form in _PICTURES and single and all(finding.severity != "reject" for finding in findings)


def _likeness(specimen: Specimen) -> Likeness:
    container, picture = specimen.container, specimen.picture
    instance = container.text(tags.SOP_INSTANCE_UID) if container else ""
    patient = container.text(tags.PATIENT_ID) if container else ""
    issuer = container.text(tags.ISSUER_OF_PATIENT_ID) if container else ""
    return Likeness(
        digest_of(instance) if instance else None,
        digest_of(f"{patient}\\{issuer}") if patient else None,
        None if specimen.values is None else pixel_sha256(specimen.values),
        None if picture is None else looks_of(specimen.small),
    )


def digest_of(text: str) -> str:
    """Return 32 hexadecimal digits that tell identifiers apart without spelling them."""
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
