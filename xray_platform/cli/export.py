"""`xray export`: write the store's images as PNG."""

from pathlib import Path
from typing import Annotated

import typer

from xray_platform.cli.screen import bar, say
from xray_platform.cli.session import existing_store


def export(
    target: Annotated[Path, typer.Argument(metavar="OUT_DIR", help="folder for one 16-bit PNG an image")],
    recipe: Annotated[
        str | None, typer.Option(help="prepare them by this one of `xray recipes` [default: not]")
    ] = None,
    side: Annotated[int, typer.Option(min=8, max=4096, help="height and width with a recipe, in pixels")] = 512,
) -> None:
    """Write the images as 16-bit PNG without identity; each carries facts such as view and age in text chunks.

    OUT_DIR/index.csv names for each its subject (a pseudonym), split, label (normal or abnormal) and finding.
    """
    # OpenCV and pandas take a second to import
    from xray_platform.imaging.recipes import known_recipes, named_recipe
    from xray_platform.imaging.store.export import export_pictures

    store = existing_store()
    chosen = None if recipe is None else named_recipe(recipe, side, known_recipes(store))
    with bar("exporting") as progress:
        count = export_pictures(store, target, chosen, progress=progress)
    say(f"wrote {count} images and index.csv to {target}")
