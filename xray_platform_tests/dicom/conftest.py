"""What the tests of this room share: a store."""

from pathlib import Path

import pytest

from xray_platform.tables.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Where the parts of a store that is not yet there will be."""
    return Places(tmp_path / "store")
