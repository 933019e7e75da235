"""Published networks: what those that are known by their names have in common: their input, head and first weights."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

MEAN, DEVIATION = 0.5, 0.25  # [0, 1] is moved to about zero mean and unit spread
RGB_MEAN, RGB_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of published weights


class PublishedNetwork(nn.Module):
    """A radiograph (N, 1, S, S) float32 in [0, 1] in, one logit a picture (N,) out; or those of K classes, (N, K).

    A kind of it says what its last maps are, and which module classifies.
    """

    def features(self, images: Tensor) -> Tensor:
        """Return the last maps, (N, C, h, w)."""
        raise NotImplementedError

    def classify(self, features: Tensor) -> Tensor:
        """Return the outputs (N, K) of the last maps."""
        raise NotImplementedError

    def head(self, features: Tensor) -> Tensor:
        """Return the logits (N,), or (N, K), of the last maps."""
        return self.classify(features).squeeze(1)  # the dimension of a single output, no other

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (N,), higher is more abnormal; or those of the classes, (N, K)."""
        return self.head(self.features(images))


def centred(images: Tensor) -> Tensor:
    """Return pictures in [0, 1] as the first convolution takes them, channels last, which is faster on a processor."""
    return ((images - MEAN) / DEVIATION).contiguous(memory_format=torch.channels_last)


def below_body(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return published weights of `features` under the name `body`: `features` is the contract's word for a method.

    >>> list(below_body({"features.0.weight": torch.zeros(1), "classifier.bias": torch.zeros(1)}))
    ['body.0.weight', 'classifier.bias']
    """
    found = "features."
    return {f"body.{name.removeprefix(found)}" if name.startswith(found) else name: weights[name] for name in weights}


def grey_of_rgb(weights: Mapping[str, Tensor], kernel: str, constant: str, sign: float) -> dict[str, Tensor]:
    """Turn published weights for colours into those for one grey channel: what a grey picture would have given.

    A grey picture is the same in each colour, so kernels are added up; the other mean and spread of the input go into
    the kernels and into `constant`, the mean (`sign` -1) or the bias (`sign` 1) behind them (at the picture's edge,
    where zeros are added, but nearly). Weights of one channel stay as they are.
    """
    colours = weights.get(kernel)
    if colours is None or colours.ndim != 4 or colours.shape[1] != len(RGB_MEAN) or constant not in weights:
        return dict(weights)
    mean, deviation = (torch.tensor(values)[None, :, None, None] for values in (RGB_MEAN, RGB_DEVIATION))
    scaled = colours / deviation
    moved = (scaled * (MEAN - mean)).sum(dim=(1, 2, 3))
    return {
        **weights,
        kernel: DEVIATION * scaled.sum(dim=1, keepdim=True),
        constant: weights[constant] + sign * moved,
    }


def in_groups(*groups: Sequence[nn.Module]) -> tuple[nn.Module, ...]:
    """Return each group of modules as one module, as `parameter_groups` names them."""
    return tuple(group[0] if len(group) == 1 else nn.ModuleList(group) for group in groups)


def initialise(network: nn.Module, _: object = None) -> None:
    """Begin as He et al. (ICCV 2015) do, counting for each channel what it really gives to."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            gives_to = module.out_channels // module.groups * math.prod(module.kernel_size)
            nn.init.normal_(module.weight, std=math.sqrt(2 / gives_to))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
