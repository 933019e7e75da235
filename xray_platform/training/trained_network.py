"""Trained network: the frozen result of a fit, which scores pictures and shows where it looked."""

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from xray_platform.clinical_columns import ClinicalColumn, check_taken, pictures_of, without_values
from xray_platform.errors import InputError, StoreError
from xray_platform.image_stack import Embeddings, Heatmaps, Images, Samples, Scores, batch_slices, check_images
from xray_platform.networks.all import NETWORKS
from xray_platform.networks.clinical import told_columns
from xray_platform.networks.contract import NetworkKind, NetworkModule
from xray_platform.networks.members import NetworkMembers
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings
from xray_platform.training.abnormal_score import abnormal_score
from xray_platform.training.as_tensor import as_tensor
from xray_platform.training.device import scoring_device
from xray_platform.training.explain.all import EXPLANATIONS
from xray_platform.training.explain.gradcam import abnormal_logit
from xray_platform.training.openvino_graph import OpenVinoGraph, load_graph
from xray_platform.training.sampled_logits import dropout_logits, has_dropout, member_logits
from xray_platform.training.scoring_form import ScoringForm, scoring_graph
from xray_platform.training.test_time import averaged
from xray_platform.training.training_settings import TrainingSettings

FORM = 6  # of the files; a change that older code cannot read counts it up
WITHOUT_GRAPH = (4, 5)
WEIGHTS, CARD = "weights.safetensors", "network.json"
OPTIMIZERS = {"adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop"}


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A network that exists is trained; it scores pictures of `side` px and does not know its threshold.

    One with `clinical_columns` scores images (N, 2, S, S), see `clinical_columns.py`; what it sees in a picture
    (`embed`) and its maps are made of the picture alone.

    `history` has the metrics of each epoch; `best_epoch` is the epoch (from 0) whose weights were kept. `classes` are
    those that it tells apart, the first of them normal; none of a network that only knows normal and abnormal.
    On a processor it scores by its graph (`exported`, made where there is none), on a GPU by its module.
    """

    name: str
    settings: Settings
    training: TrainingSettings
    side: int
    module: nn.Module = field(repr=False)
    history: tuple[dict[str, float], ...] = field(repr=False)
    best_epoch: int
    classes: tuple[str, ...] = ()
    exported: OpenVinoGraph | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.module.to(scoring_device(self.training.device)).eval().requires_grad_(requires_grad=False)

    @property
    def clinical_columns(self) -> tuple[ClinicalColumn, ...]:
        """What it takes beside the picture; nothing unless it was trained so."""
        return self.training.columns

    def score(self, images: Images, *, progress: Progress = silent) -> Scores:
        """Return the logit of each picture, (N,) float64, for pictures (N, S, S) in [0, 1]; higher is more abnormal.

        Raises `InputError` where the pictures have another shape, side or range.
        """
        if self.training.target != "abnormal":
            return abnormal_score(self.class_logits(images, progress=progress), self.training.target)
        return self._outputs(images, (), progress)

    def class_logits(self, images: Images, *, progress: Progress = silent) -> Scores:
        """Return the logit of each class, (N, K) float64, in the order of `classes`; (N, 0) without any."""
        if not self.classes:
            return np.empty((len(images), 0), np.float64)
        return self._outputs(images, (len(self.classes),), progress)

    def _outputs(self, images: Images, shape: tuple[int, ...], progress: Progress) -> Scores:
        stack, outputs = self._taken(images), np.empty((len(images), *shape), np.float64)
        with torch.inference_mode():
            for part in batch_slices(stack, self.training.scoring_batch_size):
                said = averaged(self._logits, self._placed(stack[part]), self.training.test_time_views)
                outputs[part] = said.cpu().numpy()
                progress(min(part.stop, len(stack)), len(stack), f"scoring with {self.name}")
        return outputs

    def _logits(self, images: torch.Tensor) -> torch.Tensor:
        return self._scored(images)[0]

    def _scored(self, images: torch.Tensor) -> Sequence[torch.Tensor]:
        """Return the logits and the embedding of images on the network's device."""
        if images.device.type != "cpu":
            said: tuple[torch.Tensor, torch.Tensor] = ScoringForm(self.module)(images)
            return said
        return [torch.from_numpy(said) for said in self.graph(images.numpy(), threads=torch.get_num_threads())]

    @cached_property
    def graph(self) -> OpenVinoGraph:
        """The network as it scores on a processor."""
        return self.exported or scoring_graph(self.module, self.side, 2 if self.clinical_columns else 1)

    def embed(self, images: Images, *, progress: Progress = silent) -> Embeddings:
        """Return what the network sees in each image, (N, C) float32: its last maps, averaged over the places."""
        stack = self._taken(without_values(images, self.clinical_columns))
        seen = []
        with torch.inference_mode():
            for part in batch_slices(stack, self.training.scoring_batch_size):
                seen.append(self._scored(self._placed(stack[part]))[1].cpu().numpy())
                progress(min(part.stop, len(stack)), len(stack), f"looking with {self.name}")
        return np.concatenate(seen) if seen else np.empty((0, 0), np.float32)

    def sampled_scores(self, images: Images, *, progress: Progress = silent) -> dict[str, Samples]:
        """Return what it might have said of each picture instead, (times, N), by why it might: `dropout`, `members`.

        Pictures (N, S, S) in [0, 1], each seen once, without test-time views. What cannot be asked is left out.
        """
        stack, passes = self._taken(images), self.training.dropout_passes
        wanted, network = partial(abnormal_logit, target=self.training.target), self.module
        ways: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {}
        if passes and has_dropout(network):
            ways["dropout"] = lambda part: dropout_logits(network, part, passes, wanted)
        if isinstance(network, NetworkMembers):
            ways["members"] = lambda part: member_logits(network, part, wanted)
        said: dict[str, list[Samples]] = {name: [] for name in ways}
        with torch.inference_mode():
            for part in batch_slices(stack, self.training.scoring_batch_size) if ways else ():
                placed = self._placed(stack[part])
                for name, way in ways.items():
                    said[name].append(way(placed).cpu().numpy().astype(np.float64))
                progress(min(part.stop, len(stack)), len(stack), f"uncertainty of {self.name}")
        return {name: np.concatenate(parts, axis=1) for name, parts in said.items() if parts}

    def heatmap(self, images: Images, *, progress: Progress = silent) -> Heatmaps:
        """Return maps (N, S, S) float32 of the evidence for abnormal, at least 0, comparable over pictures.

        How they are made says the setting `heatmap` of the training.
        """
        return self._maps(images, partial(abnormal_logit, target=self.training.target), progress)

    def class_heatmap(self, images: Images, name: str, *, progress: Progress = silent) -> Heatmaps:
        """Return maps (N, S, S) of the evidence for one of its classes; InputError for any other."""
        if name not in self.classes:
            raise InputError(f"{self.name} knows no class {name!r}; it knows {', '.join(self.classes) or 'none'}")
        place = self.classes.index(name)
        return self._maps(images, lambda logits: logits[:, place], progress)

    def _maps(self, images: Images, wanted: Callable[[torch.Tensor], torch.Tensor], progress: Progress) -> Heatmaps:
        stack = check_images(pictures_of(images) if self.clinical_columns else images, side=self.side)
        maps, make = np.empty_like(stack), EXPLANATIONS[self.training.heatmap].make
        for part in batch_slices(stack, self.training.scoring_batch_size):
            maps[part] = make(self.module, self._placed(stack[part]), wanted).cpu().numpy()  # type: ignore[arg-type]
            progress(min(part.stop, len(stack)), len(stack), f"heat maps of {self.name}")
        return maps

    @property
    def weight_groups(self) -> int:
        """How many groups of weights there are from the input to the output."""
        groups: NetworkModule = self.module  # type: ignore[assignment]
        return len(groups.parameter_groups())

    def with_random_weights(self, groups: int, seed: int = 0) -> "TrainedNetwork":
        """Return this network with its last `groups` groups of weights as before any training.

        A map that stays the same then shows the picture, and not what was learnt (Adebayo et al., NeurIPS 2018).
        """
        changed, kind = copy.deepcopy(self.module), NETWORKS[self.name]
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            fresh = built(kind, self.settings, self.training, len(self.classes) or 1)
            for member in fresh.each() if isinstance(fresh, NetworkMembers) else [fresh]:
                if kind.initialise is not None:
                    kind.initialise(member, self.settings)  # type: ignore[arg-type]
        pairs = zip(changed.parameter_groups(), fresh.parameter_groups(), strict=True)  # type: ignore[operator]
        for old, new in list(pairs)[self.weight_groups - groups :]:
            old.load_state_dict(new.state_dict())
        return replace(self, module=changed, exported=None)

    def _taken(self, images: Images) -> Images:
        return check_taken(images, self.clinical_columns, side=self.side)

    def _placed(self, images: Images) -> torch.Tensor:
        return as_tensor(images).to(next(self.module.parameters()).device)

    def describe(self) -> list[str]:
        """Say in words what it is and how it was trained."""
        kind, best = NETWORKS[self.name], self.history[self.best_epoch]
        parameters = sum(weights.numel() for weights in self.module.parameters())
        optimizer = OPTIMIZERS[self.training.optimizer]
        last = self.training.seed + self.training.members - 1
        seeds = f"seed {self.training.seed}" if self.training.members == 1 else f"seeds {self.training.seed} to {last}"
        trained = f"trained for {len(self.history)} epochs with {optimizer}, {seeds}"
        kept = f"kept is epoch {self.best_epoch + 1}, with a validation AUROC of {best['val_auroc']:.4f}"
        return [
            f"{self.name}: {kind.description}",
            f"takes pictures of {self.side} x {self.side} px in [0, 1]; {parameters:,} parameters",
            f"{trained}; {kept}",
            *(
                [f"{self.training.members} networks, whose logits are averaged; epochs are those of the first"]
                if self.training.members > 1
                else []
            ),
            f"score: the logit of being abnormal; heat map: {EXPLANATIONS[self.training.heatmap].words}",
            *([f"began with the weights {self.training.weights}"] if self.training.weights else []),
            *([f"tells apart {', '.join(self.classes)}"] if self.classes else []),
            *(
                [f"is told {self.training.clinical_columns} beside the picture, where known; maps are of the picture"]
                if self.clinical_columns
                else []
            ),
        ]

    def save(self, folder: Path) -> None:
        """Write weights, `network.json` and the graph into `folder`, which is made where it is missing."""
        self.graph.save(folder)
        weights = {name: value.cpu().contiguous() for name, value in self.module.state_dict().items()}
        save_file(weights, folder / WEIGHTS)
        card = {
            "form": FORM,
            "name": self.name,
            "settings": self.settings.model_dump(mode="json"),
            "training": self.training.model_dump(mode="json"),
            "side": self.side,
            "history": list(self.history),
            "best_epoch": self.best_epoch,
            "classes": list(self.classes),
        }
        (folder / CARD).write_text(json.dumps(card, indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the network that `save` wrote.

        Raises `StoreError` where a file is missing or damaged, or was written by a newer form of the platform.
        """
        card = _read_card(folder / CARD)
        try:
            kind = NETWORKS[card["name"]]
            settings = kind.settings.model_validate(card["settings"])
            classes = tuple(card.get("classes", ()))
            training = TrainingSettings.model_validate(card["training"])
            module = built(kind, settings, training, len(classes) or 1)
            module.load_state_dict(load_file(folder / WEIGHTS))
            history = tuple(card["history"])
            graph = None if card["form"] in WITHOUT_GRAPH else load_graph(folder)
            return cls(kind.name, settings, training, card["side"], module, history, card["best_epoch"], classes, graph)
        except (OSError, KeyError, ValueError, RuntimeError, SafetensorError) as error:
            raise StoreError(f"the network in {folder} cannot be read: {error}") from error


def built(kind: NetworkKind, settings: Settings, training: TrainingSettings, outputs: int) -> nn.Module:
    """Return a network of this kind, not trained yet; several as one where the training has members."""
    each = [
        told_columns(kind.build(settings, outputs), training.columns, kind.smallest_side)
        for _ in range(training.members)
    ]
    return each[0] if training.members == 1 else NetworkMembers(each)


def _read_card(file: Path) -> dict[str, Any]:
    try:
        card: dict[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise StoreError(f"{file} is missing or damaged: {error}") from error
    if card.get("form") not in {*WITHOUT_GRAPH, FORM}:
        allowed = ", ".join(map(str, (*WITHOUT_GRAPH, FORM)))
        raise StoreError(f"{file} has form {card.get('form')!r}; this version reads {allowed}: train the model again")
    return card
