"""What the tests of made-up writing share: the fonts that matplotlib brings along, and a plain picture."""

from pathlib import Path

import matplotlib as mpl
import pytest

from xray_platform.training.writing.fonts import FontSet, find_fonts


@pytest.fixture(scope="session")
def fonts() -> FontSet:
    return FontSet(find_fonts([Path(mpl.get_data_path()) / "fonts" / "ttf"]))
