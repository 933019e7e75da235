"""Bundles: small true ones for the tests of this room and of the tracking above it."""

from functools import cache
from pathlib import Path

import numpy as np
import torch

from xray_platform.evaluation.calibration import fit_calibration
from xray_platform.evaluation.threshold import choose_threshold
from xray_platform.imaging.recipe import default_recipe
from xray_platform.networks.all import NETWORKS
from xray_platform.serving.bundle import Bundle, BundleFacts, write_bundle
from xray_platform.training.trained_network import TrainedNetwork
from xray_platform.training.training_settings import TrainingSettings

SIDE = 32


@cache
def network(seed: int = 0) -> TrainedNetwork:
    """A narrow network with the weights it began with: it scores at random, but always the same."""
    torch.manual_seed(seed)
    kind = NETWORKS["attention_cnn"]
    settings = kind.settings(width=8)  # type: ignore[call-arg]
    module = kind.build(settings, 1)
    return TrainedNetwork("attention_cnn", settings, TrainingSettings(), SIDE, module, ({"val_auroc": 0.5},), 0)


def pictures(count: int, seed: int = 0) -> np.ndarray[tuple[int, int, int], np.dtype[np.float32]]:
    """Noise, (count, SIDE, SIDE) float32 in [0, 1)."""
    return np.random.default_rng(seed).random((count, SIDE, SIDE), dtype=np.float32)


@cache
def facts() -> BundleFacts:
    """Facts whose threshold lies amid the scores that `network()` gives to `pictures()`."""
    score = network().score(pictures(40))
    truth = score > np.median(score)
    return BundleFacts(
        model="attention_cnn",
        family="network",
        recipe=default_recipe(SIDE),
        threshold=choose_threshold(score, truth),
        calibration=fit_calibration(score, truth),
        heatmap_scale=1.5,
        provenance={"pictures": 40},
    )


def small_bundle(folder: Path, seed: int = 0) -> Bundle:
    """Write a bundle of `network(seed)`."""
    return write_bundle(folder, facts(), network(seed))


def smooth_images(count: int, seed: int = 0) -> np.ndarray[tuple[int, int, int], np.dtype[np.float32]]:
    """Slopes, each its own way, (count, SIDE, SIDE) float32 in [0, 1]."""
    rng = np.random.default_rng(seed)
    down, right = np.mgrid[0 : 1 : SIDE * 1j, 0 : 1 : SIDE * 1j]
    slopes = [(a * down + (1 - a) * right) for a in rng.random(count)]
    return np.stack(slopes).astype(np.float32)
