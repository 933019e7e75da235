"""What the tests of this room share: a store, and no deadline for examples, for the machine may be busy."""

from pathlib import Path

import pytest
from hypothesis import settings

from xray_platform.tables.places import Places

settings.register_profile("calm", deadline=None)
settings.load_profile("calm")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Where the parts of a store that is not yet there will be."""
    return Places(tmp_path / "store")
