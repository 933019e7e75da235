"""Person: all by which a person's data is found in a store, kept in the raw zone until nothing of it is left."""

import json
import re

from pydantic import BaseModel, ConfigDict, ValidationError

from xray_platform.atomic import atomic_write
from xray_platform.dicom.intake.verify import ERASURE
from xray_platform.errors import StoreError
from xray_platform.tables.owner_only import FILE_MODE
from xray_platform.tables.places import Places


class Learnt(BaseModel):
    """A trained model, and in which part of its data the person was: `train`, `val`, `test`, or `perhaps` in any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    run: str
    part: str
    versions: tuple[str, ...] = ()
    champion: bool = False


class Person(BaseModel):
    """Whose data goes, and by what it is known; the raw zone alone may hold it.

    `hashes` are SHA-256 of raw files, `files` their batches and sources, `published` their files below
    `data/processed`. `duplicates` are files of the same pixels under another name, `listings` such as a DICOMDIR that
    speak of several people. `studies` are pseudonyms; `uids`, `numbers`, `words` and `names` are as `Whose` has them.
    `arrays` are digests of decoded pixels. `fresh` are the assets, each with its batch, that were up to date before;
    `renewed` the digests of bundles that were written anew, by the former ones.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tombstone: str
    subjects: tuple[str, ...]
    hashes: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    published: tuple[str, ...] = ()
    labelled: bool = False
    duplicates: int = 0
    listings: int = 0
    studies: tuple[str, ...] = ()
    uids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    names: tuple[tuple[str, ...], ...] = ()
    arrays: tuple[str, ...] = ()
    fresh: tuple[tuple[str, str], ...] = ()
    learnt: tuple[Learnt, ...] = ()
    renewed: dict[str, str] = {}

    @property
    def images(self) -> frozenset[str]:
        """The names of the images: the first 16 digits of their hashes."""
        return frozenset(digest[:16] for digest in self.hashes)

    @property
    def batches(self) -> tuple[str, ...]:
        """The batches that brought any of the files, in order."""
        return tuple(sorted({batch for batch, _ in self.files}))

    @property
    def digits(self) -> tuple[str, ...]:
        """Hexadecimal texts, which stand for this person wherever they stand; the longer ones first."""
        return _longest_first({*self.hashes, *self.images, *self.subjects, *self.studies})

    @property
    def marks(self) -> tuple[str, ...]:
        """UIDs and paths, which stand for this person where they stand by themselves; the longer ones first."""
        return _longest_first({*self.uids, *(source for _, source in self.files)})


def _longest_first(texts: set[str]) -> tuple[str, ...]:
    return tuple(sorted(texts, key=lambda text: (-len(text), text)))


def keep_person(places: Places, person: Person) -> None:
    """Write down whose data goes, before any of it does. Raises StoreError."""
    atomic_write(places.raw / ERASURE, person.model_dump_json(), mode=FILE_MODE, durable=True)


def unfinished(places: Places) -> Person | None:
    """Return whose erasure was begun and is not done; None where there is none. Raises StoreError."""
    path = places.raw / ERASURE
    try:
        return Person.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError, json.JSONDecodeError) as error:
        raise StoreError(f"{path} is damaged or cannot be read; remove it and begin the erasure again") from error


def let_go(places: Places) -> None:
    """Remove what was kept to find a person: nothing was found any more."""
    (places.raw / ERASURE).unlink(missing_ok=True)


def replaced(person: Person, text: str) -> str:
    """Return a text without what stands for the person, digests of renewed bundles being the new ones."""
    for token in person.digits:
        text = text.replace(token, "forgotten")
    for mark in person.marks:
        for form in {mark, json.dumps(mark)[1:-1]}:
            if form in text:
                text = re.sub(alone(re.escape(form)), "forgotten", text)
    for old, new in person.renewed.items():
        text = text.replace(old, new)
    return text


def alone(pattern: str) -> str:
    """Return a pattern that matches where no letter or digit goes before or after, nor another part of a UID."""
    return rf"(?<![0-9A-Za-z])(?<![0-9]\.)(?:{pattern})(?![0-9A-Za-z]|\.[0-9])"
