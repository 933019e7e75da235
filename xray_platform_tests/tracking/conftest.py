"""One embedded store for the tests of this room: setting one up takes seconds."""

from pathlib import Path

import pytest

from xray_platform.tables.places import Places
from xray_platform.tracking.experiments import Tracking, open_tracking


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
