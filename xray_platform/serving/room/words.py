"""Words: all that the reading room says, in one table, so that a translation or a house's own advice is a file."""

import json
from importlib.resources import files
from pathlib import Path
from string import Formatter

from xray_platform.errors import InputError

Words = dict[str, str]


def shipped_words() -> Words:
    """Return the words that the platform brings."""
    words: Words = json.loads((files(__package__) / "words.json").read_text(encoding="utf-8"))
    return words


def read_words(file: Path | None) -> Words:
    """Return the words of a JSON file, and the shipped ones for what it leaves out.

    Raises InputError where it cannot be read, has a key that is unknown, or leaves a place for a value out or adds one.
    """
    words = shipped_words()
    if file is None:
        return words
    try:
        own = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} is no JSON file of words: {error}") from error
    if not isinstance(own, dict):
        raise InputError(f"{file} is no JSON object")
    for key, text in own.items():
        if key not in words:
            raise InputError(f"{file}: there is no word {key!r}; xray_platform/serving/room/words.json has all")
        if not isinstance(text, str) or _places(text) != _places(words[key]):
            raise InputError(f"{file}: {key!r} must be a text with {sorted(_places(words[key])) or 'no places'}")
    return {**words, **own}


def _places(text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return {"?"}
