"""Told: a bundle of a small network that takes every clinical column, for the tests of this room and above it."""

from functools import cache
from pathlib import Path

import torch

from xray_platform.networks.all import NETWORKS
from xray_platform.networks.clinical import ClinicalNetwork, told_columns
from xray_platform.serving.bundle import Bundle, write_bundle
from xray_platform.serving.made_with import made_with
from xray_platform.training.trained_network import TrainedNetwork
from xray_platform.training.training_settings import TrainingSettings
from xray_platform_tests.serving.bundles import SIDE, facts

COLUMNS = ("age", "sex", "view")


@cache
def network() -> TrainedNetwork:
    """A network that learnt nothing and to which each column matters."""
    torch.manual_seed(0)
    kind = NETWORKS["attention_cnn"]
    settings, training = kind.settings(width=8), TrainingSettings(clinical_columns=", ".join(COLUMNS))  # type: ignore[call-arg]
    module = told_columns(kind.build(settings, 1), COLUMNS, kind.smallest_side)
    assert isinstance(module, ClinicalNetwork)
    torch.nn.init.normal_(module.modulation.weight, std=0.3)
    return TrainedNetwork("attention_cnn", settings, training, SIDE, module, ({"val_auroc": 0.5},), 0)


def told_bundle(folder: Path) -> Bundle:
    """Write a bundle of `network()`."""
    recipes = facts().recipes
    more = {"clinical_columns": COLUMNS, "made_with": made_with("attention_cnn", recipes, network())}
    return write_bundle(folder, facts().model_copy(update=more), network())
