"""A user in front of the real user interfaces: looks at the graph, materialises an asset, browses the experiments."""

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from xray_platform.defs.models import NAMES
from xray_platform_tests.defs.conftest import Story

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CALM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROOT = Path(__file__).resolve().parents[2]
SECONDS = 180
PATIENCE_MS = 90_000


@dataclass(frozen=True)
class Interfaces:
    """Both addresses, that of all runs as it is printed, and the command that serves them."""

    dagster: str
    mlflow: str
    runs: str
    process: "subprocess.Popen[str]"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine")
    return found


@pytest.fixture(scope="module")
def interfaces(story: Story, chromium: str) -> Iterator[Interfaces]:
    shutil.copy(ROOT / "dagster.yaml", story.places.root)  # as in a checkout, with paths relative to the root
    dagster, mlflow = free_port(), free_port()
    command = [str(Path(sys.executable).parent / "xray"), "--root", str(story.places.root), "ui"]
    command += ["--dagster-port", str(dagster), "--mlflow-port", str(mlflow)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        try:
            assert f"http://127.0.0.1:{dagster}" in lines[0]
            assert f"http://127.0.0.1:{mlflow}/#/experiments/" in lines[1]
            runs = lines[1].split()[-1]
            yield Interfaces(lines[0].split()[-1], runs.partition("/#")[0], runs, process)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CALM)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(PATIENCE_MS)
        yield page
        browser.close()


def test_the_graph_shows_all_stages(interfaces: Interfaces, page: Page) -> None:
    page.goto(f"{interfaces.dagster}/asset-groups")
    for group in ("archive", "imaging", "detectors", "networks", "evaluation"):
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
    for name in NAMES:
        expect(page.get_by_text(re.compile(rf"^{name}-10-phantoms-")).first).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_text(re.compile("^attention_cnn-10-phantoms-")).first.click()
    expect(page.get_by_text("attention_cnn, a network.").first).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("tab", name="Model metrics").click()
    groups = page.get_by_text(re.compile(r"^epoch\s*\(5\)$"))
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


def test_one_check_is_executed_alone_by_a_click(interfaces: Interfaces, page: Page, story: Story) -> None:
    before = len(story.store.instance.get_runs())
    page.goto(f"{interfaces.dagster}/assets/champion?view=checks&checkDetail=no_regression")
    page.get_by_role("button", name="Execute").last.click()
    finished = wait_for_run(story, before, "champion")
    assert finished.is_success
    assert {key.name for key in finished.asset_check_selection or ()} == {"no_regression"}


def test_an_asset_is_materialised_by_a_click(interfaces: Interfaces, page: Page, story: Story) -> None:
    """Late: the daemon makes anew what follows, and other tests want the store as it was."""
    before = len(story.store.instance.get_runs())
    page.goto(f"{interfaces.dagster}/assets/labels")
    page.get_by_role("button", name="Materialize").first.click()
    expect(page.get_by_text("Launched run").first).to_be_visible(timeout=PATIENCE_MS)
    assert wait_for_run(story, before, "labels").is_success


def test_one_signal_ends_all_of_it(interfaces: Interfaces) -> None:
    """Last: afterwards nothing answers, and nothing is left."""
    interfaces.process.send_signal(signal.SIGINT)
    assert interfaces.process.wait(90) == 0
    for address in (interfaces.dagster, interfaces.mlflow):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(address.rsplit(":", 1)[1]))) != 0
    left = [line for line in processes() if f"--port\0{interfaces.mlflow.rsplit(':', 1)[1]}" in line]
    assert left == []


def wait_for_run(story: Story, before: int, asset: str) -> dg.DagsterRun:
    """Return the new run of an asset or of its checks, once it has ended."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        runs = story.store.instance.get_runs()
        mine = [run for run in runs if asset in f"{run.asset_selection}{run.asset_check_selection}"]
        if len(runs) > before and mine and mine[0].is_finished:
            return mine[0]
        time.sleep(1)
    return pytest.fail(f"no run of {asset} ended within {SECONDS} s")


def processes() -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            found.append((entry / "cmdline").read_text())
        except OSError:
            continue
    return found
