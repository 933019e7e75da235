"""Training of the view classifier: sets of images become weights, and what is drawn is drawn alike each time."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from xray_platform.dicom.anatomy.view_classifier import classify_view
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom
from xray_platform.training.subject_split import sample_files, split_by_subject
from xray_platform.training.view.train import small_pictures, train_view_classifier


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    for number in range(120):
        pixels = render(sample_phantom(np.random.default_rng(number), PhantomSettings(side=128))).pixels
        cv2.imwrite(str(folder / f"{number}.png"), (pixels // 16).astype(np.uint8))
    rows = [(f"{number}.png", number) for number in range(120)]
    pd.DataFrame(rows, columns=["file", "subject"]).to_csv(folder / "manifest.csv", index=False)
    return folder


def test_what_is_trained_holds_for_held_out_subjects(images: Path) -> None:
    weights = train_view_classifier([images])
    others = list(small_pictures(split_by_subject(images).held_out))
    assert all(classify_view(picture, weights).chest > 0 for picture in others)
    assert all(classify_view(1 - picture, weights).inverted > 0 for picture in others)


def test_the_same_seed_draws_the_same_files(images: Path) -> None:
    files = split_by_subject(images).train
    assert sample_files(files, 5, 1) == sample_files(files, 5, 1)
    assert sample_files(files, 5, 1) != sample_files(files, 5, 2)
    assert sample_files(files, 1000, 0) == list(files)
