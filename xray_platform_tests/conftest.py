"""What every room's tests share: where real pictures are, and calm numerical libraries."""

import os
from pathlib import Path

import pytest

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
# By chance, as a key must be; no test makes or uses the key of whoever runs it.
KEY = "4fe5852f5d6cb55b360aaed669bee8b04d23b9b6d07c240831cc5858cfcf8065"
os.environ.setdefault("XRAY_KEY", KEY)

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


# What is made once for many files; their tests run in one process, in their order.
SHARED_STORES = {"story", "interfaces"}


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests stay together where they run in several processes: those of a file, or of a store they share."""
    for item in items:
        shares = SHARED_STORES & set(getattr(item, "fixturenames", ()))
        item.add_marker(pytest.mark.xdist_group("store" if shares else item.nodeid.split("::")[0]))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real pictures beside the checkout; a stranger's clone has none."""
    if not SHARED.is_dir():
        pytest.skip("no real pictures beside this checkout (../shared/data)")
    return SHARED
