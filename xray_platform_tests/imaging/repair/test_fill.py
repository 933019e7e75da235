import numpy as np
import pytest
from numpy.typing import NDArray

from xray_platform.imaging.repair.fill import FillMethod, fill
from xray_platform_tests.imaging.repair.chest import chest, error

METHODS = ("mirror", "membrane", "navier_stokes", "telea")


def hole(shape: tuple[int, int] = (160, 160), x: int = 112, y: int = 60, radius: int = 11) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return np.asarray((rows - y) ** 2 + (columns - x) ** 2 <= radius**2)


@pytest.mark.parametrize("method", METHODS)
def test_only_the_hole_changes_and_comes_near_the_truth(method: FillMethod) -> None:
    truth = chest().astype(np.float32)
    missing = hole()
    broken = np.where(missing, 0, truth).astype(np.float32)
    filled = fill(broken, missing, method)
    assert np.array_equal(filled[~missing], truth[~missing])
    assert error(filled[missing], truth[missing]) < 0.35 * error(broken[missing], truth[missing])
    assert 0 <= filled.min() <= filled.max() <= 255


def test_a_membrane_continues_a_ramp_exactly() -> None:
    ramp = np.tile(np.linspace(10, 200, 60, dtype=np.float32), (60, 1))
    missing = hole((60, 60), 30, 30, 9)
    assert fill(np.where(missing, 0, ramp).astype(np.float32), missing, "membrane") == pytest.approx(ramp, abs=0.01)


def test_the_other_half_of_the_chest_tells_more_than_the_edge_of_the_hole() -> None:
    truth = chest().astype(np.float32)
    missing = hole(radius=16)
    broken = np.where(missing, 0, truth).astype(np.float32)
    by_mirror, by_edge = (error(fill(broken, missing, m)[missing], truth[missing]) for m in ("mirror", "membrane"))
    assert by_mirror < by_edge


@pytest.mark.parametrize("method", METHODS)
def test_a_hole_over_the_midline_and_at_the_frame_is_filled(method: FillMethod) -> None:
    truth = chest().astype(np.float32)
    missing = hole(x=80, y=4, radius=20)
    filled = fill(np.where(missing, 0, truth).astype(np.float32), missing, method)
    assert np.isfinite(filled).all()
    assert filled[missing].mean() > 50


def test_nothing_missing_and_everything_missing_are_left_alone() -> None:
    truth = chest().astype(np.float32)
    assert fill(truth, np.zeros(truth.shape, bool), "mirror") is truth
    assert fill(truth, np.ones(truth.shape, bool), "mirror") is truth
