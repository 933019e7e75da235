"""Second train: let the second look learn, from what a taught text detector takes for writing, what of it is."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from xray_platform.dicom.burned_in.cuts import Cuts
from xray_platform.dicom.burned_in.lines import LIKELY
from xray_platform.errors import InputError
from xray_platform.networks.second_look import SecondLook
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings
from xray_platform.training.schedule import warm_up_then_cosine
from xray_platform.training.writing.dataset import Material, make_lesson
from xray_platform.training.writing.second_dataset import VIEW, pieces_in, real_pieces
from xray_platform.training.writing.train import looked_through
from xray_platform.training.writing.words import Chance

KEPT = 0.995  # of the moving average of the weights at each step
SOFT = 0.01  # truth is that far from 0 and 1
PICTURES, CHANCES = (0, 3), (1, 2, 4)  # layers of a cut


class SecondTraining(Settings):
    """How the second look learns."""

    lessons: int = Field(8000, ge=1, le=1_000_000, description="lessons of 448 x 448 pixels, some three pieces each")
    bare: float = Field(
        0.75, ge=0, le=1, description="share of the lessons in pictures that bear no writing of their own"
    )
    rounds: int = Field(3, ge=0, le=100, description="times that the pictures are looked through for real writing")
    batch: int = Field(64, ge=2, le=1024, multiple_of=2, description="cuts a step, one half of them writing")
    steps: int = Field(2000, ge=1, le=500_000, description="steps of AdamW")
    rate: float = Field(2e-3, gt=0, le=0.1, description="greatest learning rate; it falls along half a cosine")
    threads: int = Field(2, ge=1, le=64, description="threads of torch")
    seed: int = Field(0, ge=0, description="of the pieces and the first weights")


def teach_second_look(
    material: Material,
    detector: nn.Module,
    settings: SecondTraining = SecondTraining(),
    progress: Progress = silent,
) -> SecondLook:
    """Return a second look taught on what this detector takes for writing in lessons from this material.

    Raises InputError where that is all writing, or none is.
    """
    torch.set_num_threads(settings.threads)
    detector.eval()
    material = _more_bare(looked_through(material, detector, LIKELY, progress), settings.bare)
    writing: list[Cuts] = []
    other: list[Cuts] = []
    pictures, chance = (
        [picture for each in material.sets for picture in each],
        np.random.default_rng((settings.seed, 10)),
    )
    for number in range(settings.rounds):
        writing += [piece.cuts for piece in real_pieces(pictures, detector, chance)]
        progress(number + 1, settings.rounds, "looking for real writing")
    for number in range(settings.lessons):
        lesson = make_lesson(material, np.random.default_rng((settings.seed, 8, number)), VIEW)
        for piece in pieces_in(lesson, detector):
            (writing if piece.writing else other).append(piece.cuts)
        progress(number + 1, settings.lessons, "looking for what seems to be writing")
    if not writing or not other:
        found = "nothing but writing" if writing else "no writing"
        raise InputError(
            f"the text detector found {found} in {settings.lessons:,} lessons: there is nothing to tell apart"
        )
    return learn_second_look(writing, other, settings, progress)


def _more_bare(material: Material, share: float) -> Material:
    """Return the material with that share of pictures that are known to bear no writing, where it has both kinds."""
    bare = np.array([all(picture.bare for picture in pictures) for pictures in material.sets])
    shares = np.asarray(material.shares)
    if not bare.any() or bare.all():
        return material
    scaled = np.where(bare, share * shares / shares[bare].sum(), (1 - share) * shares / shares[~bare].sum())
    return replace(material, shares=scaled.tolist())


def learn_second_look(
    writing: Sequence[Cuts], other: Sequence[Cuts], settings: SecondTraining, progress: Progress = silent
) -> SecondLook:
    """Return a second look taught on cuts (windows, 5, 48, 96) of pieces; a moving average of the weights is kept."""
    torch.manual_seed(settings.seed)
    chance, half = np.random.default_rng((settings.seed, 9)), settings.batch // 2
    network = SecondLook().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=1e-3)
    average = torch.optim.swa_utils.AveragedModel(network, avg_fn=_moving_average, use_buffers=True)
    truth = torch.cat([torch.full((half,), 1 - SOFT), torch.full((half,), SOFT)])
    losses: list[float] = []
    for step in range(settings.steps):
        for group in optimiser.param_groups:
            group["lr"] = settings.rate * warm_up_then_cosine(step, settings.steps, 0.03)
        cuts = _varied(np.stack([*_drawn(writing, half, chance), *_drawn(other, half, chance)]), chance)
        network.train()
        loss = binary_cross_entropy_with_logits(network(cuts), truth)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update_parameters(network)
        losses.append(float(loss.detach()))
        progress(step + 1, settings.steps, f"teaching the second look, loss {np.mean(losses[-100:]):.4f}")
    network.load_state_dict(average.module.state_dict())
    network.eval()
    return network


def _moving_average(average: Tensor, value: Tensor, _: Tensor | int) -> Tensor:
    return torch.lerp(average, value, 1 - KEPT) if average.is_floating_point() else value


def _drawn(pieces: Sequence[Cuts], count: int, chance: Chance) -> list[Cuts]:
    chosen = [pieces[int(number)] for number in chance.integers(len(pieces), size=count)]
    return [cuts[int(chance.integers(len(cuts)))] for cuts in chosen]


def _varied(cuts: Cuts, chance: Chance) -> Tensor:
    """Return cuts (N, 5, 48, 96) in [0, 1], mirrored or turned as one, each at its own contrast, some as negatives."""
    varied = torch.from_numpy(cuts).float().div_(255).contiguous(memory_format=torch.channels_last)
    for axis in (2, 3):
        varied = varied.flip(axis) if chance.random() < 0.5 else varied
    gain, shift, surer = (
        torch.from_numpy(each[:, None, None, None].astype(np.float32))
        for each in (
            chance.uniform(0.6, 1.2, len(cuts)) * chance.choice([1, 1, 1, -1], len(cuts)),
            chance.normal(0, 0.08, len(cuts)) + 0.5,
            chance.uniform(0.7, 1.15, len(cuts)),
        )
    )
    varied[:, PICTURES] = ((varied[:, PICTURES] - 0.5) * gain + shift).clamp(0, 1)
    varied[:, CHANCES] = (varied[:, CHANCES] * surer).clamp(0, 1)
    return varied
