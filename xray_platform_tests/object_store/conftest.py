"""What the tests of object storage share: one storage, a bucket for each test, machines with caches of their own."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from xray_platform.object_store.working_copy import WorkingCopy
from xray_platform_tests.object_store.s3 import Storage, storage

Machine = Callable[[str], WorkingCopy]
_NUMBERS = count()


@pytest.fixture(scope="session")
def s3() -> Iterator[Storage]:
    with storage() as running:
        yield running


@pytest.fixture
def url(s3: Storage, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a store in a bucket of this test's own."""
    for name, value in s3.variables.items():
        monkeypatch.setenv(name, value)
    return s3.make_bucket(f"archive-{next(_NUMBERS)}")


@pytest.fixture
def machine(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Gives the working copy of a machine, which is a cache folder of its own."""

    def named(name: str) -> WorkingCopy:
        monkeypatch.setenv("XRAY_CACHE", str(tmp_path / name))
        return WorkingCopy.open(url)

    return named
