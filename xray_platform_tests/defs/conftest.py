"""A small store of ten phantoms, taken from archive to report once for all tests of the roof."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from xray_platform.defs.graph import definitions
from xray_platform.defs.headless import Headless, Outcome
from xray_platform.dicom.plan import plan_batches
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.tables.places import Places
from xray_platform_tests.conftest import KEY

QUICK = {"attention_cnn": {"epochs": 2, "threads": 1}}


@dataclass(frozen=True)
class Story:
    """A store after its first run, and what that run said."""

    store: Headless
    archive: Path
    outcomes: tuple[Outcome, ...]
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
        store = Headless(places, definitions())
        heard: list[str] = []
        outcomes = tuple(store.run(list(store.graph.specs), lambda entry: heard.append(entry.message), config=QUICK))
        yield Story(store, archive, outcomes, tuple(heard))
        store.close()
