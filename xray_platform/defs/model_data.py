"""Model data: which recipes a model reads in this store: its own, or those of the models that it joins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xray_platform.defs.launchpad import TensorSettings, part_of
from xray_platform.defs.model_store import current_record, trained_folder
from xray_platform.errors import DataError, InputError
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.store.patches import read_patch_settings
from xray_platform.models.contract import FittedModel, ModelKind
from xray_platform.models.named import load_model
from xray_platform.settings import Settings
from xray_platform.tables.places import Places
from xray_platform.training.clinical_settings import ClinicalSettings


@dataclass(frozen=True)
class ModelData:
    """The recipes that a model reads, and their name for a person.

    `parts` are the fitted parts of an ensemble with their views, `batches` those that the parts learnt from (nothing
    where one of them does not say so), `known` the settings that follow from the patches, `clinical_columns` what a
    network takes beside the picture.
    """

    name: str
    recipes: tuple[Recipe, ...]
    parts: Mapping[str, tuple[FittedModel, int, int]] = field(default_factory=dict)
    batches: tuple[str, ...] = ()
    known: Mapping[str, Any] = field(default_factory=dict)
    clinical_columns: tuple[str, ...] = ()


def model_data(places: Places, kind: ModelKind, config: Settings) -> ModelData:
    """Return what a model of this kind reads with these settings.

    Raises DataError for a recipe that it cannot take, and where a part of it is not trained yet.
    """
    if kind.parts is not None:
        return _of_parts(places, kind, part_of(kind.settings[0], config))
    prepared = part_of(TensorSettings, config)
    recipe = prepared.made(places)
    if recipe.gives not in kind.takes:
        allowed = "; ".join(map(str, kind.takes))
        raise DataError(f"the recipe {prepared.recipe} gives {recipe.gives}; {kind.name} takes {allowed}")
    if kind.from_patches is None:
        columns = config.columns if isinstance(config, ClinicalSettings) else ()
        return ModelData(prepared.recipe, (recipe,), clinical_columns=columns)
    known = kind.from_patches(prepared.tensor_side, read_patch_settings(places, recipe.id))
    return ModelData(prepared.recipe, (recipe,), known=known)


def _of_parts(places: Places, kind: ModelKind, settings: Any) -> ModelData:
    """Return the recipes of the parts, each once, in the order of the parts."""
    assert kind.parts is not None  # noqa: S101 - asked above
    records = [current_record(places, name) for name in kind.parts(settings)]
    several = [record.model for record in records if len(record.recipes) != 1]
    if several:
        raise InputError(f"{kind.name} cannot join {', '.join(several)}: ensembles join single models")
    recipes = tuple({record.recipes[0].id: record.recipes[0] for record in records}.values())
    views = {recipe.id: view for view, recipe in enumerate(recipes)}
    parts = {}
    for record in records:
        recipe = record.recipes[0]
        model = load_model(record.model, trained_folder(places, record))
        parts[record.model] = (model, views[recipe.id], recipe.side or 0)
    learnt = [record.batches for record in records]
    batches = tuple(sorted({batch for each in learnt for batch in each})) if all(learnt) else ()
    return ModelData(" + ".join(parts), recipes, parts, batches)
