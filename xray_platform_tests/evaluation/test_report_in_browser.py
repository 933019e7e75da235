"""Report in a browser: it fits a phone, follows light and dark, loads every picture and fetches nothing."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from xray_platform.evaluation.figure_style import DARK, LIGHT
from xray_platform.evaluation.report import write_report
from xray_platform_tests.evaluation.test_report import whole

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(tmp_path_factory.mktemp("report"), whole()).as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # slow, and only these tests need it

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield opened
        opened.close()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_is_whole(browser: Any, address: str, width: int, scheme: Literal["light", "dark"]) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    complaints: list[str] = []
    fetched: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(address, wait_until="load")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.images].filter(image => !image.naturalWidth).length") == 0
    assert page.evaluate("document.images.length") > 10
    assert complaints == []
    assert [one for one in fetched if not one.startswith("data:")] == [address]
    page.close()


def test_figures_have_the_paper_of_the_page(browser: Any, address: str) -> None:
    shown = {}
    for theme in (LIGHT, DARK):
        page = browser.new_page(color_scheme=theme.name)
        page.goto(address, wait_until="load")
        shown[theme.name] = page.evaluate("document.querySelector('picture img').currentSrc")
        card = page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
        assert card == "rgb({}, {}, {})".format(*(int(theme.paper[place : place + 2], 16) for place in (1, 3, 5)))
        page.close()
    assert shown["light"] != shown["dark"]


def test_the_list_of_pictures_opens_without_a_script(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address, wait_until="load")
    row = page.locator(".listing tbody tr").last
    assert not row.is_visible()
    page.get_by_text("Every test picture").click()
    assert row.is_visible()
    context.close()
