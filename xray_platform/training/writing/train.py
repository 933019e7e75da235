"""Train: the text detector, on made-up writing in radiographs, in rounds.

Radiographs bear writing of their own, of which no list exists. The first round learns in spite of it; what it then
finds in the pictures as they are counts neither for nor against writing in the second.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader, IterableDataset

from xray_platform.networks.text_detector import STRIDE, TextDetector, TextDetectorSettings
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings
from xray_platform.training.writing.backgrounds import backgrounds, bare_backgrounds, phantom_backgrounds
from xray_platform.training.writing.dataset import (
    LARGEST,
    MARKER_IN_DOUBT,
    SMALLEST,
    TEXT_IN_DOUBT,
    Background,
    Material,
    make_example,
)
from xray_platform.training.writing.fonts import FontSet, find_fonts
from xray_platform.training.writing.render import Writing, write
from xray_platform.training.writing.scene import Grey
from xray_platform.training.writing.step_loop import fit_in_steps

EXAMPLES = 300
MISTAKEN = 0.3
"""Probability of writing above which a place in a picture without any is a mistake to learn from."""
WEIGHT_DECAY = 1e-4
EMA_DECAY = 0.998  # of the moving average of the weights at each step


class WritingTrainingSettings(Settings):
    """How the text detector learns."""

    width: int = Field(24, ge=8, le=64, multiple_of=8, description="channels of the network's first stage")
    deeper: int = Field(32, ge=8, le=64, multiple_of=8, description="channels of its second stage")
    pictures: int = Field(1500, ge=1, le=100_000, description="pictures of one set to write upon, drawn at random")
    phantoms: int = Field(60, ge=0, le=10_000, description="made-up radiographs to write upon")
    writings: int = Field(
        12_000, ge=10, le=1_000_000, description="pieces of writing that are drawn once and used often"
    )
    batch_size: int = Field(32, ge=1, le=512, description="crops of 256 x 256 pixels a step")
    steps: int = Field(10_000, ge=1, le=500_000, description="steps of AdamW in all")
    last_round: float = Field(
        0.8, gt=0, le=1, description="share of the steps after which they are looked through again, and more is sure"
    )
    first_round: float = Field(
        0.25, ge=0, lt=1, description="share of the steps after which the pictures are looked through"
    )
    learning_rate: float = Field(2e-3, gt=0, le=0.1, description="greatest learning rate; it falls along half a cosine")
    workers: int = Field(1, ge=0, le=32, description="processes that make examples")
    threads: int = Field(2, ge=1, le=64, description="threads of torch")
    seed: int = Field(0, ge=0, description="of the examples and the first weights")


def make_material(
    folders: Sequence[Path],
    settings: WritingTrainingSettings = WritingTrainingSettings(),
    progress: Progress = silent,
    bare: Path | None = None,
) -> Material:
    """Return what examples are made of: half of the subjects of each set, phantoms, and the fonts to train on.

    `bare` is a folder of pictures that bear no writing but markers: what is taken for writing there is unlearnt.
    Raises InputError where a folder holds no list of its pictures, or where this machine has no fonts.
    """
    fonts = FontSet([font for font in find_fonts(progress=progress) if font.split == "train"])
    sets = backgrounds(folders, settings.pictures, settings.seed, progress)
    weights = [len(pictures) ** 0.25 for pictures in sets]
    shares = [0.82 * weight / sum(weights) for weight in weights]
    if settings.phantoms:
        sets.append(phantom_backgrounds(settings.phantoms, settings.seed, progress))
        shares.append(0.18)
    if bare is not None:
        sets.append(bare_backgrounds(bare, settings.pictures, settings.seed, progress))
        shares.append(0.25)
    total = sum(shares)
    return Material(sets, [share / total for share in shares], make_writings(fonts, settings, progress), fonts)


def examples_of(material: Material, seed: int) -> list[Grey]:
    """Return crops (256, 256) uint8 of examples, for who wants to see what the detector answers to them."""
    return [make_example(material, np.random.default_rng((seed, 7, number))).grey for number in range(EXAMPLES)]


def make_writings(fonts: FontSet, settings: WritingTrainingSettings, progress: Progress = silent) -> list[Writing]:
    """Return pieces of writing of 5 to 50 pixels, sizes even on a scale of ratios."""
    made = []
    for number in range(settings.writings):
        rng = np.random.default_rng((settings.seed, 5, number))
        size = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
        made.append(write(fonts, size, rng))
        progress(number + 1, settings.writings, "writing")
    return made


class WritingDataset(IterableDataset[tuple[Tensor, Tensor, Tensor]]):
    """Endless examples as tensors: crop (1, 256, 256) uint8, target and weight (5, 64, 64) float32."""

    def __init__(self, material: Material, seed: int) -> None:
        self.material, self.seed = material, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        worker = torch.utils.data.get_worker_info()
        number, step = (worker.id, worker.num_workers) if worker is not None else (0, 1)
        torch.set_num_threads(1)
        while True:
            example = make_example(self.material, np.random.default_rng((self.seed, 6, number)))
            yield tuple(torch.from_numpy(part) for part in (example.grey[None], example.target, example.weight))  # type: ignore[misc]
            number += step


def fit_text_detector(
    material: Material,
    settings: WritingTrainingSettings,
    progress: Progress = silent,
) -> TextDetector:
    """Return a text detector trained on examples from this material: the moving average of its weights."""
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    network = TextDetector(TextDetectorSettings(width=settings.width, deeper=settings.deeper))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    bars = {round(settings.steps * settings.first_round): 0.3, round(settings.steps * settings.last_round): 0.9}
    examples = iter(_loader(material, settings, settings.seed))

    def loss_at(step: int, average: nn.Module) -> Tensor:
        nonlocal material, examples
        if step and step in bars:
            material = looked_through(material, average, bars[step], progress)
            examples = iter(_loader(material, settings, settings.seed + step))
        grey, target, weight = next(examples)
        pictures = grey.float().div_(255).contiguous(memory_format=torch.channels_last)
        return writing_loss(network(pictures), target, weight)

    fit_in_steps(
        network,
        loss_at,
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        weight_decay=WEIGHT_DECAY,
        ema_decay=EMA_DECAY,
        progress=progress,
    )
    return network


def writing_loss(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Return the loss of logits (N, 5, h, w): cross entropy, hard cells count more (Lin et al. 2017), and overlap."""
    entropy = binary_cross_entropy_with_logits(logits, target, reduction="none")
    hardness = (1 - torch.exp(-entropy)).detach()
    balanced = entropy * (0.1 + hardness) * torch.where(target > 0, 3.0, 1.0) * weight
    seen = torch.sigmoid(logits) * weight
    both = (seen * target).sum((0, 2, 3))
    overlap = (2 * both + 1) / (seen.sum((0, 2, 3)) + (target * weight).sum((0, 2, 3)) + 1)
    shares = torch.tensor([1.0, 0.3, 0.3, 0.3, 0.3])
    return torch.add(
        10 * (balanced.sum((0, 2, 3)) / weight.sum((0, 2, 3)).clamp_min(1) * shares).sum(),
        ((1 - overlap) * shares).mean(),
    )


def _loader(material: Material, settings: WritingTrainingSettings, seed: int) -> Any:
    return DataLoader(
        WritingDataset(material, seed),
        batch_size=settings.batch_size,
        num_workers=settings.workers,
        multiprocessing_context="fork" if settings.workers else None,
    )


def looked_through(material: Material, network: nn.Module, bar: float, progress: Progress = silent) -> Material:
    """Return the material with those places marked at which its pictures seem to bear writing, with more than `bar`.

    In pictures that are known to bear none these are mistakes, and are looked at often; in others they do not count.
    """
    network.eval()
    total, done, sets = sum(len(each) for each in material.sets), 0, []
    for pictures in material.sets:
        marked = []
        for background in pictures:
            marked.append(_looked_at(background, network, bar))
            done += 1
            progress(done, total, "looking through the pictures")
        sets.append(marked)
    return replace(material, sets=sets)


def _looked_at(background: Background, network: nn.Module, bar: float) -> Background:
    if not background.bare:
        return replace(background, doubtful=_seeming(background, network, bar))
    seeming = _seeming(background, network, MISTAKEN)
    _, _, _, middles = cv2.connectedComponentsWithStats(np.asarray(seeming & TEXT_IN_DOUBT, np.uint8))
    mistakes = tuple((round(float(y)), round(float(x))) for x, y in middles[1:])
    return replace(background, doubtful=seeming & MARKER_IN_DOUBT, mistakes=mistakes)


def _seeming(background: Background, network: nn.Module, bar: float) -> Any:
    scales = (2.0, 1.0) if max(background.grey.shape) < 400 else (1.0, 0.5)
    found = np.zeros(background.grey.shape, np.uint8)
    for scale in scales:
        grey = np.asarray(cv2.resize(background.grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
        rows, columns = grey.shape
        whole = np.asarray(cv2.copyMakeBorder(grey, 0, -rows % 32, 0, -columns % 32, cv2.BORDER_REFLECT_101))
        with torch.inference_mode():
            seen = torch.sigmoid(network(torch.from_numpy(whole)[None, None].float() / 255))[0].numpy()
        text, marker = (
            cv2.dilate((each > least).astype(np.uint8), np.ones((5, 5), np.uint8))
            for each, least in ((seen[0], bar), (seen[1:].max(0), 0.3))
        )
        cells = np.asarray(text * TEXT_IN_DOUBT + marker * MARKER_IN_DOUBT, np.uint8)
        large = np.kron(cells, np.ones((STRIDE, STRIDE), np.uint8))[:rows, :columns]
        found |= np.asarray(cv2.resize(large, found.shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)
    return found
