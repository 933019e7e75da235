"""Said facts: age, sex and view of a picture as a person or a program says them; what is not allowed is refused."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from xray_platform.clinical_columns import COLUMNS, LONGEST_LIFE, SEXES, ClinicalFacts
from xray_platform.dicom.parse.dates import in_years, read_age
from xray_platform.errors import InputError
from xray_platform.tables.columns import VIEW_POSITION

ALLOWED = {
    "age": f"years from 0 to below {LONGEST_LIFE:g} (63 or 0.5), or an age as DICOM writes it (063Y, 006M)",
    "sex": f"{', '.join(SEXES)}, as DICOM writes it",
    "view": f"{', '.join(VIEW_POSITION.allowed)}, as DICOM writes the view position",
}
_WORDS = {"sex": SEXES, "view": VIEW_POSITION.allowed}
_PARTS_OF_YEARS = re.compile(r"[0-9]{1,3}\.[0-9]+")
_SHOWN = 40


def said_facts(given: Mapping[str, object]) -> ClinicalFacts:
    """Return what is said of age, sex and view: text or a number; nothing, blank or NaN: it is not known.

    >>> said_facts({"age": "063Y", "sex": "f"})
    ClinicalFacts(age=63.0, sex='F', view=None)

    Raises InputError, with the name, what was found and what is allowed.
    """
    found = {name: said_value(name, given.get(name)) for name in COLUMNS}
    return ClinicalFacts(**found)  # type: ignore[arg-type]


def said_value(name: str, given: object) -> float | str | None:
    """Return one of them: an age in years, a word in capitals, or None; else as `said_facts` does."""
    text = _text(given)
    if not text:
        return None
    value = _age(text) if name == "age" else _word(text, _WORDS[name])
    if value is None:
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        raise InputError(f"{name} {shown!r} is not allowed; allowed: {ALLOWED[name]}")
    return value


def unused(said: Iterable[ClinicalFacts], model: str, columns: Sequence[str]) -> Iterator[str]:
    """Yield in words what was said that a model does not take; nothing where it takes all of it."""
    told = {name for facts in set(said) for name in facts.known()}
    if idle := [name for name in COLUMNS if name in told and name not in columns]:
        takes = f"{' and '.join(columns)} alone" if columns else "no clinical columns"
        yield f"{model} takes {takes}; what is said of {' and '.join(idle)} is not used"


def _text(given: object) -> str:
    """Return a value as text; nothing of what a table has where there is none."""
    missing = given is None or (isinstance(given, float) and given != given)
    return "" if missing else str(given).strip()


def _age(text: str) -> float | None:
    stated = read_age(text) if text.isascii() else None
    if stated is None and not _PARTS_OF_YEARS.fullmatch(text):
        return None
    years = round(in_years(*stated), 3) if stated else float(text)
    return years if years < LONGEST_LIFE else None


def _word(text: str, words: Iterable[str]) -> str | None:
    return text.upper() if text.upper() in words else None
