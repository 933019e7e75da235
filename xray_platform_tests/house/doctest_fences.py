"""Doctest fences: the examples of a docstring as code blocks of the site; MkDocs calls this through griffe."""

import re
from typing import Any

from griffe import Extension

_EXAMPLE = re.compile(r"(?:^|(?<=\n))>>> .*?(?=\n\s*\n|\Z)", re.DOTALL)


class DoctestFences(Extension):
    """Puts each example, from `>>>` to the next empty line, between fences."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Change the docstring of whatever griffe has read."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(text: str) -> str:
    """Return a docstring with its examples between fences."""
    return _EXAMPLE.sub(lambda found: f"```pycon\n{found[0]}\n```", text)
