"""Model input is rounded as storing does, made with one decoding."""

from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest

from xray_platform.dicom.pixels import stored_values
from xray_platform.dicom.standard.standard_job import StandardSettings
from xray_platform.imaging.recipe import default_recipe
from xray_platform.serving.model_input import Preparation, prepare


@pytest.fixture
def decodes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the decoders that are called, in order."""
    called: list[str] = []

    def count(module: Any, name: str) -> None:
        decode = getattr(module, name)

        def counted(*args: Any, **more: Any) -> Any:
            called.append(name)
            return decode(*args, **more)

        monkeypatch.setattr(module, name, counted)

    count(stored_values, "native_frame")
    count(stored_values, "decode_frame")
    count(imagecodecs, "png_decode")
    return called


@pytest.mark.parametrize("standard", [StandardSettings(), StandardSettings(window_low_percent=10, window="recorded")])
def test_a_picture_is_decoded_once(
    sound: list[Path], decodes: list[str], tmp_path: Path, standard: StandardSettings
) -> None:
    place = np.hypot(*np.mgrid[-1:1:300j, -1:1:300j])
    grey = np.random.default_rng(0).integers(0, 30, place.shape) + 200 * np.exp(-place)
    cv2.imwrite(str(tmp_path / "picture.png"), grey.astype(np.uint8))
    for file in (*sound, tmp_path / "picture.png"):
        decodes.clear()
        prepare(file.read_bytes(), Preparation((default_recipe(32),), standard))
        assert len(decodes) == 1, (file.name, decodes)
