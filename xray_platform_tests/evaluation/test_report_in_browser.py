"""Report in a browser: it fits a phone, follows light and dark, loads every picture and fetches nothing."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from xray_platform.evaluation.curves import curves_of
from xray_platform.evaluation.figure_style import DARK, LIGHT
from xray_platform.evaluation.leaderboard import Entry, leaderboard
from xray_platform.evaluation.leaderboard_page import write_leaderboard
from xray_platform.evaluation.paired_models import pair_models
from xray_platform.evaluation.report import write_report
from xray_platform_tests.browsing import CALM
from xray_platform_tests.evaluation.invented import evaluation
from xray_platform_tests.evaluation.test_report import whole

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(tmp_path_factory.mktemp("report"), whole()).as_uri()


@pytest.fixture(scope="module")
def pages(address: str, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The report, and a leaderboard of three models."""
    models = [evaluation(200, model=name) for name in ("first_one", "second_one", "a_third_with_a_long_name")]
    board = leaderboard([Entry(model, "detector", "0" * 32, f"{model.model}/run/report.html") for model in models])
    curves = {model.model: curves_of(model) for model in models}
    pairs = pair_models(models, "first_one")
    folder = tmp_path_factory.mktemp("board")
    return [address, write_leaderboard(folder, board, curves, champion="first_one", pairs=pairs).as_uri()]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # slow, and only these tests need it

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=str(CHROMIUM), args=CALM)
        yield opened
        opened.close()


@pytest.mark.parametrize("width", [360, 390, 1280])
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


LETTERS = """[...document.querySelectorAll("picture img")].map(
  image => 8.5 * 160 / 72 * image.clientWidth / image.naturalWidth)"""  # 8.5 point at 160 dots an inch, in CSS pixels
CUT = """[...document.querySelectorAll(".scroll")].filter(
  box => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1).map(box => {
    const hint = box.previousElementSibling;
    return hint && hint.matches(".swipe") && hint.checkVisibility() ? "hint" : box.innerText.slice(0, 60)})"""
MISTAKES = """[...document.querySelectorAll("#mistakes .pair img")].map(image => image.clientWidth)"""


@pytest.mark.parametrize("width", [390, 1280])
def test_letters_of_figures_can_be_read_and_no_table_is_cut_without_a_word(
    browser: Any, pages: list[str], width: int
) -> None:
    for address in pages:
        page = browser.new_page(viewport={"width": width, "height": 844})
        page.goto(address, wait_until="load")
        letters = page.evaluate(LETTERS)
        assert letters
        assert min(letters) > 10
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        cut = page.evaluate(CUT)
        assert set(cut) <= ({"hint"} if width == 390 else set())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()


@pytest.mark.parametrize(("width", "least"), [(390, 300), (1280, 240)])
def test_the_worst_mistakes_are_large_and_captioned(browser: Any, address: str, width: int, least: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.goto(address, wait_until="load")
    assert min(page.evaluate(MISTAKES)) >= least
    captions = page.locator("#mistakes figcaption p").all_inner_texts()
    assert len(captions) > 3
    assert all("pneumothorax" in caption and "the threshold." in caption for caption in captions)
    assert set(page.locator("#gallery figcaption p").all_inner_texts()) == {"pneumothorax"}
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
