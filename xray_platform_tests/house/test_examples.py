"""The examples in docstrings of what a script would call run, and give what they say."""

import doctest
from importlib import import_module

import pytest

MODULES = (
    "xray_platform.detectors.one_class_svm",
    "xray_platform.detectors.pca_residual",
    "xray_platform.dicom.deidentify.engine",
    "xray_platform.dicom.quality.examination",
    "xray_platform.imaging.recipe",
    "xray_platform.imaging.repair.restore",
    "xray_platform.serving.predict",
)


@pytest.mark.parametrize("name", MODULES)
def test_its_examples_run(name: str) -> None:
    results = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert results.attempted > 1
    assert results.failed == 0
