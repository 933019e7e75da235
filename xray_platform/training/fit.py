"""Fit: train a network of the table, keep the best epoch, and resume after a kill."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from xray_platform.clinical_columns import check_taken
from xray_platform.errors import DataError, InputError
from xray_platform.image_stack import ImageSource, Labels, images_digest
from xray_platform.networks.all import NETWORKS
from xray_platform.networks.clinical import adapted, told_columns
from xray_platform.networks.contract import NetworkKind
from xray_platform.networks.members import NetworkMembers
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings
from xray_platform.training.checkpoint_folder import CHECKPOINTS, open_checkpoints
from xray_platform.training.device import backend_of
from xray_platform.training.epoch_callback import OnEpoch, ignore_epoch
from xray_platform.training.explain.attention_map import spatial_attention
from xray_platform.training.finished_member import read_finished, write_finished
from xray_platform.training.initial_weights import load_initial_weights
from xray_platform.training.parameter_groups import check_frozen
from xray_platform.training.quiet import quiet
from xray_platform.training.threads import threads
from xray_platform.training.trained_network import TrainedNetwork
from xray_platform.training.training_settings import TrainingSettings
from xray_platform.training.world import World, joined

if TYPE_CHECKING:
    from xray_platform.training.lightning_trainer import FitResult

Part = tuple[ImageSource, Labels]


def fit_network(
    network: str,
    settings: Settings,
    training: TrainingSettings,
    train: Part,
    val: Part,
    *,
    folder: Path,
    progress: Progress = silent,
    on_epoch: OnEpoch = ignore_epoch,
    classes: tuple[str, ...] = (),
) -> TrainedNetwork:
    """Return the network named, trained on images (N, S, S) float32 in [0, 1] and labels (N,), True abnormal.

    With `classes`, the first of them normal, labels are (N, K): which classes each picture has. Where the training asks
    for clinical columns, images are (N, 2, S, S) with them (`ClinicalImages`).
    Images are read a batch at a time, so that memory does not grow with their number.
    The weights kept are those of the epoch with the best validation AUROC, among equals the lowest loss.
    `folder/checkpoints` holds a checkpoint during training and is gone afterwards; the same call after a kill
    resumes from the last whole epoch, and `on_epoch` is called for the epochs that are left. All that is random
    depends on `training.seed` alone.

    Where `training.devices` or `training.nodes` ask for several processes, they learn together (`world.py`).

    Raises `InputError` for pictures or names that it cannot take and `DataError` where a part lacks one class.
    """
    kind = _kind(network, settings)
    if bool(classes) != (training.target != "abnormal"):
        raise InputError(f"the target {training.target} and {len(classes)} classes do not belong together")
    columns = training.columns
    train, val = (
        _checked(part, name, kind, classes, columns) for part, name in ((train, "training"), (val, "validation"))
    )
    if train[0].shape[1:] != val[0].shape[1:]:
        raise InputError(
            f"training pictures of {train[0].shape[-1]} px and validation pictures of {val[0].shape[-1]} px"
        )
    _enough_for(training.devices * training.nodes, train, val)
    again = partial(fit_network, network, settings, training, train, val, folder=folder, classes=classes)
    with joined(training.devices, training.nodes, backend_of(training.device), again) as world:
        if world.leads:
            open_checkpoints(folder, _job(network, settings, training, (train, val)) + "".join(classes))
        world.wait()
        ran = [
            _fit_member(kind, settings, one, train, val, where, progress, told, len(classes) or 1, world)
            for one, where, told in _members(training, folder / CHECKPOINTS, on_epoch)
        ]
        world.wait()
        if world.leads:
            shutil.rmtree(folder / CHECKPOINTS)
    module = ran[0].module if len(ran) == 1 else NetworkMembers([one.module for one in ran])
    side = train[0].shape[-1]
    return TrainedNetwork(network, settings, training, side, module, ran[0].history, ran[0].best_epoch, classes)


def _members(
    training: TrainingSettings, checkpoints: Path, on_epoch: OnEpoch
) -> Iterator[tuple[TrainingSettings, Path, OnEpoch]]:
    """Yield how each member is trained, where its checkpoints lie, and who hears of its epochs.

    The epochs of the first are told as those of a single network; those of the others under names of their own.
    """
    yield training, checkpoints, on_epoch
    for number in range(1, training.members):

        def told(epoch: int, metrics: Mapping[str, float], number: int = number) -> None:
            on_epoch(epoch, {f"member_{number + 1}_{name}": value for name, value in metrics.items()})

        other = training.model_copy(update={"seed": training.seed + number})
        yield other, checkpoints / f"member-{number + 1}", told


def _fit_member(
    kind: NetworkKind,
    settings: Settings,
    training: TrainingSettings,
    train: Part,
    val: Part,
    checkpoints: Path,
    progress: Progress,
    on_epoch: OnEpoch,
    outputs: int,
    world: World,
) -> "FitResult":
    """Return one trained network: that which was finished before a kill, or one that goes on from its checkpoint."""
    # Lightning takes four seconds to import; those who only score must not wait for it
    from xray_platform.training.lightning_trainer import fit_with_lightning

    checkpoints.mkdir(parents=True, exist_ok=True)
    with quiet(), threads(training.threads, world.devices), torch.random.fork_rng():
        torch.manual_seed(training.seed)
        begun = _begun(kind, settings, training, outputs)
        if (done := read_finished(checkpoints, begun)) is not None:
            return done
        ran = fit_with_lightning(begun, training, train, val, checkpoints, progress, on_epoch, world)
    if training.members > 1 and world.leads:
        write_finished(checkpoints, ran)
    return ran


def _kind(network: str, settings: Settings) -> NetworkKind:
    if network not in NETWORKS:
        raise InputError(f"no network is named {network!r}; there are {', '.join(NETWORKS)}")
    kind = NETWORKS[network]
    if not isinstance(settings, kind.settings):
        raise InputError(f"{network} takes {kind.settings.__name__}, not {type(settings).__name__}")
    return kind


def _begun(kind: NetworkKind, settings: Settings, training: TrainingSettings, outputs: int) -> torch.nn.Module:
    """Return the network with its first weights: by chance, the kind's own, or those of a file."""
    network = kind.build(settings, outputs)
    if kind.initialise is not None:
        kind.initialise(network, settings)
    network = told_columns(network, training.columns, kind.smallest_side)
    check_frozen(network, training)
    if training.heatmap == "attention" and spatial_attention(network) is None:
        raise InputError(f"{kind.name} with these settings has no attention over places; choose another heatmap")
    published = kind.published(settings) if kind.published else None
    load_initial_weights(network, training, adapted(network, kind.adapt), published)
    return network


def _checked(part: Part, name: str, kind: NetworkKind, classes: tuple[str, ...], columns: tuple[str, ...]) -> Part:
    images, labels = part[0], np.asarray(part[1]).astype(bool)
    check_taken(images[:1], columns, smallest=kind.smallest_side)
    if labels.shape != ((len(images), len(classes)) if classes else (len(images),)):
        raise InputError(f"{len(images)} {name} pictures but labels of shape {labels.shape}")
    abnormal = ~labels[:, 0] if classes else labels
    if abnormal.all() or not abnormal.any():
        raise DataError(
            f"the {name} part has {int((~abnormal).sum())} normal and {int(abnormal.sum())} abnormal pictures; "
            "a network needs both"
        )
    return images, labels


def _enough_for(processes: int, train: Part, val: Part) -> None:
    """Refuse more processes than pictures go round: a batch norm needs two of them in each."""
    if processes > 1 and (len(train[0]) < 2 * processes or len(val[0]) < processes):
        raise InputError(
            f"{processes} processes need {2 * processes} training and {processes} validation pictures; "
            f"there are {len(train[0])} and {len(val[0])}"
        )


def _job(network: str, settings: Settings, training: TrainingSettings, parts: tuple[Part, ...]) -> str:
    """Return what this fit is, so that checkpoints of another are never taken for its own."""
    digest = hashlib.sha256()
    for images, labels in parts:
        digest.update(str(images.shape).encode())
        digest.update(images_digest(images))
        digest.update(labels.tobytes())
    job = {
        "network": network,
        "settings": settings.model_dump(mode="json"),
        "training": training.model_dump(mode="json"),
        "pictures": digest.hexdigest(),
    }
    return json.dumps(job, indent=2, sort_keys=True)
