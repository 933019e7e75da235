"""Phrases: what may be said in words, as a grammar of known parts; free text is read for them, never copied."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_TOKEN = re.compile(r"[0-9A-Z\x80-\xff]+")
_INITIALS = re.compile(r"\b([AP])\.\s?([AP])\b\.?")
_LONGEST_PHRASE = 2


@dataclass(frozen=True)
class PhrasePart:
    """One part of a phrase, such as the view: at most so many of its terms are said, each in one fixed spelling."""

    name: str
    most: int


@dataclass(frozen=True)
class Grammar:
    """Parts in the order in which they are said, and each known spelling with the part and the term that it means.

    Nothing is said at all unless a term of one of the `anchors` is there: a body part, a view.
    """

    parts: tuple[PhrasePart, ...]
    anchors: frozenset[str]
    spellings: Mapping[tuple[str, ...], tuple[str, str]]


@cache
def grammars() -> Mapping[str, Grammar]:
    """Return the grammars of descriptions, body parts, grids, plates and calibrations by name."""
    text = files("xray_platform.dicom.deidentify").joinpath("phrases.json").read_text(encoding="ascii")
    return {name: _grammar(said["parts"], said["anchors"]) for name, said in json.loads(text).items()}


def _grammar(parts: list[dict[str, Any]], anchors: list[str]) -> Grammar:
    spellings = {
        tuple(way.split()): (part["name"], term)
        for part in parts
        for term, ways in part["phrases"].items()
        for way in ways
    }
    named = tuple(PhrasePart(part["name"], part["most"]) for part in parts)
    return Grammar(named, frozenset(anchors), spellings)


def said_in(text: str, grammar: Grammar, names: frozenset[str]) -> str | None:
    """Return what a free text says in known terms, in the grammar's own order and spelling; None if that is nothing.

    `names` are the words that people in the file are called by, in capitals. Where one of them is among the terms that
    are said, or stood for one, nothing is said at all: Mr Port's chest is not portable.
    """
    tokens = _TOKEN.findall(_INITIALS.sub(r" \1\2 ", text.upper()))
    found, read = _terms(tokens, grammar)
    said = [term for part in grammar.parts for term in _first(found.get(part.name, []), part.most)]
    may_stay = names.isdisjoint(read) and names.isdisjoint(word for term in said for word in term.split())
    return " ".join(said) if may_stay and not grammar.anchors.isdisjoint(found) else None


def _terms(tokens: list[str], grammar: Grammar) -> tuple[dict[str, list[str]], set[str]]:
    """Return the terms by part, of two readings the longer, and the words that stood for them."""
    found: dict[str, list[str]] = {}
    read: set[str] = set()
    at = 0
    while at < len(tokens):
        for length in range(_LONGEST_PHRASE, 0, -1):
            words = tuple(tokens[at : at + length])
            meant = grammar.spellings.get(words)
            if meant is not None:
                found.setdefault(meant[0], []).append(meant[1])
                read.update(words)
                at += length - 1
                break
        at += 1
    return found, read


def _first(terms: list[str], most: int) -> list[str]:
    return list(dict.fromkeys(terms))[:most]


@cache
def phrase_words() -> frozenset[str]:
    """Return all single words that a grammar can say."""
    terms = (term for grammar in grammars().values() for _, term in grammar.spellings.values())
    return frozenset(word for term in terms for word in term.split())
