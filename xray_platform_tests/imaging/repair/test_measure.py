from pathlib import Path

import cv2
import pytest

from xray_platform.errors import InputError
from xray_platform.imaging.repair.measure import mean_scores, measure, touched
from xray_platform_tests.imaging.repair.chest import chest, noisy, painted


def test_pairs_are_scored_and_split_into_halves(tmp_path: Path) -> None:
    for folder in ("damaged", "clean"):
        (tmp_path / folder).mkdir()
    for number in range(3):
        cv2.imwrite(str(tmp_path / "clean" / f"{number}.png"), chest())
        cv2.imwrite(str(tmp_path / "damaged" / f"{number}.png"), noisy(painted(chest()), 20, number)[..., ::-1])
    cv2.imwrite(str(tmp_path / "damaged" / "without.png"), chest())
    scores = measure(tmp_path / "damaged", tmp_path / "clean")
    assert [score.part for score in scores] == ["develop", "hold-out", "develop"]
    means = mean_scores(scores)
    assert means["all"]["pictures"] == 3
    assert means["all"]["psnr"] > means["all"]["damaged_psnr"] + 10
    assert means["hold-out"]["ssim"] > means["hold-out"]["damaged_ssim"]
    with pytest.raises(InputError, match="no picture of"):
        measure(tmp_path / "clean", tmp_path)


def test_real_damaged_films_come_back(shared_data: Path, tmp_path: Path) -> None:
    for folder in ("damaged", "clean"):
        (tmp_path / folder).mkdir()
        for file in sorted((shared_data / "durham" / folder).iterdir())[5::20]:
            (tmp_path / folder / file.name).symlink_to(file)
    means = mean_scores(measure(tmp_path / "damaged", tmp_path / "clean"))["all"]
    assert means["damaged_psnr"] < 11
    assert means["psnr"] > 25.5
    assert means["ssim"] > 0.74


def test_real_sound_films_pass_untouched(shared_data: Path) -> None:
    files = sorted((shared_data / "kermany" / "NORMAL").iterdir())[::60]
    files += sorted((shared_data / "nih" / "images").iterdir())[::60]
    assert touched(files) == {}
