"""Vocabulary: the words and coded concepts that may stay in a de-identified file; whatever else is text goes."""

import csv
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_HERE = files("xray_platform.dicom.deidentify")


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
def known_words() -> frozenset[str]:
    """Return all single words, in capitals, that the lists and the codes' meanings are made of."""
    texts = [word for words in vocabulary().values() for word in words]
    texts += [text for (scheme, code), meaning in codes().items() for text in (scheme, code, meaning)]
    return frozenset(part for text in texts for part in _words(text))


def _words(text: str) -> list[str]:
    return "".join(sign if sign.isalnum() else " " for sign in text.upper()).split()
