"""Precision: in which arithmetic a processor learns fastest without loss."""

from typing import Literal

import torch

Precision = Literal["32-true", "bf16-mixed"]
BFLOAT16_UNITS = ("avx512_bf16", "amx_bf16")


def precision(wanted: str, *, on_gpu: bool) -> Precision:
    """Return Lightning's name of the arithmetic for `wanted`: `auto`, `float32` or `bfloat16`.

    Without its own units a processor emulates bfloat16 slowly, hence `auto` asks for them.
    """
    if wanted == "auto":
        wanted = "bfloat16" if on_gpu or processor_has_bfloat16() else "float32"
    return "bf16-mixed" if wanted == "bfloat16" else "32-true"


def processor_has_bfloat16() -> bool:
    """Return whether this processor multiplies bfloat16 numbers in hardware (AVX-512 BF16 or AMX)."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(unit, False) for unit in BFLOAT16_UNITS)
