"""Train the verifier: from what a trained text detector takes for writing it learns what of it is."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from xray_platform.dicom.burned_in.crops import Crops
from xray_platform.dicom.burned_in.lines import LIKELY
from xray_platform.errors import InputError
from xray_platform.networks.text_verifier import TextVerifier
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings
from xray_platform.training.writing.dataset import Material, make_example
from xray_platform.training.writing.step_loop import fit_in_steps
from xray_platform.training.writing.train import looked_through
from xray_platform.training.writing.verifier_dataset import VIEW, candidates_as_they_are, candidates_in
from xray_platform.training.writing.words import Rng

WEIGHT_DECAY = 1e-3
EMA_DECAY = 0.995  # of the moving average of the weights at each step
SMOOTHING = 0.01  # target is that far from 0 and 1
PICTURES, PROBABILITIES = (0, 3), (1, 2, 4)  # layers of a crop


class VerifierTrainingSettings(Settings):
    """How the verifier learns."""

    examples: int = Field(
        8000, ge=1, le=1_000_000, description="examples of 448 x 448 pixels, some three candidates each"
    )
    bare: float = Field(
        0.75, ge=0, le=1, description="share of the examples in pictures that bear no writing of their own"
    )
    rounds: int = Field(3, ge=0, le=100, description="times that the pictures are looked through as they are")
    batch_size: int = Field(64, ge=2, le=1024, multiple_of=2, description="crops a step, one half of them writing")
    steps: int = Field(2000, ge=1, le=500_000, description="steps of AdamW")
    learning_rate: float = Field(2e-3, gt=0, le=0.1, description="greatest learning rate; it falls along half a cosine")
    threads: int = Field(2, ge=1, le=64, description="threads of torch")
    seed: int = Field(0, ge=0, description="of the candidates and the first weights")


def train_verifier(
    material: Material,
    detector: nn.Module,
    settings: VerifierTrainingSettings = VerifierTrainingSettings(),
    progress: Progress = silent,
) -> TextVerifier:
    """Return a verifier trained on what this detector takes for writing in examples from this material.

    Raises InputError where that is all writing, or none is.
    """
    torch.set_num_threads(settings.threads)
    detector.eval()
    material = _more_bare(looked_through(material, detector, LIKELY, progress), settings.bare)
    writing: list[Crops] = []
    other: list[Crops] = []
    rng = np.random.default_rng((settings.seed, 10))
    pictures = [picture for each in material.sets for picture in each]
    for number in range(settings.rounds):
        for candidate in candidates_as_they_are(pictures, detector, rng):
            (writing if candidate.writing else other).append(candidate.crops)
        progress(number + 1, settings.rounds, "looking through the pictures as they are")
    for number in range(settings.examples):
        example = make_example(material, np.random.default_rng((settings.seed, 8, number)), VIEW)
        for candidate in candidates_in(example, detector):
            (writing if candidate.writing else other).append(candidate.crops)
        progress(number + 1, settings.examples, "looking for what seems to be writing")
    if not writing or not other:
        found = "nothing but writing" if writing else "no writing"
        raise InputError(
            f"the text detector found {found} in {settings.examples:,} examples: there is nothing to tell apart"
        )
    return fit_verifier(writing, other, settings, progress)


def _more_bare(material: Material, share: float) -> Material:
    """Return the material with that share of pictures that are known to bear no writing, where it has both kinds."""
    bare = np.array([all(picture.bare for picture in pictures) for pictures in material.sets])
    shares = np.asarray(material.shares)
    if not bare.any() or bare.all():
        return material
    scaled = np.where(bare, share * shares / shares[bare].sum(), (1 - share) * shares / shares[~bare].sum())
    return replace(material, shares=scaled.tolist())


def fit_verifier(
    writing: Sequence[Crops], other: Sequence[Crops], settings: VerifierTrainingSettings, progress: Progress = silent
) -> TextVerifier:
    """Return a verifier trained on crops (windows, 5, 48, 96) of candidates; the moving average of its weights."""
    torch.manual_seed(settings.seed)
    rng, half = np.random.default_rng((settings.seed, 9)), settings.batch_size // 2
    network = TextVerifier()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    target = torch.cat([torch.full((half,), 1 - SMOOTHING), torch.full((half,), SMOOTHING)])

    def loss_at(_step: int, _average: nn.Module) -> Tensor:
        crops = _varied(np.stack([*_drawn(writing, half, rng), *_drawn(other, half, rng)]), rng)
        return binary_cross_entropy_with_logits(network(crops), target)

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


def _drawn(candidates: Sequence[Crops], count: int, rng: Rng) -> list[Crops]:
    chosen = [candidates[int(number)] for number in rng.integers(len(candidates), size=count)]
    return [crops[int(rng.integers(len(crops)))] for crops in chosen]


def _varied(crops: Crops, rng: Rng) -> Tensor:
    """Return crops (N, 5, 48, 96) in [0, 1], mirrored or turned as one, each at its own contrast, some as negatives."""
    varied = torch.from_numpy(crops).float().div_(255).contiguous(memory_format=torch.channels_last)
    for axis in (2, 3):
        varied = varied.flip(axis) if rng.random() < 0.5 else varied
    gain, shift, surer = (
        torch.from_numpy(each[:, None, None, None].astype(np.float32))
        for each in (
            rng.uniform(0.6, 1.2, len(crops)) * rng.choice([1, 1, 1, -1], len(crops)),
            rng.normal(0, 0.08, len(crops)) + 0.5,
            rng.uniform(0.7, 1.15, len(crops)),
        )
    )
    varied[:, PICTURES] = ((varied[:, PICTURES] - 0.5) * gain + shift).clamp(0, 1)
    varied[:, PROBABILITIES] = (varied[:, PROBABILITIES] * surer).clamp(0, 1)
    return varied
