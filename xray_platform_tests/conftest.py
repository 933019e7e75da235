"""What every room's tests share: where real pictures are, and calm numerical libraries."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
# A slow machine is no fault of what is tested.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")
# By chance, as a key must be; no test makes or uses the key of whoever runs it.
KEY = "4fe5852f5d6cb55b360aaed669bee8b04d23b9b6d07c240831cc5858cfcf8065"
os.environ.setdefault("XRAY_KEY", KEY)

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


# The tests of this folder share stores that take minutes to make.
SHARING = "xray_platform_tests/defs"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep together, where tests run in several processes, those of a file, and all that share a store."""
    from xdist.scheduler import LoadScopeScheduling  # only there where it calls this

    class ByStore(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return SHARING if nodeid.startswith(f"{SHARING}/") else nodeid.split("::", maxsplit=1)[0]

    return ByStore(config, log)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real pictures beside the checkout; a stranger's clone has none."""
    if not SHARED.is_dir():
        pytest.skip("no real pictures beside this checkout (../shared/data)")
    return SHARED
