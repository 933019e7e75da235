"""A user in front of the real user interfaces: looks at the graph, materialises an asset, browses the experiments."""

import time

import pytest
from playwright.sync_api import Page, expect

from xray_platform.defs.models import NAMES
from xray_platform_tests.defs.conftest import PATIENCE_MS, SECONDS, Interfaces

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_the_graph_shows_all_stages(interfaces: Interfaces, page: Page) -> None:
    page.goto(f"{interfaces.dagster}/asset-groups")
    for group in ("archive", "imaging", "detectors", "networks", "evaluation", "predictions"):
        expect(page.get_by_text(group, exact=True).first).to_be_visible(timeout=PATIENCE_MS)


def test_an_asset_shows_its_rows_columns_and_checks(interfaces: Interfaces, page: Page) -> None:
    page.goto(f"{interfaces.dagster}/assets/images")
    expect(page.get_by_text("Row count").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("pseudonym of the subject, keyed HMAC-SHA256").first).to_be_visible(timeout=PATIENCE_MS)
    page.goto(f"{interfaces.dagster}/assets/images?view=checks")
    expect(page.get_by_text("identity").first).to_be_visible(timeout=PATIENCE_MS)


def test_an_asset_is_materialised_by_a_click(interfaces: Interfaces, page: Page) -> None:
    before = len(interfaces.instance.get_runs())
    page.goto(f"{interfaces.dagster}/assets/labels")
    page.get_by_role("button", name="Materialize").first.click()
    expect(page.get_by_text("Launched run").first).to_be_visible(timeout=PATIENCE_MS)
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        runs = interfaces.instance.get_runs(limit=10)
        mine = [run for run in runs if run.asset_selection and "labels" in str(run.asset_selection)]
        if len(runs) > before and mine and mine[0].is_finished:
            break
        time.sleep(1)
    assert mine[0].is_success


def test_experiments_are_browsed_in_mlflow(interfaces: Interfaces, page: Page) -> None:
    page.goto(f"{interfaces.mlflow}/#/experiments/1?workflowType=machine_learning")
    for name in NAMES:
        expect(page.get_by_text(name, exact=True).first).to_be_visible(timeout=PATIENCE_MS)
    page.goto(f"{interfaces.mlflow}/#/models/xray-champion")
    expect(page.get_by_text("champion").first).to_be_visible(timeout=PATIENCE_MS)
