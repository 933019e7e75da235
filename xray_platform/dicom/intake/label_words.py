"""Label words: what a label may say outside of the raw zone: known findings, and words declared for a store."""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from xray_platform.atomic import atomic_write
from xray_platform.errors import InputError, StoreError
from xray_platform.tables.owner_only import FILE_MODE, make_folder
from xray_platform.tables.places import Places

HOW_TO_DECLARE = (
    "they are no known words and may be names: declare words with `xray ingest … --label WORD`, or all that look like "
    "classes with --accept-labels"
)
LONGEST = 64
MOST_CLASSES = 50
MOST_PARTS = 20
_PARTS = re.compile(r"[|;,]")
_NUMBER = re.compile(r"[0-9]{1,2}(\.0)?")
_PLAIN = re.compile(r"[^\W_](?:[\w .,()/+#'&-]*[\w.)+])?")
_LONG_NUMBER = re.compile(r"[0-9]{4}|[0-9][^0-9 ][0-9]")


@dataclass(frozen=True)
class LabelWords:
    """The vocabulary of a store's labels: findings that all stores know, and words that were declared for this one."""

    declared: frozenset[str] = frozenset()

    def know(self, label: str) -> bool:
        """Say whether a label is a known word, a number of one or two digits, or words with `|`, `;` or `,` between."""
        if self.know_word(label) or _NUMBER.fullmatch(label.strip()):
            return True
        parts = _PARTS.split(label)
        return len(parts) <= MOST_PARTS and all(self.know_word(part) for part in parts)

    def know_word(self, text: str) -> bool:
        """Say whether a text is one known word as a whole."""
        word = spelt(text)
        return word in _shipped() or word in self.declared


class Labelled(Protocol):
    """What a labels file says of one picture, as far as labels need it."""

    @property
    def label(self) -> str | None: ...
    @property
    def subject_id(self) -> str | None: ...


@dataclass(frozen=True)
class NewLabels:
    """Labels that are no known words: those that look like classes, in order, and of how many rows the others are."""

    classes: tuple[str, ...]
    class_rows: int
    other_rows: int

    @property
    def rows(self) -> int:
        return self.class_rows + self.other_rows


def spelt(label: str) -> str:
    """Return a label as it is compared: small letters, `-`, `_` and any run of space as one space."""
    return re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFKC", label).casefold()).strip()


def parts_of(label: str) -> tuple[str, ...]:
    """Return the words of a label with `|`, `;` or `,` between, as they are compared."""
    return tuple(word for part in _PARTS.split(label) if (word := spelt(part)))


def new_labels(rows: Iterable[Labelled], words: LabelWords) -> NewLabels:
    """Return what labels are no known words.

    A class is short and plain, and several subjects (or pictures, where no subject is given) have it. What one subject
    alone has, what holds a long number, and all where there are very many, may be names: those are only counted.
    """
    whose: dict[str, set[str]] = defaultdict(set)
    count: dict[str, int] = defaultdict(int)
    for number, row in enumerate(rows):
        if row.label is not None and not words.know(row.label):
            whose[row.label].add(row.subject_id or f"\0{number}")
            count[row.label] += 1
    classes = [label for label, people in whose.items() if len(people) > 1 and _like_a_class(label)]
    if len(classes) > MOST_CLASSES:
        classes = []
    among = sum(count[label] for label in classes)
    return NewLabels(tuple(classes), among, sum(count.values()) - among)


def _like_a_class(label: str) -> bool:
    return len(label) <= LONGEST and bool(_PLAIN.fullmatch(label)) and not _LONG_NUMBER.search(label)


def known_words(places: Places) -> LabelWords:
    """Return the vocabulary of a store. Raises StoreError where its file is damaged."""
    return LabelWords(frozenset(spelt(word) for word in _declared(_file(places))))


def declare(places: Places, labels: Iterable[str]) -> bool:
    """Let a store know more labels, for good; say whether any of them is new.

    They are kept in the raw zone, for who declares may err and declare a name. Raises InputError for one that is too
    long or holds signs that no word has, StoreError where they cannot be kept.
    """
    path, words = _file(places), known_words(places)
    fresh = [label.strip() for label in dict.fromkeys(labels) if not words.know(label)]
    for number, label in enumerate(fresh, start=1):
        if len(label) > LONGEST or not _PLAIN.fullmatch(label):
            raise InputError(
                f"declared label number {number} is no word: allowed are 1 to {LONGEST} letters, digits, spaces and "
                "-_./()+#'&,"
            )
    if fresh:
        _keep(places, [*_declared(path), *fresh])
    return bool(fresh)


def _file(places: Places) -> Path:
    return places.raw / "label_words.json"


def _declared(path: Path) -> list[str]:
    if not path.exists():
        return []
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"the list of declared labels {path} cannot be read") from error
    if not isinstance(said, list) or not all(isinstance(word, str) for word in said):
        raise StoreError(f"the list of declared labels {path} is no JSON list of words")
    return said


def _keep(places: Places, labels: list[str]) -> None:
    path = _file(places)
    try:
        make_folder(path.parent, places.raw)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
    atomic_write(path, json.dumps(labels, ensure_ascii=False, indent=1), mode=FILE_MODE, durable=True)


@cache
def _shipped() -> frozenset[str]:
    lists = json.loads(files("xray_platform.dicom.intake").joinpath("label_words.json").read_text(encoding="utf-8"))
    return frozenset(spelt(word) for words in lists.values() for word in words)
