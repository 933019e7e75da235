"""`xray bench`: measure how fast the platform is, against a floor or a peer on the same files in the same run."""

import json
from typing import Annotated

import typer

from xray_platform.cli.screen import OUT, bar, show
from xray_platform.errors import InputError


def bench(
    name: Annotated[str, typer.Argument(help="what to measure: phantoms, …; `xray bench list` names all")],
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as one JSON object")] = False,
) -> None:
    """Measure one part of the platform; each figure is a ratio or a rate of this run on this machine."""
    # the measured rooms take seconds to import
    from xray_platform.bench.all import BENCHES

    if name == "list":
        show("Benchmarks", ["name", "what"], [[bench.name, bench.description] for bench in BENCHES.values()])
        return
    if name not in BENCHES:
        raise InputError(f"no benchmark is called {name!r}; there are {', '.join(BENCHES)}")
    with bar(name) as progress:
        figures = BENCHES[name].measure(progress)
    if as_json:
        OUT.print(json.dumps(figures, indent=2), soft_wrap=True, markup=False)
        return
    show(
        name,
        ["figure", "value"],
        [[key, f"{value:.4g}" if isinstance(value, float) else str(value)] for key, value in figures.items()],
    )
