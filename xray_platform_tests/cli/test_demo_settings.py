"""The demo's settings: the quick ones of each model, as the launchpad takes them; they go if nobody changed them."""

from pathlib import Path

import pytest
import yaml

from xray_platform.cli.demo_settings import remove_demo_settings, write_demo_settings
from xray_platform.defs.graph import settings_classes
from xray_platform.defs.launchpad import QUICK_SETTINGS
from xray_platform.defs.models_in_use import ON_REQUEST
from xray_platform.tables.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "store")


def test_what_is_written_is_what_is_called_quick(places: Places) -> None:
    write_demo_settings(places)
    written = yaml.safe_load(places.settings.read_text())
    assert written == {
        name: dict(quick) for name, quick in QUICK_SETTINGS.items() if name.removesuffix("_scores") not in ON_REQUEST
    }
    for name, values in written.items():
        taken = settings_classes()[name].model_validate(values)
        assert {field: getattr(taken, field) for field in values} == values


def test_they_give_way_unless_somebody_changed_them(places: Places) -> None:
    write_demo_settings(places)
    changed = places.settings.read_text().replace("epochs: 16", "epochs: 3")
    assert remove_demo_settings(places)
    assert not places.settings.exists()
    assert not remove_demo_settings(places)
    for own in (changed, "quality: {tiny_side: 50}\n"):
        places.settings.write_text(own)
        assert not remove_demo_settings(places)
        assert places.settings.read_text() == own
        write_demo_settings(places)
        assert places.settings.read_text() == own
