"""A small store of ten phantoms, taken from archive to report once for all tests of the roof; and a copy, served."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from playwright.sync_api import Page, sync_playwright

from xray_platform.defs.graph import definitions
from xray_platform.defs.instance import open_instance
from xray_platform.defs.launchpad import QUICK_SETTINGS
from xray_platform.defs.local_runner import LocalRunner, RunOutcome
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.ports import free_port
from xray_platform.tables.places import Places
from xray_platform_tests.browsing import CALM
from xray_platform_tests.conftest import KEY

SECONDS = 180
PATIENCE_MS = 90_000


@dataclass(frozen=True)
class Story:
    """A store after its first run, and what that run said."""

    store: LocalRunner
    archive: Path
    outcomes: tuple[RunOutcome, ...]
    heard: tuple[str, ...]

    @property
    def places(self) -> Places:
        return self.store.places


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    home = tmp_path_factory.mktemp("story")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_KEY", KEY)  # the same pseudonyms, and so the same splits, at each run
        patch.setenv("XRAY_ROOT", str(home / "store"))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        places = Places(home / "store")
        archive = home / "archive"
        write_archive(archive, ArchiveSettings(pictures=10, side=256, seed=94), workers=1)
        plan_batches(places, archive, origin="phantom")
        store = LocalRunner(places, definitions())
        heard: list[str] = []
        everything = store.select([], None)
        outcomes = tuple(store.run(everything, lambda entry: heard.append(entry.message), config=QUICK_SETTINGS))
        yield Story(store, archive, outcomes, tuple(heard))
        store.close()


@dataclass(frozen=True)
class Interfaces:
    """Both addresses, that of all runs as it is printed, the command that serves them, and their store.

    The store is a copy of the story's.
    """

    dagster: str
    mlflow: str
    runs: str
    process: "subprocess.Popen[str]"
    places: Places
    instance: dg.DagsterInstance


@pytest.fixture(scope="session")
def interfaces(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interfaces]:
    root = tmp_path_factory.mktemp("served") / "store"
    shutil.copytree(story.places.root, root)
    with served(root) as made:
        yield made


@contextmanager
def served(root: Path) -> Iterator[Interfaces]:
    """Serve a store as a user does it, with `xray ui`, and end that afterwards."""
    dagster, mlflow = free_port(), free_port()
    command = [str(Path(sys.executable).parent / "xray"), "--root", str(root), "ui"]
    command += ["--dagster-port", str(dagster), "--mlflow-port", str(mlflow)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        instance = open_instance(Places(root))
        try:
            assert f"http://127.0.0.1:{dagster}" in lines[0]
            assert f"http://127.0.0.1:{mlflow}" in lines[1]
            addresses = f"http://127.0.0.1:{dagster}", f"http://127.0.0.1:{mlflow}"
            yield Interfaces(*addresses, lines[1].split()[-1], process, Places(root), instance)
        finally:
            instance.dispose()
            process.send_signal(signal.SIGINT)
            process.wait(60)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine")
    return found


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CALM)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(PATIENCE_MS)
        yield page
        browser.close()
