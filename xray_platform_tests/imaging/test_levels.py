"""Levels: a 12-bit picture keeps its grey levels all the way from a DICOM file to the tensor."""

import numpy as np
import pytest

from xray_platform.dicom.pixels.standard_image import read_picture
from xray_platform.imaging.recipe import default_recipe
from xray_platform.imaging.recipes import named_recipe
from xray_platform.phantoms.dicom_file import dicom_bytes
from xray_platform.phantoms.identity import Identity, sample_identity, sample_patient
from xray_platform.phantoms.phantom import Phantom
from xray_platform.phantoms.sample import sample_phantom
from xray_platform.phantoms.style import Photometric, Style

SIDE = 160


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    """A picture in which all 4096 levels occur, none of them often."""
    levels = np.random.default_rng(0).permutation(np.arange(SIDE**2) % 4096).astype(np.uint16)
    return Phantom(levels.reshape(SIDE, SIDE), "normal", (), 0.2)


@pytest.fixture(scope="module")
def identity() -> Identity:
    rng = np.random.default_rng(2)
    return sample_identity(rng, sample_patient(rng, sample_phantom(rng).subject), "PA")


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("side", [SIDE, SIDE // 2])
def test_more_than_4000_levels_arrive(
    phantom: Phantom, identity: Identity, photometric: Photometric, side: int
) -> None:
    picture = read_picture(dicom_bytes(phantom, identity, Style(photometric=photometric)))
    prepared = default_recipe(side).apply(picture.pixels, (picture.window_low, picture.window_high))
    assert len(np.unique(prepared)) > 4000
    assert prepared.dtype == np.uint16


def test_eight_bits_would_leave_256(phantom: Phantom) -> None:
    assert len(np.unique(named_recipe("eight_bits", SIDE).apply(phantom.pixels))) == 256
