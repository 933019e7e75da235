"""Page: the reading room's files as they are sent; nothing of them comes from elsewhere."""

import html
import json
import re
from dataclasses import dataclass
from importlib.resources import files

from xray_platform.serving.room.words import Words

_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
_SCRIPTS = ("room.css", "room.js", "viewer.js", "layer.js", "others.js")


@dataclass(frozen=True)
class PageFiles:
    """The page, and by name the content and type of what it loads."""

    page: str
    loaded: dict[str, tuple[str, str]]


def page_files(words: Words) -> PageFiles:
    """Return the page with its words."""
    folder = files(__package__) / "static"
    page = (folder / "page.html").read_text(encoding="utf-8")
    filled = re.sub(r"\{\{(\w+)\}\}", lambda found: html.escape(words[found[1]]), page)
    loaded = {name: ((folder / name).read_text(encoding="utf-8"), _KINDS[name.rsplit(".", 1)[1]]) for name in _SCRIPTS}
    return PageFiles(filled, {**loaded, "words.json": (json.dumps(words), "application/json")})
