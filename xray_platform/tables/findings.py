"""Findings: how the findings of a picture are written as one text, and in which order classes come.

A class is `normal` or a finding. A picture without findings is normal; one with several has several classes.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from xray_platform.errors import InputError

ManyClasses = Literal["label", "findings"]
"""What a model of several classes learns: one class a picture, or each finding for itself."""
NORMAL = "normal"
SEPARATOR = "|"


def joined(findings: Iterable[str]) -> str:
    """Return findings as one text, each once, by alphabet, with `|` between; `normal` where there are none."""
    return SEPARATOR.join(sorted(set(findings))) or NORMAL


def classes_in(text: str) -> tuple[str, ...]:
    """Return the classes that a picture with these findings has."""
    return tuple(text.split(SEPARATOR))


def ordered_classes(texts: Iterable[str], first: Sequence[str] = ()) -> tuple[str, ...]:
    """Return all classes of some pictures: normal, then those named `first`, then the others by alphabet.

    Raises InputError where `first` names a class that no picture has.
    """
    found = {name for text in set(texts) for name in classes_in(text)}
    if lost := [name for name in first if name not in found]:
        raise InputError(f"no picture has the class {lost[0]!r}; there are {', '.join(sorted(found)) or 'none'}")
    return tuple(sorted(found, key=lambda name: (name != NORMAL, _place(name, first), name)))


def _place(name: str, first: Sequence[str]) -> int:
    return first.index(name) if name in first else len(first)
