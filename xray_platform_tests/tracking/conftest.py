"""One embedded store for the tests of this room: setting one up takes seconds."""

import shutil
from pathlib import Path

import pytest

from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import Tracking, open_tracking
from xray_platform_tests.tracking.champions import evaluated


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "XRAY_MLFLOW_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Tracking:
    """An embedded store; its folder has a blank in its name, as folders have."""
    places = Places(tmp_path_factory.mktemp("a store") / "root")
    return open_tracking(places, uri=f"sqlite:///{places.mlruns / 'mlflow.db'}")


@pytest.fixture
def places(tracking: Tracking) -> Places:
    """Where that store lies."""
    assert tracking.artifacts is not None
    return Places(tracking.artifacts.parents[1])


@pytest.fixture
def elsewhere(tmp_path: Path) -> Places:
    """A root without a store."""
    return Places(tmp_path / "elsewhere")


@pytest.fixture(scope="session")
def runs(tracking: Tracking, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Two runs of the same model with other weights."""
    folder = tmp_path_factory.mktemp("bundles")
    return evaluated(tracking, folder / "one", 0), evaluated(tracking, folder / "two", 1)


@pytest.fixture
def copy(tracking: Tracking, runs: tuple[str, str], places: Places, elsewhere: Places) -> Tracking:
    """A copy of the store with its two runs, where nothing is registered yet."""
    shutil.copytree(places.root, elsewhere.root)
    return open_tracking(elsewhere)
