"""Launchpad: which settings of the rooms below an asset takes, and how those of several parts become one."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal, cast

from pydantic import Field

from xray_platform.errors import StoreError
from xray_platform.evaluation.evaluate import EvaluationSettings, OneClassEvaluationSettings
from xray_platform.imaging.named_recipe import NamedRecipe
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.recipes import RECIPES, known_recipes, named_recipe
from xray_platform.imaging.store.patch_settings import PatchSettings
from xray_platform.models.all import MODELS
from xray_platform.models.contract import ModelKind
from xray_platform.settings import Settings
from xray_platform.tables.places import Places

NOTHING: Mapping[str, Any] = {}


class TensorSettings(Settings):
    """Which tensors are made or read."""

    tensor_side: int = Field(128, ge=32, le=1024, description="height and width of the tensors, in pixels")
    recipe: str = Field("default", description="how pictures are prepared: the name of a recipe")

    @property
    def tensors(self) -> "TensorSettings":
        """These settings alone, of a class that has more."""
        return TensorSettings(tensor_side=self.tensor_side, recipe=self.recipe)

    @property
    def asset(self) -> str:
        """The name of the asset that makes these tensors: `tensors_`, then the recipe and the side."""
        return f"tensors_{re.sub(r'[^a-z0-9]+', '_', self.recipe.lower())}_{self.tensor_side}"

    def made(self, places: Places) -> Recipe:
        """Return the recipe that these settings name in a store; raises InputError where there is none of this name."""
        return named_recipe(self.recipe, self.tensor_side, known_recipes(places))


class PatchIndexSettings(PatchSettings, TensorSettings):
    """Which patches are cut, and whether they are also written as files."""

    write_files: bool = Field(False, description="write each patch as PNG below data/patches/{normal,anomaly}")


def combined_settings(name: str, *parts: type[Settings]) -> type[Settings]:
    """Return a settings class with the fields of all `parts`; two parts must not share a field."""
    fields = [field for part in parts for field in part.model_fields]
    if len(fields) != len(set(fields)):
        shared = sorted({field for field in fields if fields.count(field) > 1})
        message = f"the settings of {name} share the fields {shared}; each must be there once"
        raise TypeError(message)
    return type(f"{name}_settings", parts, {"__doc__": f"Settings of `{name}`.", "__module__": __name__})


def part_of(part: type[Settings], config: Settings, known: Mapping[str, Any] = NOTHING) -> Any:
    """Return the settings of one part out of a launchpad value, which need not have those that are known already."""
    asked = [field for field in part.model_fields if field not in known]
    return part.model_validate({**{field: getattr(config, field) for field in asked}, **known})


def with_recipes(kind: type[Settings], recipes: Mapping[str, NamedRecipe]) -> type[Settings]:
    """Return a settings class whose setting `recipe` allows just these names; a class without one as it is."""
    if not issubclass(kind, TensorSettings):
        return kind
    described = "; ".join(f"{named.name}, {named.description}" for named in recipes.values())
    field = Field(kind.model_fields["recipe"].default, description=f"how pictures are prepared: {described}")
    namespace = {
        "__annotations__": {"recipe": Literal[tuple(recipes)]},
        "recipe": field,
        "__doc__": kind.__doc__,
        "__module__": kind.__module__,
    }
    return cast("type[Settings]", type(kind.__name__, (kind,), namespace))


def tensors_in_use(settings: Collection[Settings]) -> list[TensorSettings]:
    """Return which tensors these settings name, each once, in the order of their assets' names.

    Raises StoreError where two recipes differ in signs that the name of an asset cannot have.
    """
    named = {one.asset: one.tensors for one in settings if isinstance(one, TensorSettings)}
    for one in settings:
        if isinstance(one, TensorSettings) and named[one.asset] != one.tensors:
            raise StoreError(f"the recipes {one.recipe!r} and {named[one.asset].recipe!r} differ too little in name")
    return [named[name] for name in sorted(named)]


def own_recipe(settings: Settings | None, recipes: Mapping[str, NamedRecipe]) -> dict[str, str]:
    """Return the content (a digest) of the recipe that settings name, where a user wrote it; nothing elsewhere.

    What is made by the platform's own recipes is out of date by code version and data; a user may change a recipe at
    any time.
    """
    if not isinstance(settings, TensorSettings) or settings.recipe in RECIPES:
        return {}
    return {"steps of the recipe": recipes[settings.recipe].recipe(settings.tensor_side).id}


def _settings_of(kind: ModelKind) -> type[Settings]:
    """Return the settings of a model as one class; tensors begin with those that the kind reads, if it has its own."""
    if kind.parts is not None:
        return combined_settings(kind.name, *kind.settings)
    usual = {
        "recipe": Field(kind.recipe, description=TensorSettings.model_fields["recipe"].description),
        "tensor_side": Field(
            kind.side, ge=32, le=1024, description=TensorSettings.model_fields["tensor_side"].description
        ),
    }
    own_settings = kind.settings
    if kind.from_patches is not None:
        own_settings = (_without(kind.settings[0], kind.from_patches(kind.side, PatchSettings())), *kind.settings[1:])
    own = {"__annotations__": {"recipe": str, "tensor_side": int}, "__module__": __name__, **usual}
    tensors = cast("type[Settings]", type(f"{kind.name}_tensors", (TensorSettings,), own))
    return combined_settings(kind.name, *own_settings, tensors)


def _without(part: type[Settings], names: Collection[str]) -> type[Settings]:
    """Return a settings class without these fields."""
    fields = {name: field for name, field in part.model_fields.items() if name not in names}
    annotations = {name: field.annotation for name, field in fields.items()}
    about = {"__annotations__": annotations, "__module__": __name__, "__doc__": part.__doc__}
    return cast("type[Settings]", type(part.__name__, (Settings,), {**fields, **about}))


MODEL_SETTINGS: Mapping[str, type[Settings]] = {name: _settings_of(kind) for name, kind in MODELS.items()}


def evaluation_settings(kind: ModelKind) -> type[EvaluationSettings]:
    """Return the class of the settings by which a model of this kind is judged."""
    return OneClassEvaluationSettings if kind.task == "one-class" else EvaluationSettings


QUICK_SCORES: Mapping[str, Any] = {"corruption_severities": "3", "corruption_pictures": 40}
QUICK_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    **{name: kind.quick for name, kind in MODELS.items() if kind.quick},
    **{f"{name}_scores": QUICK_SCORES for name in MODELS},
}
"""By asset, the settings that suffice for a few hundred phantoms, where they are not the defaults."""
