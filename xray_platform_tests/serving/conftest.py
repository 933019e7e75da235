"""A predictor and a small archive of made-up chests for the tests of this room."""

from pathlib import Path

import pytest

from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.serving.predict import Predictor
from xray_platform_tests.serving.bundles import small_bundle


@pytest.fixture(scope="session")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """A predictor with a network that has learnt nothing."""
    return Predictor.load(small_bundle(tmp_path_factory.mktemp("bundle") / "bundle").folder, threads=1)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six sound phantoms and one of each fault."""
    settings = ArchiveSettings(pictures=6, side=192)
    return write_archive(tmp_path_factory.mktemp("archive") / "archive", settings).folder


@pytest.fixture(scope="session")
def sound(archive: Path) -> list[Path]:
    """The sound ones, in order."""
    listed = (archive / "labels.csv").read_text().splitlines()[1:]
    return sorted(archive / line.split(",")[0] for line in listed)
