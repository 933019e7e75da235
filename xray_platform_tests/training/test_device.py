"""A GPU is used where there is one; asked for where there is none, training says so, and scoring goes on without."""

import pytest
import torch

from xray_platform.errors import InputError
from xray_platform.training.device import scoring_device, training_device


@pytest.mark.parametrize(("wanted", "device"), [("auto", "cuda"), ("gpu", "cuda"), ("cpu", "cpu")])
def test_with_a_gpu(monkeypatch: pytest.MonkeyPatch, wanted: str, device: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert training_device(wanted) == scoring_device(wanted) == torch.device(device)


def test_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for wanted in ("auto", "cpu"):
        assert training_device(wanted) == torch.device("cpu")
    assert scoring_device("gpu") == torch.device("cpu")
    with pytest.raises(InputError, match="torch sees none here; allowed: auto, cpu"):
        training_device("gpu")
