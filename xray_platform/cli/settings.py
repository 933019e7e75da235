"""`xray settings`: which settings hold, and where each value comes from."""

import json
from itertools import groupby
from typing import Annotated

import typer

from xray_platform.cli.screen import OUT, say, show
from xray_platform.cli.session import places
from xray_platform.errors import InputError


def settings(
    asset: Annotated[str | None, typer.Argument(help="only this asset's settings")] = None,
    changed: Annotated[bool, typer.Option("--changed", help="only what the store sets otherwise")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON list")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="print the JSON Schema of xray.yaml, by which editors check it")
    ] = False,
) -> None:
    """Show which settings hold for each asset, what is allowed, and whether a value is the default or from xray.yaml.

    Nothing is changed. A store's `xray.yaml` names only what differs from the defaults; `xray run` then makes anew what
    was made with other settings.
    """
    # Dagster takes a second to import
    from xray_platform.defs.graph import settings_classes
    from xray_platform.defs.store_settings import DEFAULT, settings_in_force, settings_schema
    from xray_platform.imaging.recipes import known_recipes

    store = places()
    classes = settings_classes(known_recipes(store))
    if schema:
        OUT.print(json.dumps(settings_schema(classes), indent=2), soft_wrap=True, markup=False, highlight=False)
        return
    if asset is not None and asset not in classes:
        raise InputError(f"no asset with settings is called {asset!r}; there are {', '.join(sorted(classes))}")
    held = [each for each in settings_in_force(store, classes) if asset in (None, each.asset)]
    held = [each for each in held if not changed or each.source != DEFAULT]
    if as_json:
        OUT.print(json.dumps([vars(each) for each in held], default=str), soft_wrap=True, markup=False)
        return
    for name, group in groupby(held, key=lambda each: each.asset):
        rows = [[each.name, str(each.value), each.allowed, each.source] for each in group]
        show(name, ["setting", "value", "allowed", "from"], rows)
    if not held:
        say("Every setting is the default; `xray settings` shows them all.")
