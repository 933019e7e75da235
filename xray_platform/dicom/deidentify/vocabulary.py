"""Vocabulary: the words and coded concepts that may stay in a de-identified file; whatever else is text goes."""

import csv
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from xray_platform.dicom.deidentify.phrases import phrase_words

_HERE = files("xray_platform.dicom.deidentify")
_PART = re.compile(r"[0-9A-Z\x80-\xff]+")
# Words of the product's own texts, which stand in every file that it writes.
OWN_WORDS = frozenset(
    (
        *("XRAY", "PLATFORM", "XRAYPLATFORM", "POLICY", "KEY", "BASIC", "APPLICATION", "CONFIDENTIALITY", "PROFILE"),
        *("CLEAN", "PIXEL", "DATA", "OPTION", "DESCRIPTORS", "RETAIN", "LONGITUDINAL", "TEMPORAL", "INFORMATION"),
        *("MODIFIED", "DATES", "PATIENT", "CHARACTERISTICS", "BURNED", "TEXT", "BORDER", "DETECTOR", "LINES"),
        *("MASKED", "NONE", "FOUND", "DICM", "ALLOW", "LIST", "DE", "IDENTIFIED", "SUB", "MODEL", "SERIAL", "DET"),
    )
)
_REGISTERED = b"1.2.840.10008."


@cache
def vocabulary() -> Mapping[str, frozenset[str]]:
    """Return the allowed words by the name of their list."""
    lists = json.loads(_HERE.joinpath("vocabulary.json").read_text(encoding="ascii"))
    return {name: frozenset(words) for name, words in lists.items()}


@cache
def codes() -> Mapping[tuple[str, str], str]:
    """Return the meaning of each known code by (scheme, value): anatomy, views, derivations, purposes (PS3.16).

    A meaning is written from here and never copied from the source, where it is free text.
    """
    lines = _HERE.joinpath("codes.csv").read_text(encoding="ascii").splitlines()
    return {(row["scheme"], row["code"]): row["meaning"] for row in csv.DictReader(lines)}


@cache
def allowed_words() -> frozenset[str]:
    """Return all single words, in capitals, that the product may write: of its lists, phrases, codes and marks."""
    texts = [word for words in vocabulary().values() for word in words]
    texts += [text for (scheme, code), meaning in codes().items() for text in (scheme, code, meaning)]
    return frozenset(part for text in texts for part in _PART.findall(text.upper())) | phrase_words() | OWN_WORDS


def is_known(token: bytes) -> bool:
    """Say whether a token is made of words that the product may write itself, or is a UID of the standard's own."""
    if token.startswith(_REGISTERED):
        return True
    parts = _PART.findall(token.decode("latin-1").upper())
    return not all(part.isdigit() for part in parts) and all(len(part) < 3 or part in allowed_words() for part in parts)
