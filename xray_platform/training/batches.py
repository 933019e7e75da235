"""Batches: which pictures each step sees, the same for the same seed and epoch, also after a restart."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, Dataset, Sampler

from xray_platform.clinical_columns import check_taken
from xray_platform.image_stack import ImageSource, Labels
from xray_platform.training.as_tensor import as_tensor
from xray_platform.training.read_ahead import DEFAULT_NUM_WORKERS, read_ahead
from xray_platform.training.world import ALONE, World

Batch = tuple[Tensor, Tensor]
"""Pictures (n, 1, S, S) float32 in [0, 1], (n, 2, S, S) with clinical columns; labels (n,) or (n, K), 0 or 1."""


class PictureSet(Dataset[Batch]):
    """Images, read when they are asked for, and labels, given out a batch at a time; checked as they are read."""

    def __init__(self, images: ImageSource, labels: Labels, columns: Sequence[str] = ()) -> None:
        self.images, self.columns, self.labels = images, columns, torch.from_numpy(labels.astype("float32"))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, indices: list[int]) -> Batch:
        """Return the pictures named, as one batch; InputError where one of them is not in [0, 1]."""
        chosen = np.asarray(indices, np.int64)
        return as_tensor(check_taken(self.images[chosen], self.columns)), self.labels[torch.from_numpy(chosen)]


class ReadAhead(DataLoader[Batch]):
    """A loader whose next batches are read on `threads` threads of its own while a step is computed; 0: on none.

    `waited` are the seconds since it was set to 0 in which a step had to wait for its batch.
    """

    waited = 0.0

    def __init__(self, pictures: PictureSet, batches: Sampler[list[int]], threads: int) -> None:
        # as `sampler` Lightning tells it of each epoch; without a `batch_size` the set is asked for whole batches
        super().__init__(pictures, sampler=batches, batch_size=None)
        self.threads = threads

    def __iter__(self) -> Any:
        """Yield the batches in their order."""
        return read_ahead(self.dataset.__getitem__, self.sampler, self.threads, self._wait)

    def _wait(self, seconds: float) -> None:
        self.waited += seconds


class SeededBatches(Sampler[list[int]]):
    """Indices of an epoch, in an order that depends on the seed and the epoch alone, in batches of nearly equal size.

    No batch has one picture only, unless there is only one: batch normalisation cannot learn from it. Where `labels`
    are given, both classes are drawn equally often, the rarer one several times. In a world of several processes each
    takes its share of every batch: together they see what one would see.
    """

    def __init__(self, count: int, size: int, seed: int, labels: Tensor | None = None, world: World = ALONE) -> None:
        self.count, self.size, self.seed, self.epoch, self.labels = count, size, seed, 0, labels
        self.world = world

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next; Lightning calls this."""
        self.epoch = epoch

    def __len__(self) -> int:
        return max(min(-(-self.count // self.size), self.count // (2 * self.world.size)), 1)

    def __iter__(self) -> Iterator[list[int]]:
        generator = generator_for(self.seed, self.epoch)
        order = torch.randperm(self.count, generator=generator)
        if self.labels is not None:
            order = _balanced(order, self.labels, generator)
        for part in torch.tensor_split(order, len(self)):
            yield part[self.world.rank :: self.world.size].tolist()


def _balanced(order: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
    """Return as many indices, half of each class: the first of the one in this order, the other again and again."""
    half = len(order) // 2
    parts = [order[labels[order] == label] for label in (0, 1)]
    drawn = [
        part.repeat(-(-size // len(part)))[:size] for part, size in zip(parts, (half, len(order) - half), strict=True)
    ]
    return torch.cat(drawn)[torch.randperm(len(order), generator=generator)]


def generator_for(*numbers: int) -> torch.Generator:
    """Return a random generator on the CPU that depends on these numbers alone."""
    seed = 0
    for number in numbers:
        seed = (seed * 1_000_003 + number + 1) % 2**63
    return torch.Generator().manual_seed(seed)


def training_batches(
    images: ImageSource,
    labels: Labels,
    size: int,
    seed: int,
    *,
    balanced: bool = False,
    threads: int = DEFAULT_NUM_WORKERS,
    world: World = ALONE,
    columns: Sequence[str] = (),
) -> ReadAhead:
    """Return the training part, shuffled anew each epoch; `balanced`: with as many pictures of each class.

    `columns` are the clinical ones that the pictures come with.
    """
    pictures = PictureSet(images, labels, columns)
    abnormal = pictures.labels if pictures.labels.ndim == 1 else 1 - pictures.labels[:, 0]  # normal is the first class
    return ReadAhead(pictures, SeededBatches(len(images), size, seed, abnormal if balanced else None, world), threads)


def validation_batches(
    images: ImageSource,
    labels: Labels,
    size: int,
    *,
    threads: int = DEFAULT_NUM_WORKERS,
    world: World = ALONE,
    columns: Sequence[str] = (),
) -> ReadAhead:
    """Return the validation part in its own order, or this process's share of it."""
    in_order = BatchSampler(range(world.rank, len(images), world.size), size, drop_last=False)
    return ReadAhead(PictureSet(images, labels, columns), in_order, threads)
