"""Duplicates: compare the files of a batch with one another and with all that was examined before (Q081 to Q085)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from xray_platform.dicom.quality.perceptual_hash import NEARLY_SAME, as_bits, differing_bits
from xray_platform.dicom.quality.rule import QualityFinding, Severity


@dataclass(frozen=True)
class Known:
    """A file that others are compared with. Null values are equal to nothing."""

    image: str
    instance: str | None = None
    person: str | None = None
    pixel_sha256: str | None = None
    looks: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class DuplicateRule:
    """A rule on two files; it describes itself like the rules on one."""

    code: str
    severity: Severity
    notices: str


DUPLICATE_RULES = (
    DuplicateRule("Q080", "warn", "the same bytes once more; they are stored and examined once"),
    DuplicateRule(
        "Q081", "quarantine", "the SOP instance UID of another file with other pixels; with the same a warning"
    ),
    DuplicateRule("Q082", "quarantine", "the pixels of another file under another patient; under the same a warning"),
    DuplicateRule("Q083", "warn", "a picture that looks nearly like another"),
    DuplicateRule("Q084", "warn", "a patient whose labels ask for two splits"),
    DuplicateRule("Q085", "quarantine", "the SOP instance UID of a file of another patient"),
)


@dataclass
class Company:
    """Files seen so far, to be asked in which way a new one is like them."""

    by_instance: dict[str, Known] = field(default_factory=dict)
    by_pixels: dict[str, Known] = field(default_factory=dict)
    by_person: dict[str, Known] = field(default_factory=dict)
    looking: list[Known] = field(default_factory=list)

    def add(self, file: Known) -> None:
        """Let a file join; of files that share something the first is remembered."""
        if file.instance:
            self.by_instance.setdefault(file.instance, file)
        if file.pixel_sha256:
            self.by_pixels.setdefault(file.pixel_sha256, file)
        if file.person and file.split:
            self.by_person.setdefault(file.person, file)
        if file.looks:
            self.looking.append(file)


def company_of(files: Iterable[Known]) -> Company:
    """Return the company of files in their order."""
    company = Company()
    for file in files:
        company.add(file)
    return company


def alike(file: Known, company: Company) -> Iterator[QualityFinding]:
    """Yield in which way a file is the duplicate of one in the company, near duplicates left out."""
    same = company.by_instance.get(file.instance or "")
    if same is not None:
        yield from _same_instance(file, same)
    twin = company.by_pixels.get(file.pixel_sha256 or "")
    if twin is not None and twin is not same:
        yield from _same_pixels(file, twin)
    elsewhere = company.by_person.get(file.person or "")
    if elsewhere is not None and file.split and elsewhere.split != file.split:
        yield QualityFinding("Q084", "warn", f"its patient is in {elsewhere.split} with picture {elsewhere.image}")


def _same_instance(file: Known, same: Known) -> Iterator[QualityFinding]:
    if file.person and same.person and file.person != same.person:
        yield QualityFinding("Q085", "quarantine", f"picture {same.image} of another patient has its SOP instance UID")
    if file.pixel_sha256 is not None and file.pixel_sha256 == same.pixel_sha256:
        yield QualityFinding(
            "Q081", "warn", f"picture {same.image} has its SOP instance UID and pixels, and another header"
        )
    else:
        yield QualityFinding("Q081", "quarantine", f"picture {same.image} has its SOP instance UID and other pixels")


def _same_pixels(file: Known, twin: Known) -> Iterator[QualityFinding]:
    if file.person and twin.person and file.person != twin.person:
        yield QualityFinding("Q082", "quarantine", f"picture {twin.image} of another patient has its pixels")
    else:
        yield QualityFinding("Q082", "warn", f"picture {twin.image} has its pixels")


def nearly_alike(files: Sequence[Known], company: Sequence[Known]) -> Iterator[tuple[int, QualityFinding]]:
    """Yield, with its place, each of `files` that looks nearly like one in the company whose pixels are others.

    Where the company is `files` itself, each is compared with those before it.
    """
    seen = [(place, file) for place, file in enumerate(company) if file.looks]
    if not seen:
        return
    bits = as_bits([str(file.looks) for _, file in seen])
    for place, file in enumerate(files):
        if file.looks is None:
            continue
        for near in (differing_bits(as_bits([file.looks])[0], bits) <= NEARLY_SAME).nonzero()[0]:
            before, other = seen[int(near)]
            if (company is files and before >= place) or other.image == file.image:
                continue
            if other.pixel_sha256 != file.pixel_sha256:
                yield place, QualityFinding("Q083", "warn", f"it looks nearly like picture {other.image}")
                break
