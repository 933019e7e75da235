"""Duplicates: compare the files of a batch with one another and with all that was examined before (Q081 to Q085)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from xray_platform.dicom.quality.perceptual_hash import alike
from xray_platform.dicom.quality.rule import QualityFinding, finding


@dataclass(frozen=True)
class KnownFile:
    """A file that others are compared with. Null values are equal to nothing."""

    image: str
    instance: str | None = None
    person: str | None = None
    pixel_sha256: str | None = None
    looks: str | None = None
    split: str | None = None


@dataclass
class SeenFiles:
    """Files seen so far, to be asked in which way a new one is their duplicate."""

    by_instance: dict[str, KnownFile] = field(default_factory=dict)
    by_pixels: dict[str, KnownFile] = field(default_factory=dict)
    by_person: dict[str, KnownFile] = field(default_factory=dict)
    hashed: list[KnownFile] = field(default_factory=list)

    def add(self, file: KnownFile) -> None:
        """Add a file; of files that share something the first is remembered."""
        if file.instance:
            self.by_instance.setdefault(file.instance, file)
        if file.pixel_sha256:
            self.by_pixels.setdefault(file.pixel_sha256, file)
        if file.person and file.split:
            self.by_person.setdefault(file.person, file)
        if file.looks:
            self.hashed.append(file)


def seen_files(files: Iterable[KnownFile]) -> SeenFiles:
    """Return files as seen in their order."""
    seen = SeenFiles()
    for file in files:
        seen.add(file)
    return seen


def exact_duplicates(file: KnownFile, seen: SeenFiles) -> Iterator[QualityFinding]:
    """Yield in which way a file is the duplicate of one seen before, near duplicates left out."""
    same = seen.by_instance.get(file.instance or "")
    if same is not None:
        yield from _same_instance(file, same)
    other = seen.by_pixels.get(file.pixel_sha256 or "")
    if other is not None and other is not same:
        yield from _same_pixels(file, other)
    elsewhere = seen.by_person.get(file.person or "")
    if elsewhere is not None and file.split and elsewhere.split != file.split:
        yield finding("Q084", f"its patient is in {elsewhere.split} with picture {elsewhere.image}")


def _same_instance(file: KnownFile, same: KnownFile) -> Iterator[QualityFinding]:
    if file.person and same.person and file.person != same.person:
        yield finding("Q085", f"picture {same.image} of another patient has its SOP instance UID")
    if file.pixel_sha256 is not None and file.pixel_sha256 == same.pixel_sha256:
        yield finding("Q081", f"picture {same.image} has its SOP instance UID and pixels, and another header", "warn")
    else:
        yield finding("Q081", f"picture {same.image} has its SOP instance UID and other pixels")


def _same_pixels(file: KnownFile, other: KnownFile) -> Iterator[QualityFinding]:
    if file.person and other.person and file.person != other.person:
        yield finding("Q082", f"picture {other.image} of another patient has its pixels")
    else:
        yield finding("Q082", f"picture {other.image} has its pixels", "warn")


def near_duplicates(files: Sequence[KnownFile], others: Sequence[KnownFile]) -> Iterator[tuple[int, QualityFinding]]:
    """Yield, with its place, each of `files` that looks nearly like one of `others` that has other pixels.

    Where `others` is `files` itself, each is compared with those before it.
    """
    mine, theirs = _hashed(files), _hashed(others)
    told = set[int]()
    for one, other in alike(
        [str(files[place].looks) for place in mine], [str(others[place].looks) for place in theirs]
    ):
        place, before = mine[one], theirs[other]
        if place not in told and not (others is files and before >= place) and differs(files[place], others[before]):
            told.add(place)
            yield place, near_duplicate(others[before].image)


def differs(file: KnownFile, other: KnownFile) -> bool:
    """Say whether a file that looks like another is another picture, with other pixels."""
    return other.image != file.image and other.pixel_sha256 != file.pixel_sha256


def near_duplicate(image: str) -> QualityFinding:
    """Return the finding that a file looks nearly like a picture."""
    return finding("Q083", f"it looks nearly like picture {image}")


def _hashed(files: Sequence[KnownFile]) -> list[int]:
    return [place for place, file in enumerate(files) if file.looks]
