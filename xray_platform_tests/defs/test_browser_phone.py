"""A user with a phone, 390 pixels wide, in front of the pages of Dagster and MLflow: what we write there is reached.

The pages are others': their side panels are closed first, as whoever holds a phone does.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from xray_platform.defs.models_in_use import BY_DEFAULT
from xray_platform_tests.browsing import CALM
from xray_platform_tests.defs.conftest import PATIENCE_MS, Interfaces

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
WIDTH, HEIGHT = 390, 844


@pytest.fixture
def phone(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CALM)
        context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, is_mobile=True, has_touch=True)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        yield page
        browser.close()


def test_the_asset_graph_names_all_groups(interfaces: Interfaces, phone: Page) -> None:
    phone.goto(f"{interfaces.dagster}/asset-groups")
    hide_navigation(phone)
    for group in ("archive", "imaging", "detectors", "networks", "evaluation", "predictions"):
        assert_whole(phone.get_by_text(group, exact=True).first)


def test_a_materialisation_shows_its_figures_and_opens_its_report(interfaces: Interfaces, phone: Page) -> None:
    phone.goto(f"{interfaces.dagster}/assets/pca_residual_report?view=events")
    hide_navigation(phone)
    for figure in ("auroc", "sensitivity", "cautions", "open the report"):
        assert_whole(phone.get_by_text(figure, exact=True).last)
    link = phone.locator('a[href^="/store/reports/pca_residual/"]').last
    link.scroll_into_view_if_needed()
    with phone.expect_popup() as opened:
        link.click()
    report = opened.value
    expect(report.get_by_text("pca_residual").first).to_be_visible(timeout=PATIENCE_MS)
    assert report.evaluate("document.documentElement.scrollWidth") <= WIDTH


def test_a_run_of_dagster_says_whose_it_is_and_how_it_ended(interfaces: Interfaces, phone: Page) -> None:
    (run,) = (run for run in interfaces.instance.get_runs() if run.job_name == "cohort" and run.parent_run_id is None)
    phone.goto(f"{interfaces.dagster}/runs/{run.run_id}")
    hide_navigation(phone)
    assert_whole(phone.get_by_role("link", name="cohort", exact=True).first)
    assert_whole(phone.get_by_text("Success", exact=True).first)


def test_the_experiment_names_its_runs_and_a_run_shows_its_figures(interfaces: Interfaces, phone: Page) -> None:
    phone.goto(interfaces.runs)
    expect(phone.get_by_text(re.compile(f"^{BY_DEFAULT[0]}-")).first).to_be_attached(timeout=PATIENCE_MS)
    close_panels(phone)
    for name in BY_DEFAULT:
        assert_whole(phone.get_by_text(re.compile(f"^{name}-10-phantoms-")).first)
    phone.get_by_text(re.compile("^attention_cnn-10-phantoms-")).first.click()
    assert_whole(phone.get_by_text("attention_cnn, a network.").first)
    figure = phone.get_by_role("row").filter(has=phone.get_by_text("test/auroc", exact=True)).first
    assert_whole(figure.get_by_text("test/auroc", exact=True))
    expect(figure.get_by_text(re.compile(r"^[01](\.\d+)?"))).to_be_visible()
    threshold = phone.get_by_role("row").filter(has=phone.get_by_text("threshold/verdict", exact=True)).first
    assert_whole(threshold.get_by_text("threshold/verdict", exact=True))


def hide_navigation(phone: Page) -> None:
    """Close Dagster's own menu, which takes more than half of the width."""
    phone.get_by_text("Hide navigation").click()


def close_panels(phone: Page) -> None:
    """Close MLflow's menu, and its chat where it is open."""
    chat = phone.get_by_role("button", name="Close", exact=True)
    if chat.count():
        chat.last.click()
    phone.get_by_role("button", name="Toggle sidebar").click()


def assert_whole(found: Locator) -> None:
    """Scroll to something and see that it is shown, and that no part of it lies beyond the sides of the screen."""
    expect(found).to_be_attached(timeout=PATIENCE_MS)
    found.scroll_into_view_if_needed()
    expect(found).to_be_visible(timeout=PATIENCE_MS)
    box = found.bounding_box()
    assert box is not None
    assert box["x"] >= 0, box
    assert box["x"] + box["width"] <= WIDTH, box
