"""Export: pictures leave the store as they are or prepared, with facts of them and nothing about their people."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from xray_platform.errors import DataError, InputError
from xray_platform.imaging.recipes import named_recipe
from xray_platform.imaging.store.export import export_pictures
from xray_platform.imaging.store.png_facts import read_facts
from xray_platform.tables.all import IMAGES
from xray_platform.tables.places import Places
from xray_platform_tests.imaging.tiny_store import TinyStore, make_store


@pytest.fixture
def store(tmp_path: Path) -> TinyStore:
    made = make_store(tmp_path / "store", {"batch-0001": 3})
    rows = [
        {
            "image": image, "sha256": image * 4, "batch": "batch-0001", "origin": "archive", "subject": "sub-1",
            "study": "stu-1", "file": "x", "file_sha256": "0" * 64, "format": "dicom", "pixel_sha256": "1" * 64,
            "rows": 9, "columns": 9, "bits_stored": 12, "photometric": "MONOCHROME1", "lossy": False,
            "modality": "DX", "view_position": "PA", "age_years": 44.0, "spacing_mm": 0.15,
        }
        for image in made.pictures["batch-0001"]
    ]  # fmt: skip
    IMAGES.write(made.places, IMAGES.frame(rows), "batch-0001")
    return made


def test_pictures_leave_as_they_are_with_their_facts(store: TinyStore, tmp_path: Path) -> None:
    assert export_pictures(store.places, tmp_path / "out") == 3
    for image, pixels in store.pictures["batch-0001"].items():
        written = tmp_path / "out" / f"{image}.png"
        np.testing.assert_array_equal(cv2.imread(str(written), cv2.IMREAD_UNCHANGED), pixels)
        facts = read_facts(written)
        assert facts["view_position"] == "PA"
        assert facts["spacing_mm"] == 0.15
        assert facts["photometric"] == "MONOCHROME2"
        assert "window_low" in facts
        assert not {"rows", "columns", "subject", "study", "sha256", "recipe"} & set(facts)


@pytest.mark.parametrize("name", ["default", "clahe", "eight_bits"])
def test_a_recipe_prepares_them_and_is_named(store: TinyStore, tmp_path: Path, name: str) -> None:
    recipe = named_recipe(name, 48)
    export_pictures(store.places, tmp_path / "out", recipe)
    for written in (tmp_path / "out").glob("*.png"):
        picture = cv2.imread(str(written), cv2.IMREAD_UNCHANGED)
        assert picture is not None
        assert picture.shape == (48, 48)
        facts = read_facts(written)
        assert facts["recipe"] == recipe.id
        assert not {"spacing_mm", "window_low"} & set(facts)


def test_what_cannot_be_a_picture_is_refused(store: TinyStore, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="between black and white"):
        export_pictures(store.places, tmp_path / "out", named_recipe("scores", 48))
    with pytest.raises(DataError, match="no pictures yet"):
        export_pictures(Places(tmp_path / "empty"), tmp_path / "out")
