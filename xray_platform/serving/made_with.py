"""Made with: by which code a bundle's scores were made, so that other code is noticed before it predicts for anybody.

Two measures, for two questions. Does it still compute the same: made-up pictures go through recipe and model when the
bundle is written and again when it is opened; other scores refuse the bundle. Is it still the same code: a digest of
the modules that take part, without comments and docstrings; another digest with the same scores is only said, for most
changes of code change no verdict, and nobody shall have to train anew for them.
"""

import ast
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from xray_platform import __version__
from xray_platform.clinical_columns import ClinicalFacts, columns_of, encode, with_values
from xray_platform.errors import StoreError
from xray_platform.image_stack import Images, pack_views
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.store.rounding import as_model_input, from_storage, to_storage
from xray_platform.models.contract import FittedModel
from xray_platform.models.named import named_model

PACKAGE = "xray_platform"
ASIDE = ("xray_platform.errors", "xray_platform.progress")  # words and bars, no numbers
PEOPLE = (ClinicalFacts(), ClinicalFacts(30.0, "F", "PA"), ClinicalFacts(70.0, "M", "AP"))  # of the probes
SHARE = 0.01  # of the largest score: further apart is another result; processors differ by far less


class MadeWith(BaseModel):
    """The code behind a bundle: the platform's version, the digest of the modules, and what it made of the probes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(description="version of the platform")
    code: str = Field(description="SHA-256 of the modules of model and recipe, without comments and docstrings")
    scores: tuple[float, ...] = Field(description="scores of the probes, which are made up and always the same")


def made_with(name: str, recipes: Sequence[Recipe], model: FittedModel) -> MadeWith:
    """Return what is to be remembered of the code that computes this model's scores, here and now."""
    return MadeWith(version=__version__, code=code_digest(name, recipes), scores=_scores(recipes, model))


def compare(said: MadeWith | None, name: str, recipes: Sequence[Recipe], model: FittedModel) -> str | None:
    """Return in words what is worth knowing of the code behind a bundle, None where it is the same.

    Raises StoreError where this code gives the probes other scores than the bundle's own did.
    """
    if said is None:
        return f"the bundle of {name} does not say with which code it was made; train {name} again to have that checked"
    here = _scores(recipes, model)
    if not _alike(said.scores, here):
        raise StoreError(
            f"the code of {name} is not that of its bundle: test pictures score {_list(here)} here, "
            f"{_list(said.scores)} with version {said.version}; train it again (xray run --force --select key:{name}+)"
        )
    if said.code != code_digest(name, recipes):
        return f"the code of {name} was changed since its bundle was made; it gives the test pictures the same scores"
    return None


def _alike(said: tuple[float, ...], here: tuple[float, ...]) -> bool:
    if len(said) != len(here):
        return False
    apart = np.abs(np.array(said) - np.array(here))
    return bool((apart <= SHARE * np.abs(said).max(initial=0)).all())


def _list(scores: tuple[float, ...]) -> str:
    return ", ".join(f"{score:.4g}" for score in scores)


def _scores(recipes: Sequence[Recipe], model: FittedModel) -> tuple[float, ...]:
    views = [
        np.stack([to_storage(recipe.apply(probe, (4000.0, 60000.0)), recipe.gives) for probe in probes()])
        for recipe in recipes
    ]
    seen = [as_model_input(from_storage(view), recipe.gives) for view, recipe in zip(views, recipes, strict=True)]
    return tuple(float(score) for score in model.score(_told(model, pack_views(seen))))


def _told(model: FittedModel, images: Images) -> Images:
    """Return the probes as the model takes them: one with no clinical column known, the others with all."""
    columns = columns_of(model)
    return with_values(images, np.stack([encode(facts, columns) for facts in PEOPLE]))


def probes() -> list[npt.NDArray[np.uint16]]:
    """Return three made-up pictures, (320, 300) uint16: a smooth chest, one with a bright spot, one with stripes."""
    y, x = np.mgrid[-1:1:320j, -1:1:300j]
    lungs = sum(np.exp(-(((x - side) / 0.3) ** 2) - ((y / 0.6) ** 2)) for side in (-0.45, 0.45))
    chest = 46000 - 34000 * lungs
    spot = 12000 * np.exp(-(((x - 0.4) / 0.12) ** 2) - (((y - 0.3) / 0.12) ** 2))
    return [np.rint(picture).astype(np.uint16) for picture in (chest, chest + spot, chest + 4000 * np.sin(40 * x))]


def code_digest(name: str, recipes: Sequence[Recipe]) -> str:
    """Return the SHA-256 of the modules that make a score from a standard image, and of all that these import."""
    steps = (type(step).__module__ for recipe in recipes for step in recipe.steps)
    return _digest(tuple(sorted({*named_model(name).modules(), Recipe.__module__, *steps})))


@cache
def _digest(roots: tuple[str, ...]) -> str:
    found, todo = {}, list(roots)
    while todo:
        module = todo.pop()
        if module not in found and module not in ASIDE and not module.endswith(".all"):
            found[module] = ast.parse(_source(module))
            todo += _imports(found[module])
    text = "\n".join(f"# {module}\n{ast.unparse(_bare(found[module]))}" for module in sorted(found))
    return hashlib.sha256(text.encode()).hexdigest()


def _source(module: str) -> str:
    """Return a module's source; a package's own file and what has no source count as empty."""
    spec = find_spec(module)
    loader = spec.loader if spec and not spec.submodule_search_locations else None
    return (loader.get_source(module) or "") if isinstance(loader, SourceFileLoader) else ""


def _imports(tree: ast.Module) -> Iterator[str]:
    """Yield the modules of this package that a module imports by name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
            yield str(node.module)
            yield from (name for one in node.names if _is_module(name := f"{node.module}.{one.name}"))


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _bare(tree: ast.Module) -> ast.Module:
    """Take the docstrings out; comments are gone already."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return tree
