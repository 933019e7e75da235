"""Data Docs: the pages of Great Expectations as they are read on a machine without internet, at a path that is known.

As they are made, each page fetches styles and scripts from a dozen hosts, and a picture that tells its maker of every
look; the first one shows nothing without them. All that is taken out, and a first page and a style sheet of our own put
in.
"""

import json
import re
import shutil
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path

from filelock import FileLock
from jinja2 import Environment

from xray_platform.atomic import atomic_write
from xray_platform.tables.places import Places

OUTSIDE = re.compile(
    r"""<script\b.*?</script>                              # they need libraries from elsewhere
      | <link\b[^>]*>
      | <img\b[^>]*\bhttps?://[^>]*>
      | <a\b[^>]*href="https?://[^>]*>.*?</a>
      | <footer\b.*?</footer>
      | <!--.*?-->""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
FETCHED = re.compile(r"url\(\s*['\"]?\s*https?:[^)]*\)")
HOME = re.compile(r'href="(?:\.\./)+index\.html"')
SUITE_LINK = re.compile(r'<a href="[^"]*/expectations/[^"]*"\s*>(.*?)</a>', re.DOTALL)  # suites have no pages
KEPT = 5  # pages of each part of each suite


@dataclass(frozen=True)
class DocsRow:
    """One line of the first page: what was validated, when (ISO 8601, UTC), what came out, and the page of it."""

    table: str
    suite: str
    part: str
    passed: bool
    checked: int
    failed: int
    when: str
    page: str = ""

    @property
    def folder(self) -> str:
        """Where the pages of this part of this suite lie, below the Data Docs."""
        return f"{self.table}/{self.suite}/{self.part}"


def first_page(places: Places) -> Path:
    """Return where people begin to read: `data/docs/index.html`."""
    return places.docs / "index.html"


def publish(places: Places, validated: DocsRow, page: str) -> str:
    """Keep a page that Great Expectations has made so that it is readable offline, and list it on the first page.

    Return where it lies below `data/docs`. Of each part of each suite the last few pages stay.
    """
    places.docs.mkdir(parents=True, exist_ok=True)
    with FileLock(places.docs / ".lock"):
        shutil.rmtree(places.docs / "gx", ignore_errors=True)  # pages of earlier versions, some of which showed values
        digits = re.sub(r"[^0-9]", "", validated.when.split("+")[0])
        shown = replace(validated, page=f"{validated.folder}/{digits}.html")
        atomic_write(places.docs / shown.page, _offline(page))
        for old in sorted((places.docs / validated.folder).glob("*.html"))[:-KEPT]:
            old.unlink()
        template = Environment(autoescape=True).from_string(_text("docs_index.html"))
        rows = _rows(places, shown)
        atomic_write(first_page(places), template.render(rows=rows, style=_text("data_docs.css")))
    return shown.page


def _offline(page: str) -> str:
    """Take out of a page what it would fetch from elsewhere or what leads nowhere, and put our own style in."""
    page = SUITE_LINK.sub(r"\1", HOME.sub('href="../../../index.html"', page))
    return FETCHED.sub("none", OUTSIDE.sub("", page)).replace(
        "</head>", f"<style>{_text('data_docs.css')}</style></head>", 1
    )


def _rows(places: Places, latest: DocsRow) -> list[DocsRow]:
    """Return the last validation of each part of each suite, and remember this one."""
    memory = places.docs / "validated.json"
    kept = [DocsRow(**row) for row in json.loads(memory.read_text(encoding="utf-8"))] if memory.exists() else []
    by_folder = {row.folder: row for row in (*kept, latest) if (places.docs / row.page).is_file()}
    rows = [by_folder[key] for key in sorted(by_folder)]
    atomic_write(memory, json.dumps([asdict(row) for row in rows]))
    return rows


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
