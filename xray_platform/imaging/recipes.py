"""Recipes by name: those of the platform, worth comparing, and those that the users of a store wrote for it."""

from collections.abc import Mapping

from xray_platform.errors import InputError, StoreError
from xray_platform.imaging.named_recipe import NamedRecipe
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.recipe_file import read_recipe_file
from xray_platform.imaging.steps.border import BorderSettings
from xray_platform.imaging.steps.clahe import ClaheSettings
from xray_platform.imaging.steps.collimation import CollimationSettings
from xray_platform.imaging.steps.denoise import MedianSettings
from xray_platform.imaging.steps.imagenet import ImagenetSettings
from xray_platform.imaging.steps.lungs import LungsSettings
from xray_platform.imaging.steps.quantise import QuantiseSettings
from xray_platform.imaging.steps.resize import ResizeSettings
from xray_platform.imaging.steps.rotate import StraightenSettings
from xray_platform.imaging.steps.standard_score import PictureScoreSettings
from xray_platform.imaging.steps.tone import EqualiseSettings
from xray_platform.imaging.steps.window import WindowSettings
from xray_platform.tables.places import Places

SUFFIX = ".yaml"
_PLAIN = (WindowSettings(), ResizeSettings())
_CROP = (CollimationSettings(), StraightenSettings(), LungsSettings())
_TABLE = (
    NamedRecipe("default", "percentile window and resize: the grey values as they are", _PLAIN),
    NamedRecipe("clahe", "local contrast evened out after the resize", (*_PLAIN, ClaheSettings())),
    NamedRecipe(
        "equalised",
        "border cut off, stretched to a square, grey levels equally frequent: no archive's frame or tone is left",
        (
            BorderSettings(),
            WindowSettings(use_given=False),
            ResizeSettings(keep_aspect=False),
            EqualiseSettings(),
        ),
    ),
    NamedRecipe("eight_bits", "256 grey levels only, to see what 8 bits cost", (*_PLAIN, QuantiseSettings(bits=8))),
    NamedRecipe(
        "denoised",
        "single wrong pixels removed before the resize",
        (WindowSettings(), MedianSettings(), ResizeSettings()),
    ),
    NamedRecipe(
        "lungs",
        "borders off, turned upright, cropped to the lungs",
        (*_CROP, WindowSettings(use_given=False), ResizeSettings()),
    ),
    NamedRecipe("scores", "mean 0 and deviation 1 in each picture", (*_PLAIN, PictureScoreSettings())),
    NamedRecipe(
        "imagenet",
        "three channels with ImageNet's statistics, for pretrained networks",
        (*_PLAIN, ImagenetSettings()),
    ),
)
RECIPES: dict[str, NamedRecipe] = {named.name: named for named in _TABLE}


def store_recipes(places: Places) -> dict[str, NamedRecipe]:
    """Return the recipes that users wrote into `recipes/NAME.yaml` of a store, by name; none without that folder.

    Other files there are left alone. Raises StoreError for a recipe that is none, or has the name of one of the
    platform's.
    """
    found: dict[str, NamedRecipe] = {}
    for file in sorted(places.recipes.glob("[!.]*.y*ml")):
        if file.suffix != SUFFIX:
            raise StoreError(f"{file} would not be found under its name; call it {file.stem}{SUFFIX}")
        if file.stem in RECIPES:
            raise StoreError(f"{file}: the platform has a recipe of this name; choose another")
        found[file.stem] = read_recipe_file(file)
    return found


def known_recipes(places: Places) -> dict[str, NamedRecipe]:
    """Return the recipes that can be chosen in a store: the platform's, then its own; StoreError for a wrong file."""
    return {**RECIPES, **store_recipes(places)}


def named_recipe(name: str, side: int = 128, recipes: Mapping[str, NamedRecipe] = RECIPES) -> Recipe:
    """Return one of these recipes; raises InputError naming all where there is none of this name."""
    if name not in recipes:
        raise InputError(f"no recipe is called {name!r}; there are {', '.join(recipes)}")
    return recipes[name].recipe(side)
