"""Policy: the attributes of CR, DX and secondary capture that may stay, read from `policy.csv`; others go."""

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydicom.datadict import dictionary_VM, dictionary_VR, tag_for_keyword

from xray_platform.errors import StoreError

TOP = ""
MOST_OF_ANY, MOST_POINTS = 8, 32
_TEXT = "policy.csv"
_WORDS = ("vocabulary.json", "phrases.json", "codes.csv")


@dataclass(frozen=True)
class PolicyRow:
    """One allowed attribute: where it may stand, which rule its value must pass, what stands there `otherwise`.

    `most` is how many values may stand there; `type` is its strictest DICOM type among the CR, DX and SC modules
    (PS3.3): 1 must have a value, 2 must be there, 3 may be missing. `otherwise` is `remove`, `empty`, `refuse` (the
    file), or `=` and a neutral value.
    """

    place: str
    attribute: str
    tag: int
    vr: str
    most: int
    type: int
    rule: str
    argument: str
    otherwise: str


@dataclass(frozen=True)
class Policy:
    """All rows by place (the top level, or the name of a kind of item) and tag; `id` names exactly it and its words."""

    places: Mapping[str, Mapping[int, PolicyRow]]
    id: str

    @property
    def rows(self) -> tuple[PolicyRow, ...]:
        return tuple(row for place in self.places.values() for row in place.values())


@cache
def load_policy() -> Policy:
    """Read the policy that comes with the product. Raises StoreError where a line of it is not sound."""
    here = files("xray_platform.dicom.deidentify")
    text = here.joinpath(_TEXT).read_text(encoding="ascii")
    whole = text.encode() + b"".join(here.joinpath(name).read_bytes() for name in _WORDS)
    places: dict[str, dict[int, PolicyRow]] = {}
    for line in csv.DictReader(text.splitlines()):
        row = _row(line)
        places.setdefault(row.place, {})[row.tag] = row
    return Policy(places, hashlib.sha256(whole).hexdigest()[:8])


def _row(line: Mapping[str, str]) -> PolicyRow:
    tag = tag_for_keyword(line["attribute"])
    otherwise = line["otherwise"]
    if tag is None or not (otherwise in {"remove", "empty", "refuse"} or otherwise.startswith("=")):
        raise StoreError(f"{_TEXT}: no such attribute, or no such fallback: {line['attribute']}, {otherwise}")
    return PolicyRow(
        place=line["place"],
        attribute=line["attribute"],
        tag=int(tag),
        vr=dictionary_VR(tag),
        most=_most_values(dictionary_VM(tag)),
        type=int(line["type"]),
        rule=line["rule"],
        argument=line["argument"],
        otherwise=otherwise,
    )


def _most_values(multiplicity: str) -> int:
    """Return how many values may stand where PS3.6 says `1`, `2`, `1-3`, `1-n` or `2-2n`."""
    last = multiplicity.rpartition("-")[2]
    return int(last) if last.isdigit() else MOST_POINTS if last == "2n" else MOST_OF_ANY
