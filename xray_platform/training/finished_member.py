"""Finished member: one of several networks that was trained already when the training of the others was cut short."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors.torch import load_file, save_file
from torch import nn

from xray_platform.atomic import atomic_write

if TYPE_CHECKING:
    from xray_platform.training.lightning_trainer import FitResult

WEIGHTS, CARD = "finished.safetensors", "finished.json"


def write_finished(folder: Path, ran: "FitResult") -> None:
    """Keep a network that is trained; the card comes last: with it, all is there."""
    save_file({name: value.contiguous() for name, value in ran.module.state_dict().items()}, folder / WEIGHTS)
    atomic_write(folder / CARD, json.dumps({"history": list(ran.history), "best_epoch": ran.best_epoch}))


def read_finished(folder: Path, network: nn.Module) -> "FitResult | None":
    """Return what `write_finished` kept there, its weights in `network`; None where it was not finished."""
    from xray_platform.training.lightning_trainer import FitResult  # Lightning takes seconds to import

    if not (folder / CARD).is_file():
        return None
    card = json.loads((folder / CARD).read_text())
    network.load_state_dict(load_file(folder / WEIGHTS))
    return FitResult(network, tuple(card["history"]), card["best_epoch"])
