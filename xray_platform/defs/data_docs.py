"""Data Docs: the pages of Great Expectations as they are read on a machine without internet, at a path that is known.

As they are made, each page fetches styles and scripts from a dozen hosts, and a picture that tells its maker of every
look; the first one shows nothing without them. All that is taken out, and a first page and a style sheet of our own put
in.
"""

import json
import re
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment

from xray_platform.tables.places import Places

OUTSIDE = re.compile(
    r"""<script\b.*?</script>                              # they need libraries from elsewhere
      | <link\b[^>]*\bhttps?://[^>]*>
      | <img\b[^>]*\bhttps?://[^>]*>
      | <a\b[^>]*href="https?://[^>]*>.*?</a>
      | <footer\b.*?</footer>
      | <!--.*?-->""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
LEADS_ON = '<!doctype html><meta http-equiv="refresh" content="0; url={page}"><a href="{page}">Data Docs</a>'


@dataclass(frozen=True)
class DocsRow:
    """One line of the first page: what was validated when, what came out, and the page that shows it."""

    table: str
    suite: str
    part: str
    passed: bool
    checked: int
    failed: int
    when: str
    page: str


def pages(places: Places) -> Path:
    """Return the folder of the pages that Great Expectations writes."""
    return places.docs / "gx" / "uncommitted" / "data_docs" / "local_site"


def first_page(places: Places) -> Path:
    """Return where people begin to read: `data/docs/index.html`."""
    return places.docs / "index.html"


def publish(places: Places, validated: DocsRow) -> None:
    """Make the pages that a validation has just written readable offline, and list it on the first page.

    Its `page` is relative to the folder of the pages.
    """
    for written in (validated.page, f"expectations/{validated.table}/{validated.suite}.html"):
        _make_offline(pages(places) / written)
    rows = _rows(places, validated)
    template = Environment(autoescape=True).from_string(_text("docs_index.html"))
    (pages(places) / "index.html").write_text(
        template.render(rows=rows, style=_text("data_docs.css")), encoding="utf-8"
    )
    start = first_page(places)
    start.write_text(
        LEADS_ON.format(page=(pages(places) / "index.html").relative_to(start.parent).as_posix()), encoding="utf-8"
    )


def _make_offline(page: Path) -> None:
    """Take out of a page what it would fetch from elsewhere."""
    if page.exists():
        text = OUTSIDE.sub("", page.read_text(encoding="utf-8"))
        page.write_text(text.replace("</head>", f"<style>{_text('data_docs.css')}</style></head>", 1), encoding="utf-8")


def _rows(places: Places, latest: DocsRow) -> list[DocsRow]:
    """Return the last validation of each part of each suite, and remember this one."""
    memory = places.docs / "validated.json"
    kept = [DocsRow(**row) for row in json.loads(memory.read_text(encoding="utf-8"))] if memory.exists() else []
    by_part = {(row.table, row.suite, row.part): row for row in (*kept, latest)}
    rows = [by_part[key] for key in sorted(by_part)]
    memory.write_text(json.dumps([asdict(row) for row in rows]), encoding="utf-8")
    return rows


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
