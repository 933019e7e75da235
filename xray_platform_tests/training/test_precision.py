"""bfloat16 is used where it is wanted or where the machine computes in it."""

import pytest
import torch

from xray_platform.training.precision import precision


@pytest.mark.parametrize(
    ("wanted", "units", "on_gpu", "expected"),
    [
        ("float32", {"amx_bf16": True}, True, "32-true"),
        ("bfloat16", {}, False, "bf16-mixed"),
        ("auto", {"amx_bf16": False, "avx512_bf16": False}, False, "32-true"),
        ("auto", {"avx512_bf16": True}, False, "bf16-mixed"),
        ("auto", {"amx_bf16": True}, False, "bf16-mixed"),
        ("auto", {}, True, "bf16-mixed"),
    ],
)
def test_arithmetic(
    monkeypatch: pytest.MonkeyPatch, wanted: str, units: dict[str, bool], on_gpu: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units)
    assert precision(wanted, on_gpu=on_gpu) == expected
