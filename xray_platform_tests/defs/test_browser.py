"""A user in front of the real user interfaces: looks at the graph, materialises an asset, browses the experiments."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import dagster as dg
import pytest
from playwright.sync_api import Page, expect

from xray_platform.defs.models_in_use import BY_DEFAULT
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


def test_experiments_are_browsed_in_mlflow(interfaces: Interfaces, page: Page) -> None:
    """From the printed address to a run's description, and to its charts, which stand in groups."""
    page.goto(interfaces.runs)
    expect(page.get_by_text("Research software, not a medical device.").first).to_be_visible(timeout=PATIENCE_MS)
    for name in BY_DEFAULT:
        expect(page.get_by_text(re.compile(rf"^{name}-10-phantoms-")).first).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_text(re.compile("^attention_cnn-10-phantoms-")).first.click()
    expect(page.get_by_text("attention_cnn, a network.").first).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("tab", name="Model metrics").click()
    groups = page.get_by_text(re.compile(r"^epoch\s*\(\d+\)$"))
    expect(groups.first).to_be_visible(timeout=PATIENCE_MS)


def test_the_champion_and_its_challenger_are_found_in_mlflow(interfaces: Interfaces, page: Page) -> None:
    page.goto(f"{interfaces.mlflow}/#/models/xray-champion")
    for alias in ("@ champion", "@ challenger"):
        expect(page.get_by_text(alias).first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("The model in use:").first).to_be_visible(timeout=PATIENCE_MS)
    page.goto(f"{interfaces.mlflow}/#/models/xray-champion/versions/1")
    expect(page.get_by_text("Intended use:").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("promoted_why").first).to_be_visible(timeout=PATIENCE_MS)


def test_figures_are_plotted_over_materialisations(interfaces: Interfaces, page: Page) -> None:
    page.goto(f"{interfaces.dagster}/assets/pca_residual_scores")
    page.get_by_text("Plots", exact=True).first.click()
    for figure in ("auroc", "sensitivity", "seconds", "pictures"):
        expect(page.get_by_text(figure, exact=True).first).to_be_visible(timeout=PATIENCE_MS)


def test_one_check_is_executed_alone_by_a_click(interfaces: Interfaces, page: Page) -> None:
    before = len(interfaces.instance.get_runs())
    page.goto(f"{interfaces.dagster}/assets/champion?view=checks&checkDetail=no_regression")
    page.get_by_role("button", name="Execute").last.click()
    finished = wait_for_run(interfaces, before, "champion")
    assert finished.is_success
    assert {key.name for key in finished.asset_check_selection or ()} == {"no_regression"}


def test_an_asset_is_materialised_by_a_click(interfaces: Interfaces, page: Page) -> None:
    """Late: the daemon makes anew what follows, and other tests want the store as it was."""
    before = len(interfaces.instance.get_runs())
    page.goto(f"{interfaces.dagster}/assets/labels")
    page.get_by_role("button", name="Materialize").first.click()
    expect(page.get_by_text("Launched run").first).to_be_visible(timeout=PATIENCE_MS)
    assert wait_for_run(interfaces, before, "labels").is_success


def test_links_of_the_page_open_the_report_and_the_data_docs(interfaces: Interfaces, page: Page) -> None:
    page.goto(f"{interfaces.dagster}/assets/pca_residual_report")
    with page.expect_popup() as opened:
        page.locator('a[href^="/store/reports/pca_residual/"]').first.click()
    expect(opened.value.get_by_text("pca_residual").first).to_be_visible(timeout=PATIENCE_MS)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{interfaces.dagster}/store/docs/")
    expect(page.get_by_text("✓ passed").first).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("link", name="identity").first.click()
    expect(page.get_by_text("Evaluated Expectations").first).to_be_visible(timeout=PATIENCE_MS)
    assert len(asked) > 1
    assert [url for url in asked if not url.startswith((interfaces.dagster, "data:"))] == []


def test_runs_of_the_command_stand_under_their_jobs(interfaces: Interfaces, page: Page) -> None:
    page.goto(f"{interfaces.dagster}/runs")
    for job in ("intake", "cohort", "monitor", "retrain"):
        expect(page.get_by_role("link", name=job, exact=True).first).to_be_visible(timeout=PATIENCE_MS)
    page.goto(f"{interfaces.dagster}/locations/xray_platform/jobs/cohort/runs")
    expect(page.get_by_text("Success").first).to_be_visible(timeout=PATIENCE_MS)


def test_a_run_of_the_command_is_executed_again(interfaces: Interfaces) -> None:
    (parent,) = (run for run in interfaces.instance.get_runs() if run.job_name == "cohort")
    answer = asked(
        interfaces,
        """mutation($run: String!) { launchRunReexecution(reexecutionParams: {parentRunId: $run, strategy: ALL_STEPS})
        { ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }""",
        run=parent.run_id,
    )
    again = answer["launchRunReexecution"]["run"]["runId"]
    assert finished(interfaces, again).is_success


def test_a_setting_out_of_its_range_starts_no_run(interfaces: Interfaces) -> None:
    before = len(interfaces.instance.get_runs())
    said = launched(interfaces, "quality", {"max_depth": 0}, batch="batch-0001")
    assert "found 0; allowed: 1 to 64" in str(said)
    assert len(interfaces.instance.get_runs()) == before


def test_a_partition_typed_in_by_hand_is_harmless(interfaces: Interfaces) -> None:
    interfaces.instance.add_dynamic_partitions("batch", ["typed by hand"])
    said = launched(interfaces, "raw_archive", {}, batch="typed by hand")
    run = finished(interfaces, said["run"]["runId"])
    assert not run.is_success
    deadline = time.monotonic() + SECONDS
    record = interfaces.places.failures / f"{run.run_id}.md"
    while not record.exists() and time.monotonic() < deadline:
        time.sleep(1)
    assert "`raw_archive`: there is no batch typed by hand; there are batch-0001" in record.read_text()
    status = subprocess.run(
        [str(Path(sys.executable).parent / "xray"), "--root", str(interfaces.places.root), "status"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "typed by hand" not in status.stdout + status.stderr


def asked(interfaces: Interfaces, query: str, **variables: object) -> Any:
    """Return what the Dagster UI's own address answers to a query."""
    data = json.dumps({"query": query, "variables": variables}).encode()
    request = Request(f"{interfaces.dagster}/graphql", data, {"content-type": "application/json"})  # noqa: S310 - ours
    try:
        with urlopen(request, timeout=PATIENCE_MS / 1000) as answer:  # noqa: S310 - see above
            return json.load(answer)["data"]
    except HTTPError as error:  # Dagster's way to say that an answer is an error; the page shows what it says
        return json.load(error)["data"]


def launched(
    interfaces: Interfaces,
    asset: str | None,
    settings: dict[str, object],
    *,
    batch: str | None = None,
    checks: Sequence[tuple[str, str]] = (),
) -> Any:
    """Launch an asset, or checks alone, as the launchpad does, and return what the page would show."""
    answer = asked(
        interfaces,
        """mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) { __typename
        ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
        ... on RunConfigValidationInvalid { errors { message } } } }""",
        params={
            "selector": {
                "repositoryName": "__repository__",
                "repositoryLocationName": "xray_platform",
                "pipelineName": "__ASSET_JOB",
                "assetSelection": [{"path": [asset]}] if asset else [],
                "assetCheckSelection": [{"assetKey": {"path": [on]}, "name": name} for on, name in checks],
            },
            "runConfigData": {"ops": {asset: {"config": settings}}} if settings else {},
            "executionMetadata": {"tags": [{"key": "dagster/partition", "value": batch}] if batch else []},
        },
    )
    return answer["launchPipelineExecution"]


def finished(interfaces: Interfaces, run_id: str) -> dg.DagsterRun:
    """Wait for the end of a run."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        run = interfaces.instance.get_run_by_id(run_id)
        if run is not None and run.is_finished:
            return run
        time.sleep(0.5)
    raise AssertionError(f"run {run_id} did not end within {SECONDS} s")


def wait_for_run(interfaces: Interfaces, before: int, asset: str) -> dg.DagsterRun:
    """Return the new run of an asset or of its checks, once it has ended."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        runs = interfaces.instance.get_runs()
        mine = [run for run in runs if asset in f"{run.asset_selection}{run.asset_check_selection}"]
        if len(runs) > before and mine and mine[0].is_finished:
            return mine[0]
        time.sleep(1)
    return pytest.fail(f"no run of {asset} ended within {SECONDS} s")
