"""A model that this version does not know is refused by name."""

from pathlib import Path

import pytest

from xray_platform.errors import StoreError
from xray_platform.serving.bundle import write_bundle
from xray_platform.serving.predict import Predictor
from xray_platform_tests.serving.bundles import facts, network


def test_an_unknown_model_is_named_with_the_known_ones(tmp_path: Path) -> None:
    foreign = facts().model_copy(update={"model": "padim", "family": "detector"})
    bundle = write_bundle(tmp_path / "bundle", foreign, network())
    with pytest.raises(StoreError, match=r"no model is called 'padim'; there are .*pca_residual"):
        Predictor.load(bundle.folder)
