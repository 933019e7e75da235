"""`xray predict --heatmap`: a map of each image's own size, and its scale in the record."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from xray_platform_tests.cli.conftest import Xray
from xray_platform_tests.pngs import grey_of
from xray_platform_tests.serving.bundles import small_bundle


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    place = np.hypot(*np.mgrid[-1:1:300j, -1:1:280j])
    grey = 200 * np.exp(-place) + np.random.default_rng(0).integers(0, 30, place.shape)
    files = [tmp_path / folder / "chest.png" for folder in ("one", "two")]
    for file in files:
        file.parent.mkdir()
        cv2.imwrite(str(file), grey.astype(np.uint8))
    return files


def test_each_image_gets_a_map_of_its_size(xray: Xray, images: list[Path], tmp_path: Path) -> None:
    bundle = small_bundle(tmp_path / "bundle")
    ran = xray("predict", *images, "--bundle", bundle.folder, "--heatmap", tmp_path / "maps", "--json")
    assert ran.code == 0, ran.err
    said = [json.loads(line)["heatmap"] for line in ran.out.splitlines()]
    assert [Path(one["file"]).name for one in said] == ["chest.png", "chest_2.png"]
    assert [(one["low"], one["high"]) for one in said] == [(0.0, 1.5)] * 2
    for one in said:
        assert grey_of(Path(one["file"]).read_bytes()).shape == (300, 280)


def test_a_file_where_the_folder_should_be_is_told(xray: Xray, images: list[Path], tmp_path: Path) -> None:
    bundle = small_bundle(tmp_path / "bundle")
    ran = xray("predict", images[0], "--bundle", bundle.folder, "--heatmap", images[1])
    assert ran.code == 2
    assert "a folder is allowed" in ran.err
