"""Examination: what the quality rules say of one file; light enough to be imported by a child process in no time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import cv2

from xray_platform.dicom.intake.safe_open import OpenSource, SourceError, open_source
from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import MEBI
from xray_platform.dicom.parse.patient_id import names_nobody
from xray_platform.dicom.pixels.decode import ColourError, UndecodableError
from xray_platform.dicom.pixels.stored_values import pixel_sha256
from xray_platform.dicom.quality.anatomy_rules import ANATOMY_RULES
from xray_platform.dicom.quality.container_rules import CONTAINER_RULES
from xray_platform.dicom.quality.inspected_file import InspectedFile, decode_file, inspect_file
from xray_platform.dicom.quality.perceptual_hash import perceptual_hash
from xray_platform.dicom.quality.picture_rules import PICTURE_RULES
from xray_platform.dicom.quality.pixel_rules import PIXEL_RULES
from xray_platform.dicom.quality.rule import FileRule, QualityFinding, finding, merge
from xray_platform.dicom.quality.second_decoder import SECOND_DECODER_RULES
from xray_platform.dicom.quality.semantic_rules import SEMANTIC_RULES
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.dicom.rules import UNDECODABLE
from xray_platform.tables.severity import Decision, decide

DEFAULT = QualitySettings()


@dataclass(frozen=True)
class FileLocation:
    """Where a file lies: its path, its name in the zip archive there, and the folder that no link may lead out of."""

    path: Path
    member: str | None = None
    within: Path | None = None


@dataclass(frozen=True)
class DuplicateKeys:
    """By what a file may be found to be the duplicate of another: digests, and a perceptual hash."""

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
    duplicate_keys: DuplicateKeys = DuplicateKeys()


def conclude(findings: Iterable[QualityFinding], duplicate_keys: DuplicateKeys = DuplicateKeys()) -> Examination:
    """Return the examination that findings add up to: one finding a rule, the most severe decides."""
    merged = merge(findings)
    return Examination(decide(found.severity for found in merged), merged, duplicate_keys)


def examine_bytes(data: bytes, settings: QualitySettings = DEFAULT) -> Examination:
    """Let every rule that needs one file only look at its bytes.

    It decodes in this process; for files that nobody vouches for, `examine_batch` and `check` do it in a child.

    >>> examine_bytes(b"").findings
    (QualityFinding(rule='Q001', severity='reject', evidence='the file has no bytes'),)
    >>> import cv2, numpy as np
    >>> done, png = cv2.imencode(".png", np.zeros((64, 64), np.uint8))
    >>> examination = examine_bytes(png.tobytes())
    >>> examination.decision, examination.findings[0].evidence
    ('reject', '1 grey levels; 16 or more are allowed')
    """
    return examine_and_decode(data, settings)[0]


def examine_and_decode(
    data: bytes, settings: QualitySettings = DEFAULT, *, duplicate_keys: bool = True
) -> tuple[Examination, InspectedFile]:
    """Do as `examine_bytes` does, and return the inspected file too, so that nobody need decode its pixels again.

    Who looks for no duplicates does without their keys: to hash large images takes a while.
    """
    keys = _duplicate_keys if duplicate_keys else _no_keys
    file = inspect_file(data, settings)
    findings = list(_found(CONTAINER_RULES, file, settings))
    if _rejected(findings):
        # Of a damaged container nothing else is examined: half of it may be lost.
        return conclude(findings), file
    findings += _found((*PIXEL_RULES, *SEMANTIC_RULES), file, settings)
    single = file.layout is None or file.layout.frames == 1
    if _rejected(findings) or not single or not settings.pixels:
        return conclude(findings, keys(file)), file
    try:
        file = decode_file(file)
    except ColourError as error:
        findings.append(finding("Q030", str(error)))
    except UndecodableError as error:
        findings.append(finding(UNDECODABLE, str(error)))
    else:
        findings += _found((*SECOND_DECODER_RULES, *PICTURE_RULES, *ANATOMY_RULES), file, settings)
    return conclude(findings, keys(file)), file


@dataclass(frozen=True)
class ExamineFile:
    """Examine a file, or a member of a zip archive: a job that can be handed to a child."""

    settings: QualitySettings = DEFAULT

    def __call__(self, source: FileLocation) -> Examination:
        cv2.setNumThreads(1)
        try:
            with open_source(source.path, source.member, source.within) as opened:
                if opened.size_bytes > self.settings.max_file_mib * MEBI:
                    # Not read at all; the rule on file sizes says the rest.
                    file = InspectedFile(opened.size_bytes, "unread")
                    return conclude(_found(CONTAINER_RULES, file, self.settings))
                data = _read_all(opened)
        except SourceError as error:
            return conclude([finding("Q003", f"its bytes are out of reach: {error}")])
        examination = examine_bytes(data, self.settings)
        return replace(
            examination, duplicate_keys=replace(examination.duplicate_keys, file_sha256=sha256(data).hexdigest())
        )


def _read_all(source: OpenSource) -> bytes:
    """Return all bytes of a source; one that grows while it is read, or unpacks to more, is refused."""
    parts, length = [], 0
    while chunk := source.read(source.size_bytes - length + 1):
        parts.append(chunk)
        length += len(chunk)
        if length > source.size_bytes:
            raise SourceError("it is longer than it said")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _found(
    rules: Iterable[FileRule[InspectedFile, QualitySettings]], file: InspectedFile, settings: QualitySettings
) -> Iterator[QualityFinding]:
    for rule in rules:
        yield from rule.findings(file, settings)


def _rejected(findings: Iterable[QualityFinding]) -> bool:
    return any(found.severity == "reject" for found in findings)


def _duplicate_keys(file: InspectedFile) -> DuplicateKeys:
    container, picture = file.container, file.picture
    instance = container.text(tags.SOP_INSTANCE_UID) if container else ""
    patient = container.text(tags.PATIENT_ID) if container else ""
    issuer = container.text(tags.ISSUER_OF_PATIENT_ID) if container else ""
    return DuplicateKeys(
        None,
        digest_of(instance) if instance else None,
        None if names_nobody(patient) else digest_of(f"{patient}\\{issuer}"),
        None if file.values is None else pixel_sha256(file.values),
        None if picture is None else perceptual_hash(file.thumbnail),
    )


def _no_keys(_: InspectedFile) -> DuplicateKeys:
    return DuplicateKeys()


def digest_of(text: str) -> str:
    """Return 32 hexadecimal digits that tell identifiers apart without spelling them."""
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
