"""Grad-CAM: maps of different pictures can be compared, for a value is the share of its place in the logit."""

import torch
from torch import Tensor, nn

from xray_platform.training.explain.gradcam import gradcam

BIAS = 0.75


class Linear(nn.Module):
    """A network whose logit is a weighted mean of two maps, so that every place's share in it is known."""

    def features(self, images: Tensor) -> Tensor:
        return torch.cat([images, images**2], dim=1)

    def head(self, features: Tensor) -> Tensor:
        return (features * torch.tensor([2.0, -1.0])[:, None, None]).sum(dim=1).mean(dim=(1, 2)) + BIAS


def test_a_value_is_its_places_share_in_the_logit() -> None:
    images = torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    maps = gradcam(Linear(), images)
    torch.testing.assert_close(maps, (2 * images - images**2)[:, 0])
    torch.testing.assert_close(maps.mean(dim=(1, 2)), Linear().head(Linear().features(images)) - BIAS)


def test_a_picture_with_half_the_evidence_glows_half_as_much_beside_one_with_all_of_it() -> None:
    class Plain(Linear):
        def features(self, images: Tensor) -> Tensor:
            return torch.cat([images, torch.zeros_like(images)], dim=1)

    image = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    faint, strong = gradcam(Plain(), torch.cat([image / 2, image]))
    torch.testing.assert_close(2 * faint, strong)


def test_evidence_against_is_black() -> None:
    images = torch.full((1, 1, 4, 4), 3.0)  # 2 * 3 - 9 is below 0
    assert float(gradcam(Linear(), images).abs().max()) == 0


def test_maps_are_as_large_as_the_pictures() -> None:
    class Coarse(Linear):
        def features(self, images: Tensor) -> Tensor:
            return super().features(nn.functional.avg_pool2d(images, 4))

    assert gradcam(Coarse(), torch.rand(2, 1, 16, 16)).shape == (2, 16, 16)
