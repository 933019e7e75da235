"""Device: where a network learns, scores and is explained: a GPU where there is one, unless settings say otherwise."""

import torch

from xray_platform.errors import InputError


def training_device(wanted: str) -> torch.device:
    """Return the device for `wanted`: `auto`, `cpu` or `gpu`; InputError where a GPU is asked for and there is none."""
    if wanted == "gpu" and not torch.cuda.is_available():
        raise InputError("a GPU is asked for (device: gpu), and torch sees none here; allowed: auto, cpu")
    return scoring_device(wanted)


def backend_of(wanted: str) -> str:
    """Return by which means processes that learn together on such devices speak: `nccl` on GPUs, else `gloo`."""
    return "nccl" if training_device(wanted).type == "cuda" else "gloo"


def scoring_device(wanted: str) -> torch.device:
    """Return the device on which a network that learnt on `wanted` scores here: the processor where there is no GPU."""
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")
