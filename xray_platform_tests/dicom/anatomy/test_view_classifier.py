"""View classifier: a chest is known for one in any position, and so is the position."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from xray_platform.dicom.anatomy.cut import cut_off
from xray_platform.dicom.anatomy.view_classifier import ViewScores, Weights, classify_view, shipped_weights
from xray_platform.dicom.pixels.thumbnail import Thumbnail


def share(chests: Sequence[Thumbnail], field: str) -> float:
    return float(np.mean([getattr(classify_view(np.ascontiguousarray(chest)), field) > 1 for chest in chests]))


def test_upright_chests_look_like_chests_and_like_nothing_else(chests: Sequence[Thumbnail]) -> None:
    looks = [classify_view(chest) for chest in chests]
    assert min(look.chest for look in looks) > 0
    assert max(max(look.inverted, look.turned, look.upside_down) for look in looks) < 0


def test_a_wrong_polarity_is_noticed(chests: Sequence[Thumbnail]) -> None:
    assert share([1 - chest for chest in chests], "inverted") == 1


def test_a_quarter_turn_is_noticed(chests: Sequence[Thumbnail]) -> None:
    assert share([np.rot90(chest) for chest in chests], "turned") == 1
    assert share([np.rot90(chest, 3) for chest in chests], "turned") == 1


def test_upside_down_is_noticed_mirrored_or_not(chests: Sequence[Thumbnail]) -> None:
    assert share([chest[::-1] for chest in chests], "upside_down") == 1
    assert share([chest[::-1, ::-1] for chest in chests], "upside_down") == 1


def test_most_mirrored_chests_look_mirrored(chests: Sequence[Thumbnail]) -> None:
    assert share([chest[:, ::-1] for chest in chests], "mirrored") > 0.8
    assert share(chests, "mirrored") < 0.05


def test_the_mirror_image_says_the_opposite(chests: Sequence[Thumbnail]) -> None:
    here, there = (classify_view(np.ascontiguousarray(each)) for each in (chests[0], chests[0][:, ::-1]))
    assert here.mirrored < 0 < there.mirrored


@pytest.mark.parametrize("kind", ["noise", "stripes", "even", "disc"])
def test_what_is_no_chest_does_not_look_like_one(kind: str) -> None:
    y, x = np.mgrid[0:96, 0:96] / 96
    pictures = {
        "noise": np.random.default_rng(0).random((96, 96)),
        "stripes": (x * 8) % 1,
        "even": np.full((96, 96), 0.5),
        "disc": ((x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.1).astype(float),
    }
    assert classify_view(pictures[kind].astype(np.float32)).chest < -1


def test_a_chest_that_is_cut_off_is_noticed(chests: Sequence[Thumbnail]) -> None:
    width = chests[0].shape[1]
    left = [cut_off(np.ascontiguousarray(chest[:, width // 4 :])) for chest in chests]
    assert np.mean([cut.side == "left" and cut.gain > 2 for cut in left]) > 0.6
    assert np.mean([cut_off(chest).gain > 2 for chest in chests]) < 0.02


def test_real_chests_of_adults_are_known(shared_data: Path) -> None:
    from xray_platform.dicom.pixels.standard_image import read_picture
    from xray_platform.dicom.pixels.thumbnail import make_thumbnail

    files = sorted((shared_data / "nih" / "images").iterdir())[::20]
    looks = [classify_view(make_thumbnail(read_picture(file.read_bytes()))) for file in files]
    assert np.mean([look.chest > 0 for look in looks]) > 0.9
    assert all(max(look.inverted, look.turned, look.upside_down) < 1 for look in looks)


def test_weights_come_back_as_they_were_kept(tmp_path: Path, chests: Sequence[Thumbnail]) -> None:
    shipped_weights().save(tmp_path / "weights.npz")
    assert classify_view(chests[0], Weights.load(tmp_path / "weights.npz")) == classify_view(chests[0])
    assert isinstance(classify_view(chests[0]), ViewScores)
