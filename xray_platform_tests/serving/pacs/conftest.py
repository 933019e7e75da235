"""Phantoms to send, and one receiver for the tests that do it no harm."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.ports import HOST, free_port
from xray_platform_tests.serving.pacs.devices import SENDER, Running, receiving


@pytest.fixture(scope="package")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of made-up radiographs in several transfer syntaxes, with patients' names."""
    folder = tmp_path_factory.mktemp("archive") / "archive"
    write_archive(folder, ArchiveSettings(pictures=10, side=400, broken=False))
    return folder


@pytest.fixture(scope="package")
def files(archive: Path) -> list[Path]:
    return sorted(archive.rglob("*.dcm"))


@pytest.fixture(scope="package")
def own_port() -> int:
    """Where the device that sends listens itself."""
    return free_port()


@pytest.fixture(scope="package")
def receiver(tmp_path_factory: pytest.TempPathFactory, own_port: int) -> Iterator[Running]:
    senders = {SENDER: f"{HOST}:{own_port}", "ELSEWHERE": "10.9.8.7"}
    with receiving(
        tmp_path_factory.mktemp("receiver"), senders=senders, associations=3, max_object_mib=1, network_seconds=3
    ) as running:
        yield running
