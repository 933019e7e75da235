"""Chests to train on: phantoms, small and with dense tissue bright."""

from collections.abc import Sequence

import pytest

from xray_platform.dicom.pixels.thumbnail import Thumbnail
from xray_platform_tests.dicom.anatomy.conftest import chest


@pytest.fixture(scope="package")
def chests() -> Sequence[Thumbnail]:
    return [chest(seed) for seed in range(60)]
