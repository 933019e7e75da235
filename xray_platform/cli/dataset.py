"""`xray dataset`: what people say of the data, and what reports will call "not reported"."""

import json
from typing import Annotated

import typer

from xray_platform.cli.screen import OUT, say, show
from xray_platform.cli.session import places


def dataset(
    example: Annotated[bool, typer.Option("--example", help="print an example of dataset.yaml to begin with")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="print the JSON Schema of dataset.yaml, by which editors check it")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print what it says as JSON")] = False,
) -> None:
    """Show what the store's `dataset.yaml` says of its data, and what it leaves out; nothing is changed.

    Sources, dates, who set the labels and how, licence, intended use: only people know them. They are written once, and
    stand in every report; a wrong field is refused with its line.
    """
    # pydantic and Dagster take a second to import
    from xray_platform.defs.dataset_file import read_dataset
    from xray_platform.evaluation.dataset.description import DatasetDescription, entries
    from xray_platform.evaluation.dataset.example import EXAMPLE

    if example:
        OUT.print(EXAMPLE, soft_wrap=True, markup=False, highlight=False, end="")
        return
    if schema:
        text = json.dumps(DatasetDescription.model_json_schema(), indent=2)
        OUT.print(text, soft_wrap=True, markup=False, highlight=False)
        return
    store = places()
    said = read_dataset(store)
    if as_json:
        OUT.print(said.model_dump_json(), soft_wrap=True, markup=False, highlight=False)
        return
    found = entries(said)
    rows = [[name, text] for name, text, _ in found if text]
    if rows:
        show(str(store.dataset), ["field", "what it says"], rows)
    missing = [[name, meaning] for name, text, meaning in found if not text]
    show("Not reported", ["field", "what it is for"], missing)
    if not rows:
        say(f"{store.dataset} says nothing yet; `xray dataset --example > {store.dataset.name}` is a beginning.")
