"""Result: a de-identified picture and what the tables may know of it."""

from dataclasses import dataclass
from typing import Literal

from xray_platform.dicom.deidentify.person import Person


@dataclass(frozen=True)
class Facts:
    """What is known of a published picture, without identity; named and bound as in the table of pictures."""

    format: Literal["dicom", "jpeg", "png"]
    pixel_sha256: str
    rows: int
    columns: int
    bits_stored: int
    photometric: str
    lossy: bool
    transfer_syntax: str | None = None
    modality: str | None = None
    view_position: str | None = None
    sex: str | None = None
    age_years: float | None = None
    study_date: str | None = None
    manufacturer: str | None = None
    spacing_mm: float | None = None


@dataclass(frozen=True)
class Deidentified:
    """A picture as it may be published: its parts to be written one after the other, whose it is, and facts.

    `masked` is how many lines of burned-in text were painted over.
    """

    parts: tuple[bytes, ...]
    suffix: Literal[".dcm", ".png"]
    person: Person
    facts: Facts
    masked: int = 0
    share: float = 0.0

    @property
    def data(self) -> bytes:
        return b"".join(self.parts)
