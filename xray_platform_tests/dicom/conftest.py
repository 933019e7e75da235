"""What the tests of this room share: a store, and a folder of files to take in."""

from pathlib import Path

import pytest

from xray_platform.tables.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Where the parts of a store that is not yet there will be."""
    return Places(tmp_path / "store")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder of four files of different bytes, which nobody decodes."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.dcm").write_bytes(b"picture %d" % number)
    return folder
