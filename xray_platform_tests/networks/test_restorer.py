import pytest
import torch

from xray_platform.networks.restorer import COARSE_MEAN, INCOMING, Restorer, RestorerSettings


@pytest.mark.parametrize("shape", [(8, 8), (33, 50), (112, 112), (9, 130)])
def test_grey_comes_out_in_the_shape_of_the_maps(shape: tuple[int, int]) -> None:
    network = Restorer(RestorerSettings(width=8)).eval()
    with torch.inference_mode():
        grey = network(torch.rand(2, INCOMING, *shape))
    assert grey.shape == (2, 1, *shape)
    assert torch.isfinite(grey).all()


def test_it_corrects_the_coarse_mean_rather_than_inventing_a_picture() -> None:
    torch.manual_seed(0)
    network = Restorer(RestorerSettings(width=8)).eval()
    maps = torch.rand(1, INCOMING, 40, 40)
    brighter = maps.clone()
    brighter[:, COARSE_MEAN] += 1.0
    with torch.inference_mode():
        gained = (network(brighter) - network(maps)).mean()
    assert 0.5 < float(gained) < 1.5
