"""bfloat16 is used where it is wanted, and of itself on a GPU."""

import pytest

from xray_platform.training.precision import precision


@pytest.mark.parametrize(
    ("wanted", "on_gpu", "expected"),
    [
        ("float32", True, "32-true"),
        ("bfloat16", False, "bf16-mixed"),
        ("auto", False, "32-true"),
        ("auto", True, "bf16-mixed"),
    ],
)
def test_arithmetic(wanted: str, *, on_gpu: bool, expected: str) -> None:
    assert precision(wanted, on_gpu=on_gpu) == expected
