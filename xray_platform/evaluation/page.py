"""Page: turns templates into self-contained, escaped HTML; no script, no network."""

import base64
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from xray_platform.evaluation import wording
from xray_platform.evaluation.figure_style import DARK, LIGHT, PAGE, PHONE, Layout, Theme

LOOKS: dict[str, tuple[Theme, Layout]] = {
    "light": (LIGHT, PAGE),
    "dark": (DARK, PAGE),
    "light_phone": (LIGHT, PHONE),
    "dark_phone": (DARK, PHONE),
}
TEMPLATES = Path(__file__).parent / "templates"
NOTICE = (
    "Research software, not a medical device. It has not been cleared or approved for clinical use by any authority; "
    "no decision about a patient may rest on it."
)


def render(template: str, **values: Any) -> str:
    """Return a template filled with values; every value is escaped."""
    return _environment().get_template(template).render(notice=NOTICE, **values)


def by_look(draw: Callable[[Theme, Layout], bytes]) -> dict[str, str]:
    """Return a figure in every look of the page, as data URIs by its name."""
    return {look: png_uri(draw(theme, layout)) for look, (theme, layout) in LOOKS.items()}


def png_uri(picture: bytes) -> str:
    """Return a PNG as a data URI."""
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def jpeg_uri(picture: bytes) -> str:
    """Return a JPEG as a data URI."""
    return "data:image/jpeg;base64," + base64.b64encode(picture).decode()


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        number=wording.number,
        figure=wording.figure,
        interval=wording.interval,
        percent=wording.percent,
        count=wording.count,
        chance=wording.chance,
    )
    made.globals["style"] = Markup((TEMPLATES / "page.css").read_text())  # noqa: S704 - our own file, not input
    return made
