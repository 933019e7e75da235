"""Words: every step, recipe and feature in its own words, as Markdown tables for the documents and reports."""

from collections.abc import Iterable

from xray_platform.imaging.features.all import FEATURES
from xray_platform.imaging.recipes import RECIPES
from xray_platform.imaging.steps.all import STEPS

SIDE = 128  # pixels of the pictures whose features are counted


def steps_in_words() -> str:
    """Return a table of all steps with their defaults: what each does, which dtype and range it takes and gives."""
    return _table(("step", "what it does", "form"), ((k, s().describe(), s().states()) for k, s in STEPS.items()))


def recipes_in_words() -> str:
    """Return a table of all named recipes: why one would want each, and its steps."""
    rows = ((n.name, n.description, ", ".join(s.kind for s in n.recipe(SIDE).steps)) for n in RECIPES.values())
    return _table(("recipe", "why", "steps"), rows)


def features_in_words() -> str:
    """Return a table of all features with their defaults, and the shape of their numbers for 128 x 128 pixels."""
    shapes = ((kind, feature(), feature().shape((SIDE, SIDE))) for kind, feature in FEATURES.items())
    rows = ((kind, feature.describe(), " x ".join(map(str, shape))) for kind, feature, shape in shapes)
    return _table(("feature", "what it measures", f"numbers at {SIDE} px"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *((f"`{first}`", *rest) for first, *rest in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
