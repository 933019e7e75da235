"""The repair benchmark: pairs are scored, and sound pictures counted, from whatever folders are given."""

from pathlib import Path

import cv2
import pytest

from xray_platform.bench.contract import Inputs
from xray_platform.bench.repair import REPAIR
from xray_platform.errors import InputError
from xray_platform.progress import silent
from xray_platform_tests.imaging.repair.chest import chest, noisy, painted


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    for name, picture in (("clean", chest()), ("damaged", noisy(painted(chest()), 20, 0)[..., ::-1])):
        (tmp_path / "pairs" / name).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "pairs" / name / "1.png"), picture)
    return tmp_path / "pairs"


def test_pairs_and_sound_pictures_are_told_apart(pairs: Path) -> None:
    figures = REPAIR.measure(silent, Inputs(pairs, (pairs, pairs / "clean")))
    assert figures["clean: sound pictures"] == 1
    assert figures["clean: touched, share"] == 0
    assert float(figures["pairs: all, classical, psnr_db"]) > float(figures["pairs: all, damaged, psnr_db"]) + 10


def test_damaged_pictures_among_the_sound_are_counted(pairs: Path) -> None:
    assert REPAIR.measure(silent, Inputs(pairs, (pairs / "damaged",)))["damaged: touched, share"] == 1


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no picture"):
        REPAIR.measure(silent, Inputs(tmp_path, (tmp_path,)))
