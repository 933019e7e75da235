"""Container rules: is this a whole DICOM, JPEG or PNG file, and nothing else besides (Q001 to Q012)."""

from collections.abc import Callable, Iterator

from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import MEBI
from xray_platform.dicom.parse.flaws import FlawKind
from xray_platform.dicom.quality.inspected_file import InspectedFile
from xray_platform.dicom.quality.rule import FileRule, Observation
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.tables.severity import Severity

_NO_IMAGE = {
    "1.2.840.10008.1.3.10": "a media directory (DICOMDIR)",
    "1.2.840.10008.5.1.4.1.1.88": "a structured report",
    "1.2.840.10008.5.1.4.1.1.11": "a presentation state",
    "1.2.840.10008.5.1.4.1.1.481": "a radiotherapy object",
    "1.2.840.10008.5.1.4.1.1.66": "a registration, segmentation or surface",
    "1.2.840.10008.5.1.4.1.1.104": "an embedded document",
    "1.2.840.10008.5.1.4.1.1.9": "a waveform",
}
_KEY_OBJECT = "1.2.840.10008.5.1.4.1.1.88.59"
FLAWS: dict[FlawKind, tuple[str, Severity | None]] = {
    FlawKind.NO_PART10_HEADER: ("Q002", "warn"),
    FlawKind.UNREADABLE: ("Q003", None),
    FlawKind.TRUNCATED: ("Q004", None),
    FlawKind.TRAILING_BYTES: ("Q005", None),
    FlawKind.UNKNOWN_SYNTAX: ("Q006", None),
    FlawKind.CONTRADICTED_SYNTAX: ("Q006", "warn"),
    FlawKind.INFLATES_TOO_LARGE: ("Q010", None),
    FlawKind.TOO_COMPLEX: ("Q011", None),
    FlawKind.PROGRAM_IN_PREAMBLE: ("Q012", None),
    FlawKind.BYTES_IN_PREAMBLE: ("Q012", "warn"),
}
"""To which rule a flaw of a file's structure belongs, and a severity where it is milder than the rule's."""

Observe = Callable[[InspectedFile, QualitySettings], Iterator[Observation]]


def _empty(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if file.file_type == "empty":
        yield Observation("the file has no bytes")


def _no_picture_file(file: InspectedFile, settings: QualitySettings) -> Iterator[Observation]:
    if file.file_type == "other":
        yield Observation("neither DICOM nor JPEG nor PNG")
    yield from _flaws("Q002")(file, settings)


def _archive(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if file.file_type in {"zip", "gzip"}:
        yield Observation(f"a {file.file_type} archive that is packed in another or cannot be unpacked within its caps")


def _too_large(file: InspectedFile, settings: QualitySettings) -> Iterator[Observation]:
    if file.size_bytes > settings.max_file_mib * MEBI:
        yield Observation(f"{file.size_bytes // MEBI} MiB; {settings.max_file_mib} MiB are allowed")
    yield from _flaws("Q010")(file, settings)


def _syntax(file: InspectedFile, settings: QualitySettings) -> Iterator[Observation]:
    container = file.container
    if container is None:
        return
    yield from _flaws("Q006")(file, settings)
    if container.syntax is not None and container.syntax.codec == "video":
        yield Observation("a video transfer syntax; single pictures are allowed")


def _other_identity(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    container = file.container
    if container is None or not container.meta:
        return
    # Both lie in the same buffer unless the dataset was deflated, and then the meta bytes are kept apart.
    stated = container.meta_text(tags.MEDIA_STORAGE_SOP_INSTANCE_UID)
    held = container.text(tags.SOP_INSTANCE_UID)
    if stated and held and stated != held:
        yield Observation("the file meta information names another SOP instance than the dataset")


def _no_image(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    container = file.container
    if container is None:
        return
    uid = container.text(tags.SOP_CLASS_UID) or container.meta_text(tags.MEDIA_STORAGE_SOP_CLASS_UID)
    if uid == _KEY_OBJECT:
        yield Observation("a key object selection, no image")
        return
    for root, what in _NO_IMAGE.items():
        if uid == root or uid.startswith(f"{root}."):
            yield Observation(f"{what}, no image")


def _flaws(code: str) -> Observe:
    """Return a function that passes on the flaws of a file's structure that belong to a rule."""

    def observe(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
        for flaw in file.flaws:
            of_rule, severity = FLAWS[flaw.kind]
            if of_rule == code:
                yield Observation(flaw.evidence, severity)

    return observe


CONTAINER_RULES: tuple[FileRule[InspectedFile, QualitySettings], ...] = (
    FileRule("Q001", _empty),
    FileRule("Q002", _no_picture_file),
    FileRule("Q003", _flaws("Q003")),
    FileRule("Q004", _flaws("Q004")),
    FileRule("Q005", _flaws("Q005")),
    FileRule("Q006", _syntax),
    FileRule("Q007", _other_identity),
    FileRule("Q008", _no_image),
    FileRule("Q009", _archive),
    FileRule("Q010", _too_large),
    FileRule("Q011", _flaws("Q011")),
    FileRule("Q012", _flaws("Q012")),
)
