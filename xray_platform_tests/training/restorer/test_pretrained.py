from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from xray_platform.errors import InputError
from xray_platform.imaging.repair.measure import mean_scores, measure
from xray_platform.imaging.repair.restore import restore
from xray_platform.networks.restorer import Restorer, RestorerSettings
from xray_platform.training.restorer.data import training_images
from xray_platform.training.restorer.model import TrainedRestorer
from xray_platform.training.restorer.pretrained import pretrained_restorer
from xray_platform_tests.imaging.repair.chest import chest, noisy, painted


def test_a_pretrained_restorer_loads_where_it_is_first_used(tmp_path: Path) -> None:
    assert pretrained_restorer(tmp_path) is None
    settings = RestorerSettings(width=8)
    TrainedRestorer(settings, Restorer(settings), 0.0).save(tmp_path)
    pretrained = pretrained_restorer(tmp_path)
    assert pretrained is not None
    maps = np.random.default_rng(0).random((8, 33, 40), np.float32)
    grey = pretrained(maps)
    assert grey.shape == (33, 40)
    assert 0 <= grey.min() <= grey.max() <= 255
    assert np.array_equal(grey, pretrained(maps))


def test_no_picture_of_a_held_out_patient_is_trained_on(tmp_path: Path) -> None:
    rows = [(f"{n}.jpeg", f"p{n // 2}", int(n == 4)) for n in range(12)]
    pd.DataFrame(rows, columns=["file", "patient", "in_durham_set"]).to_csv(tmp_path / "manifest.csv", index=False)
    images = training_images(tmp_path, 100)
    assert sorted(image.name for image in images) == sorted(f"{n}.jpeg" for n in range(12) if n not in (4, 5))
    assert images == training_images(tmp_path, 100)
    assert len(training_images(tmp_path, 3)) == 3


def test_a_manifest_that_is_missing_or_short_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no manifest\.csv"):
        training_images(tmp_path, 5)
    (tmp_path / "manifest.csv").write_text("file\na.png\n")
    with pytest.raises(InputError, match="lacks in_durham_set, patient"):
        training_images(tmp_path, 5)


def test_pretrained_weights_beat_the_classical_way_on_held_out_images(shared_data: Path, tmp_path: Path) -> None:
    for folder in ("damaged", "clean"):
        (tmp_path / folder).mkdir()
        for file in sorted((shared_data / "durham" / folder).iterdir())[7::20]:
            (tmp_path / folder / file.name).symlink_to(file)
    pairs = tmp_path / "damaged", tmp_path / "clean"
    classical, learnt = (mean_scores(measure(*pairs, learnt=way))["all"] for way in (None, pretrained_restorer()))
    assert learnt["psnr"] > max(classical["psnr"], 27)
    assert learnt["ssim"] > max(classical["ssim"], 0.77)


def test_a_large_picture_is_restored_in_tiles() -> None:
    clean = np.asarray(cv2.resize(chest(), (1200, 1100)), np.uint8)
    restored = restore(noisy(painted(clean), 20, 0), learnt=pretrained_restorer())
    assert restored.pixels.shape == clean.shape
    assert "a learnt restorer" in restored.done[0]
    assert np.abs(restored.pixels.astype(float) - clean).mean() < 6
