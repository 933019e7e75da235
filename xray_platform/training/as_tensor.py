"""As tensor: a stack of images as torch takes it."""

import torch
from torch import Tensor

from xray_platform.image_stack import Images


def as_tensor(images: Images) -> Tensor:
    """Return images (N, S, S) as a tensor (N, 1, S, S) that shares their memory; read-only ones are copied.

    Those with clinical columns are (N, 2, S, S) and stay so.
    """
    tensor = torch.from_numpy(images if images.flags.writeable else images.copy())
    return tensor if tensor.ndim == 4 else tensor[:, None]
