"""Clinical dropout: hide columns of training pictures by chance, so that a network does not lean on them."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from xray_platform.clinical_columns import WIDTHS, width_of


def hidden_by_chance(planes: Tensor, columns: Sequence[str], probability: float, generator: Generator) -> Tensor:
    """Return planes of clinical values (N, 1, S, S) with some set to 0, which means unknown.

    Of a picture all columns are hidden with this probability, and each of them besides by itself.
    """
    drawn = torch.rand(len(planes), 1 + len(columns), generator=generator) >= probability
    kept = (drawn[:, :1] & drawn[:, 1:]).float()  # (N, columns)
    widths = torch.tensor([WIDTHS[name] for name in columns])
    hidden = planes.clone()
    hidden[:, 0, 0, : width_of(columns)] *= kept.repeat_interleave(widths, dim=1).to(planes.device)
    return hidden
