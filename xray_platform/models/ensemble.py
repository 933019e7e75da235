"""Ensemble: a model whose parts are models; what each says, in units of what normal pictures differ by, averaged.

The parts may read different recipes: the ensemble takes a view of each picture for every recipe among them
(`image_stack.pack_views`). Which parts are kept is settled on the validation part, greedily from the best one on
(Caruana et al., ICML 2004), where it holds both classes; else all are.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from xray_platform.clinical_columns import columns_of, without_values
from xray_platform.errors import DataError, InputError, StoreError
from xray_platform.image_stack import (
    Heatmaps,
    Images,
    ImageSource,
    Labels,
    Samples,
    Scores,
    SelectedImages,
    batch_slices,
    unpack_view,
)
from xray_platform.models.contract import FitContext, FittedModel, ModelKind, Part
from xray_platform.models.named import load_model
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings

FORM = 1  # of the files; a change that older code cannot read counts it up
CARD, PARTS = "ensemble.json", "parts"
AT_ONCE = 256  # pictures that are read and scored together while it is fitted
SMALLEST_SPREAD = 1e-9
MOST_NORMALS = 1000  # by which differences are measured


class EnsembleSettings(Settings):
    """Which models are joined, and how."""

    parts: str = Field(description="names of the models that are joined, with commas")
    keep: Literal["better", "all"] = Field(
        "better", description="better: parts that raise the AUROC on the validation part; all: every part"
    )
    gain: float = Field(0.001, ge=0, le=0.5, description="AUROC by which a further part must be better to be kept")

    single: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="after")
    def _known(self) -> Self:
        if unknown := [name for name in self.names if name not in self.single]:
            raise ValueError(f"no single model is called {', '.join(unknown)}; there are {', '.join(self.single)}")
        if not self.names:
            raise ValueError(f"an ensemble needs a part; there are {', '.join(self.single)}")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parts, each once."""
        return tuple(dict.fromkeys(name.strip() for name in self.parts.split(",") if name.strip()))


@dataclass(frozen=True)
class EnsemblePart:
    """A fitted model, which view it sees and of what side, and where normal pictures lie: centre and spread."""

    name: str
    model: FittedModel
    view: int
    side: int
    centre: float
    spread: float
    map_spread: float

    def score(self, images: Images) -> Scores:
        """Return how far pictures lie from normal ones, in units of these."""
        said = self.model.score(seen_by(self.model, images, self.view, self.side))
        return np.asarray((said - self.centre) / self.spread, np.float64)

    def heatmap(self, images: Images) -> Heatmaps:
        """Return the part's map in units of what is usual on normal pictures."""
        shown = self.model.heatmap(unpack_view(images, self.view, self.side))
        return np.asarray(shown / self.map_spread, np.float32)


def seen_by(model: FittedModel, images: Images, view: int, side: int) -> Images:
    """Return what a part sees of the pictures; one that takes clinical columns is told none of them here."""
    return without_values(unpack_view(images, view, side), columns_of(model))


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Fitted parts. Images are (N, S, S), or (N, views, S, S) where the parts read several recipes.

    `views` says which of the views that it was fitted with are left, in what order, where those of parts that were not
    kept are gone: the first is that of the best part, and heat maps lie over it.
    """

    settings: EnsembleSettings
    parts: tuple[EnsemblePart, ...]
    offered: tuple[str, ...]
    name: str
    views: tuple[int, ...] = ()

    def of_needed_views(self) -> "Ensemble":
        """Return an ensemble that reads only the views of its parts, that of the best part first."""
        views = tuple(dict.fromkeys(part.view for part in self.parts))
        parts = tuple(replace(part, view=views.index(part.view)) for part in self.parts)
        return replace(self, parts=parts, views=views)

    def score(self, images: Images, *, progress: Progress = silent) -> Scores:
        """Return the mean over the parts, (N,) float64, of how far each sees a picture from normal ones."""
        scores = np.zeros(len(images), np.float64)
        for done, part in enumerate(self.parts, start=1):
            scores += part.score(images) / len(self.parts)
            progress(len(images) * done // len(self.parts), len(images), f"scoring with {self.name}")
        return scores

    def sampled_scores(self, images: Images, *, progress: Progress = silent) -> dict[str, Samples]:
        """Return what each part says, `parts` (M, N), in units of normal pictures; nothing of a single part."""
        if len(self.parts) < 2:
            return {}
        said = []
        for done, part in enumerate(self.parts, start=1):
            said.append(part.score(images))
            progress(len(images) * done // len(self.parts), len(images), f"uncertainty of {self.name}")
        return {"parts": np.stack(said)}

    def heatmap(self, images: Images, *, progress: Progress = silent) -> Heatmaps:
        """Return the mean map, (N, S, S), of the parts that see the first view; others lie elsewhere in the picture."""
        first = [part for part in self.parts if part.view == 0]
        maps = np.zeros((len(images), first[0].side, first[0].side), np.float32)
        for done, part in enumerate(first, start=1):
            maps += part.heatmap(images) / len(first)
            progress(len(images) * done // len(first), len(images), f"heat maps of {self.name}")
        return maps

    def describe(self) -> list[str]:
        """Say in words what it is and what it learnt."""
        kept = [part.name for part in self.parts]
        left = [name for name in self.offered if name not in kept]
        said = f"; {', '.join(left)} made it no better on the validation part and were left out" if left else ""
        return [
            f"{self.name}: {', '.join(kept)} together{said}",
            "score: the mean over them of how far a picture lies from normal ones, in standard deviations of these",
            "heat map: the mean of their maps, each over what is usual on normal pictures",
        ]

    def save(self, folder: Path) -> None:
        """Write `ensemble.json` and each part below `parts/` into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        for part in self.parts:
            part.model.save(folder / PARTS / part.name)
        fields = ("name", "view", "side", "centre", "spread", "map_spread")
        card = {
            "form": FORM,
            "name": self.name,
            "settings": self.settings.model_dump(mode="json"),
            "offered": self.offered,
            "parts": [{field: getattr(part, field) for field in fields} for part in self.parts],
        }
        (folder / CARD).write_text(json.dumps(card, indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path, name: str, settings: type[EnsembleSettings]) -> Self:
        """Return the ensemble that `save` wrote, with settings of its kind.

        Raises StoreError where a file is missing, damaged or of another model.
        """
        try:
            card = json.loads((folder / CARD).read_text())
            if (card["form"], card["name"]) != (FORM, name):
                raise StoreError(f"{folder} holds {card['name']!r} of form {card['form']!r}; {name!r} is wanted")
            parts = tuple(
                EnsemblePart(**said, model=load_model(said["name"], folder / PARTS / said["name"]))
                for said in card["parts"]
            )
            return cls(settings.model_validate(card["settings"]), parts, tuple(card["offered"]), name)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"the ensemble in {folder} is missing or damaged: {error}") from error


def ensemble_model(name: str, description: str, parts: Sequence[str], single: Sequence[str]) -> ModelKind:
    """Return an ensemble of these models as a line of the table; settings can choose others among the single ones."""
    settings = type(
        f"{name}_settings",
        (EnsembleSettings,),
        {
            "__annotations__": {"parts": str},
            "__module__": __name__,
            "__doc__": EnsembleSettings.__doc__,
            "single": tuple(single),
            "parts": Field(", ".join(parts), description=EnsembleSettings.model_fields["parts"].description),
        },
    )

    def fit(train: Part, val: Part, chosen: tuple[Any, ...], context: FitContext) -> FittedModel:
        return fit_ensemble(name, chosen[0], context.parts, train, val, context.progress).of_needed_views()

    def modules() -> set[str]:
        from xray_platform.models.all import MODELS  # which holds this line too

        parts = {module for kind in MODELS.values() if kind.family != "ensemble" for module in kind.modules()}
        return parts | {__name__}

    return ModelKind(
        name=name,
        family="ensemble",
        task="one-class",
        version="2",
        library="scikitlearn",
        description=description,
        learns_from_abnormal=False,
        settings=(settings,),
        recipe="",
        side=0,
        fit=fit,
        load=lambda folder: Ensemble.load(folder, name, settings),
        modules=modules,
        parts=lambda config: config.names,
    )


def fit_ensemble(
    name: str,
    settings: EnsembleSettings,
    parts: Mapping[str, tuple[FittedModel, int, int]],
    train: Part,
    val: Part,
    tell: Progress = silent,
) -> Ensemble:
    """Return the ensemble of these fitted models, each with its view and side, as the validation part likes it.

    How far normal pictures differ is seen on those of the validation part, for the parts have learnt from the others;
    with fewer than two of them, on those of the training part.
    Raises InputError for no parts and DataError where neither has two normal pictures.
    """
    if not parts:
        raise InputError(f"{name} has no parts; name models, with commas")
    normal = _normals(name, train, val)
    measured, scores = [], []
    for number, one in enumerate(parts, start=1):
        part = _measured(one, *parts[one], normal)
        measured.append(part)
        scores.append(np.concatenate([part.score(val.images[rows]) for rows in batch_slices(val.images, AT_ONCE)]))
        tell(number, len(parts), f"validation part judged by {one}")
    both = not val.abnormal.all() and val.abnormal.any()
    choosing = settings.keep == "better" and both
    kept = better_parts(scores, val.abnormal, settings.gain) if choosing else list(range(len(scores)))
    return Ensemble(settings, tuple(measured[number] for number in kept), tuple(parts), name)


def _normals(name: str, train: Part, val: Part) -> ImageSource:
    """Return the normal pictures by which differences are measured."""
    for part in (val, train):
        numbers = np.flatnonzero(~part.abnormal)
        if len(numbers) > 1:
            return SelectedImages(part.images, numbers[:MOST_NORMALS])
    raise DataError(f"{name} needs two normal pictures in the validation or the training part, to see how they differ")


def _measured(name: str, model: FittedModel, view: int, side: int, normal: ImageSource) -> EnsemblePart:
    """Return a part with what is usual on normal pictures: centre and spread of scores, and the height of maps."""
    said, highest = np.empty(len(normal), np.float64), []
    for rows in batch_slices(normal, AT_ONCE):
        seen = seen_by(model, normal[rows], view, side)
        said[rows] = model.score(seen)
        highest.append(float(np.percentile(model.heatmap(seen), 95)))
    spread, usual = float(said.std(ddof=1)), float(np.mean(np.abs(highest)))
    return EnsemblePart(
        name, model, view, side, float(said.mean()), max(spread, SMALLEST_SPREAD), max(usual, SMALLEST_SPREAD)
    )


def better_parts(scores: Sequence[Scores], abnormal: Labels, gain: float) -> list[int]:
    """Return the numbers of the parts that are kept, the best first: each raises the AUROC by at least `gain`."""
    from sklearn.metrics import roc_auc_score  # scikit-learn takes a second to import; those who only score need none

    kept: list[int] = []
    best = -np.inf
    while rest := [number for number in range(len(scores)) if number not in kept]:
        reached = [float(roc_auc_score(abnormal, sum(scores[one] for one in [*kept, number]))) for number in rest]
        if max(reached) < best + gain:
            break
        kept.append(rest[int(np.argmax(reached))])
        best = max(reached)
    return kept
