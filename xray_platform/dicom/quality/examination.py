"""Examination: what the quality rules say of one file; light enough to be imported by a child process in no time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import cv2

from xray_platform.dicom.intake.safe_open import OpenSource, SourceError, open_source
from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import MEBI
from xray_platform.dicom.pixels.decode import ColourError, UndecodableError
from xray_platform.dicom.pixels.stored_values import pixel_sha256
from xray_platform.dicom.pseudonym import names_nobody
from xray_platform.dicom.quality.anatomy_rules import ANATOMY_RULES
from xray_platform.dicom.quality.container_rules import CONTAINER_RULES
from xray_platform.dicom.quality.inspected_file import Specimen, decoded, open_specimen
from xray_platform.dicom.quality.perceptual_hash import looks_of
from xray_platform.dicom.quality.picture_rules import PICTURE_RULES
from xray_platform.dicom.quality.pixel_rules import PIXEL_RULES
from xray_platform.dicom.quality.rule import Decision, QualityFinding, Rule, decide, merge
from xray_platform.dicom.quality.second_decoder import SECOND_DECODER_RULES
from xray_platform.dicom.quality.semantic_rules import SEMANTIC_RULES
from xray_platform.dicom.quality.settings import QualitySettings

DEFAULT = QualitySettings()


@dataclass(frozen=True)
class Place:
    """Where a file lies: its path, its name in the zip archive there, and the folder that no link may lead out of."""

    path: Path
    member: str | None = None
    within: Path | None = None


@dataclass(frozen=True)
class Likeness:
    """By what a file may be found to be another one's duplicate: digests, and the hash of its looks."""

    file_sha256: str | None = None
    instance: str | None = None
    person: str | None = None
    pixel_sha256: str | None = None
    looks: str | None = None


@dataclass(frozen=True)
class Examination:
    """What the rules say of a file: the decision, what each rule found, and what duplicates are found by."""

    decision: Decision
    findings: tuple[QualityFinding, ...]
    likeness: Likeness = Likeness()


def conclude(findings: Iterable[QualityFinding], likeness: Likeness = Likeness()) -> Examination:
    """Return the examination that findings add up to: one finding a rule, the gravest decides."""
    merged = merge(findings)
    return Examination(decide(finding.severity for finding in merged), merged, likeness)


def examine_bytes(data: bytes, settings: QualitySettings = DEFAULT) -> Examination:
    """Let every rule that needs one file only look at its bytes.

    It decodes in this process; for files that nobody vouches for, `examine_batch` and `check` do it in a child.
    """
    return examine_and_decode(data, settings)[0]


def examine_and_decode(data: bytes, settings: QualitySettings = DEFAULT) -> tuple[Examination, Specimen]:
    """Do as `examine_bytes` does, and return the opened file too, so that its pixels need not be decoded again."""
    specimen = open_specimen(data, settings)
    findings = list(_found(CONTAINER_RULES, specimen, settings))
    if _rejected(findings):
        # What a damaged container holds besides is no news: half of it may be lost.
        return conclude(findings), specimen
    findings += _found((*PIXEL_RULES, *SEMANTIC_RULES), specimen, settings)
    single = specimen.layout is None or specimen.layout.frames == 1
    if _rejected(findings) or not single or not settings.pixels:
        return conclude(findings, _likeness(specimen)), specimen
    try:
        specimen = decoded(specimen)
    except ColourError as error:
        findings.append(QualityFinding("Q030", "quarantine", str(error)))
    except UndecodableError as error:
        findings.append(QualityFinding("Q026", "reject", str(error)))
    else:
        findings += _found((*SECOND_DECODER_RULES, *PICTURE_RULES, *ANATOMY_RULES), specimen, settings)
    return conclude(findings, _likeness(specimen)), specimen


@dataclass(frozen=True)
class ExamineFile:
    """Examine a file, or a member of a zip archive: a job that can be handed to a child."""

    settings: QualitySettings = DEFAULT

    def __call__(self, source: Place) -> Examination:
        cv2.setNumThreads(1)
        try:
            with open_source(source.path, source.member, source.within) as opened:
                if opened.size_bytes > self.settings.max_file_mib * MEBI:
                    # Not read at all; the rule on file sizes says the rest.
                    specimen = Specimen(opened.size_bytes, "unread")
                    return conclude(_found(CONTAINER_RULES, specimen, self.settings))
                data = _read_all(opened)
        except SourceError as error:
            return conclude([QualityFinding("Q003", "reject", f"its bytes are out of reach: {error}")])
        examination = examine_bytes(data, self.settings)
        return replace(examination, likeness=replace(examination.likeness, file_sha256=sha256(data).hexdigest()))


def _read_all(source: OpenSource) -> bytes:
    """Return all bytes of a source; one that grows under the reading hand, or unpacks to more, is refused."""
    parts, length = [], 0
    while chunk := source.read(source.size_bytes - length + 1):
        parts.append(chunk)
        length += len(chunk)
        if length > source.size_bytes:
            raise SourceError("it is longer than it said")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _found(
    rules: Iterable[Rule[Specimen, QualitySettings]], specimen: Specimen, settings: QualitySettings
) -> Iterator[QualityFinding]:
    for rule in rules:
        yield from rule.findings(specimen, settings)


def _rejected(findings: Iterable[QualityFinding]) -> bool:
    return any(finding.severity == "reject" for finding in findings)


def _likeness(specimen: Specimen) -> Likeness:
    container, picture = specimen.container, specimen.picture
    instance = container.text(tags.SOP_INSTANCE_UID) if container else ""
    patient = container.text(tags.PATIENT_ID) if container else ""
    issuer = container.text(tags.ISSUER_OF_PATIENT_ID) if container else ""
    return Likeness(
        None,
        digest_of(instance) if instance else None,
        None if names_nobody(patient) else digest_of(f"{patient}\\{issuer}"),
        None if specimen.values is None else pixel_sha256(specimen.values),
        None if picture is None else looks_of(specimen.small),
    )


def digest_of(text: str) -> str:
    """Return 32 hexadecimal digits that tell identifiers apart without spelling them."""
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
