"""Fit normals: train networks on normal images alone, for a pretext task; resume after a kill."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from xray_platform.image_stack import ImageSource, SelectedImages, images_digest
from xray_platform.progress import Progress, silent
from xray_platform.training.batches import training_batches, validation_batches
from xray_platform.training.checkpoint_folder import open_checkpoints
from xray_platform.training.epoch_callback import OnEpoch, ignore_epoch
from xray_platform.training.finished_member import read_finished, write_finished
from xray_platform.training.normals_module import LightningNormals, PretextTask
from xray_platform.training.normals_settings import NormalsTrainingSettings
from xray_platform.training.quiet import quiet
from xray_platform.training.threads import threads

if TYPE_CHECKING:
    from xray_platform.training.lightning_trainer import FitResult

HELD_OUT = 0.1  # share of the pictures that it does not learn from, to see how well it does
GRADIENT_CLIP_NORM = 1.0
History = tuple[dict[str, float], ...]


def fit_to_normals(
    build: Callable[[], nn.Module],
    task: PretextTask,
    normal: ImageSource,
    settings: NormalsTrainingSettings,
    *,
    name: str,
    folder: Path,
    progress: Progress = silent,
    on_epoch: OnEpoch = ignore_epoch,
) -> tuple[list[nn.Module], History]:
    """Return the networks that `build` makes, trained on normal images (N, S, S), and the epochs of the first.

    There are as many as `settings` has members, each from a seed of its own. Kept is the moving average of the weights
    after the last epoch. A tenth of the images is never learnt from; its loss is `val_loss`. `folder/checkpoints` holds
    checkpoints during training and is gone afterwards; the same call after a kill resumes from the last whole epoch.
    All that is random depends on the seed alone.
    """
    parts = _divided(normal, settings.seed)
    job = {"network": name, "settings": settings.model_dump(mode="json"), "pictures": images_digest(normal).hex()}
    checkpoints = open_checkpoints(folder, json.dumps(job, indent=2, sort_keys=True))
    ran = [
        _fit_member(build, task, parts, one, where, progress, told)
        for one, where, told in _members(settings, checkpoints, on_epoch)
    ]
    shutil.rmtree(checkpoints)
    return [one.module.eval() for one in ran], ran[0].history


def _members(
    settings: NormalsTrainingSettings, checkpoints: Path, on_epoch: OnEpoch
) -> Iterator[tuple[NormalsTrainingSettings, Path, OnEpoch]]:
    """Yield how each member learns, where its checkpoints lie, and who hears of its epochs: of the first as of one."""
    yield settings, checkpoints, on_epoch
    for number in range(1, settings.members):

        def told(epoch: int, metrics: Mapping[str, float], number: int = number) -> None:
            on_epoch(epoch, {f"member_{number + 1}_{name}": value for name, value in metrics.items()})

        other = settings.model_copy(update={"seed": settings.seed + number})
        yield other, checkpoints / f"member-{number + 1}", told


def _fit_member(
    build: Callable[[], nn.Module],
    task: PretextTask,
    parts: tuple[ImageSource, ImageSource],
    settings: NormalsTrainingSettings,
    checkpoints: Path,
    progress: Progress,
    on_epoch: OnEpoch,
) -> "FitResult":
    """Return one trained network: that which was finished before a kill, or one that goes on from its checkpoint."""
    # Lightning takes four seconds to import; those who only score must not wait for it
    from xray_platform.training.lightning_trainer import Loop, fit_module

    checkpoints.mkdir(parents=True, exist_ok=True)
    loop = Loop(settings.epochs, settings.epochs, True, GRADIENT_CLIP_NORM, settings.precision, "auto")
    with quiet(), threads(settings.threads), torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        network = build().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if (done := read_finished(checkpoints, network)) is not None:
            return done
        module = LightningNormals(network, task, settings)
        learnt, held_out = parts
        batches = training_batches(learnt, _unlabelled(learnt), settings.batch_size, settings.seed)
        judged = validation_batches(held_out, _unlabelled(held_out), settings.batch_size)
        ran = fit_module(module, batches, judged, loop, checkpoints, progress, on_epoch)
    if settings.members > 1:
        write_finished(checkpoints, ran)
    return ran


def _divided(normal: ImageSource, seed: int) -> tuple[ImageSource, ImageSource]:
    """Return the pictures that are learnt from, and those that are not."""
    order = np.random.default_rng(seed).permutation(len(normal)).astype(np.int64)
    count = max(round(HELD_OUT * len(normal)), 1)
    return SelectedImages(normal, np.sort(order[count:])), SelectedImages(normal, np.sort(order[:count]))


def _unlabelled(images: ImageSource) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.zeros(len(images), dtype=bool)
