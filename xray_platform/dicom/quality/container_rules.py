"""Container rules: is this a whole DICOM, JPEG or PNG file, and nothing else besides (Q001 to Q012)."""

from collections.abc import Callable, Iterator

from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import MEBI
from xray_platform.dicom.quality.inspected_file import Specimen
from xray_platform.dicom.quality.rule import Remark, Rule, Severity
from xray_platform.dicom.quality.settings import QualitySettings

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
Look = Callable[[Specimen, QualitySettings], Iterator[Remark]]


def _empty(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
    if specimen.form == "empty":
        yield Remark("the file has no bytes")


def _no_picture_file(specimen: Specimen, settings: QualitySettings) -> Iterator[Remark]:
    if specimen.form == "other":
        yield Remark("neither DICOM nor JPEG nor PNG")
    yield from _flaws("Q002", "warn")(specimen, settings)


def _archive(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
    if specimen.form in {"zip", "gzip"}:
        yield Remark(f"a {specimen.form} archive that is packed in another or cannot be unpacked within its caps")


def _too_large(specimen: Specimen, settings: QualitySettings) -> Iterator[Remark]:
    if specimen.size_bytes > settings.max_file_mib * MEBI:
        yield Remark(f"{specimen.size_bytes // MEBI} MiB; {settings.max_file_mib} MiB are allowed")
    yield from _flaws("Q010")(specimen, settings)


def _syntax(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
    container = specimen.container
    if container is None:
        return
    for flaw in container.flaws:
        if flaw.code == "Q006":
            yield Remark(flaw.evidence, None if container.syntax is None else "warn")
    if container.syntax is not None and container.syntax.codec == "video":
        yield Remark("a video transfer syntax; single pictures are allowed")


def _other_identity(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
    container = specimen.container
    if container is None or not container.meta:
        return
    # Both lie in the same buffer unless the dataset was deflated, and then the meta bytes are kept apart.
    stated = container.meta_text(tags.MEDIA_STORAGE_SOP_INSTANCE_UID)
    held = container.text(tags.SOP_INSTANCE_UID)
    if stated and held and stated != held:
        yield Remark("the file meta information names another SOP instance than the dataset")


def _no_image(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
    container = specimen.container
    if container is None:
        return
    uid = container.text(tags.SOP_CLASS_UID) or container.meta_text(tags.MEDIA_STORAGE_SOP_CLASS_UID)
    if uid == _KEY_OBJECT:
        yield Remark("a key object selection, no image")
        return
    for root, what in _NO_IMAGE.items():
        if uid == root or uid.startswith(f"{root}."):
            yield Remark(f"{what}, no image")


def _preamble(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
    for flaw in specimen.flaws:
        if flaw.code == "Q012":
            yield Remark(flaw.evidence, None if "begins like" in flaw.evidence else "warn")


def _flaws(code: str, severity: Severity | None = None) -> Look:
    """Return a look that passes on what the walk through the container found under a code."""

    def look(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
        for flaw in specimen.flaws:
            if flaw.code == code:
                yield Remark(flaw.evidence, severity)

    return look


CONTAINER_RULES: tuple[Rule[Specimen, QualitySettings], ...] = (
    Rule("Q001", "reject", "a file without bytes", _empty),
    Rule(
        "Q002",
        "reject",
        "no DICOM magic word; a whole dataset without Part-10 header is only warned of",
        _no_picture_file,
    ),
    Rule("Q003", "reject", "a header that breaks off or cannot be read", _flaws("Q003")),
    Rule("Q004", "reject", "a declared length that is longer than what is left", _flaws("Q004")),
    Rule("Q005", "warn", "bytes after the end", _flaws("Q005")),
    Rule(
        "Q006",
        "reject",
        "a transfer syntax that is missing or unknown; one that lies about its form is warned of",
        _syntax,
    ),
    Rule("Q007", "warn", "file meta information that names another SOP instance than the dataset", _other_identity),
    Rule("Q008", "reject", "a DICOM object that is no image", _no_image),
    Rule("Q009", "reject", "an archive within an archive, or one that breaks its caps", _archive),
    Rule("Q010", "reject", "a file larger than allowed, as it is or inflated", _too_large),
    Rule("Q011", "reject", "nesting too deep, or too many elements", _flaws("Q011")),
    Rule(
        "Q012",
        "quarantine",
        "a preamble that begins like a program; one that is only not empty is warned of",
        _preamble,
    ),
)
