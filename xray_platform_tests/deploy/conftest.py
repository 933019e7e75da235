"""What the clusters' stories share: two deliveries, and what comes of them on one machine."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.tables.places import Places
from xray_platform_tests.deploy.deployment import command
from xray_platform_tests.deploy.story import TRAINED, deliver


@pytest.fixture(scope="session")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two folders of pictures, each with the list of labels that is due once it is there."""
    home, lists = tmp_path_factory.mktemp("delivery"), []
    for name, seed in (("first", 94), ("second", 95)):
        write_archive(home / "made", ArchiveSettings(pictures=24, side=128, seed=seed, broken=False), workers=1)
        table = pd.read_csv(home / "made" / "labels.csv")
        lists.append(table.assign(file=table["file"].str.replace("EXPORT", name, n=1)))
        (home / name).mkdir()
        (home / "made" / "EXPORT").rename(home / name / name)
        pd.concat(lists).to_csv(home / name / "labels.csv", index=False)
        shutil.rmtree(home / "made")
    return [home / "first", home / "second"]


@pytest.fixture(scope="session")
def local(deliveries: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Places:
    """The same deliveries on one machine, by the commands."""
    places = Places(tmp_path_factory.mktemp("local") / "store")
    for delivery in deliveries:
        deliver(delivery, places)
        command(places.root, {}, "ingest", places.inbox)
    command(places.root, {}, "run", "--select", f"+key:{','.join(TRAINED)},predictions,patches")
    return places
