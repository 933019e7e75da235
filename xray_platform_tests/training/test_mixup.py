"""Mixup mixes picture and target by the same share, with a picture of the same batch."""

import torch

from xray_platform.training.batches import generator_for
from xray_platform.training.mixup import mixed


def test_target_and_picture_are_mixed_alike() -> None:
    targets = (torch.arange(64) % 2).float()
    images = targets[:, None, None, None].expand(64, 1, 8, 8)
    out, said = mixed(images, targets, 0.4, generator_for(0))
    torch.testing.assert_close(out.mean(dim=(1, 2, 3)), said)
    assert ((said > 0.01) & (said < 0.99)).sum() > 10
    again = mixed(images, targets, 0.4, generator_for(0))
    assert torch.equal(again[0], out)


def test_without_alpha_nothing_is_mixed() -> None:
    images, targets = torch.rand(4, 1, 8, 8), torch.tensor([0.0, 1.0, 1.0, 0.0])
    out, said = mixed(images, targets, 0.0, generator_for(0))
    assert torch.equal(out, images)
    assert torch.equal(said, targets)
