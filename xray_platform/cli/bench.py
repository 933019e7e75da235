"""`xray bench`: measure how fast and how good the platform is."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from xray_platform.cli.screen import OUT, bar, say, show
from xray_platform.cli.session import places
from xray_platform.errors import InputError, MachineError


def bench(
    name: Annotated[str, typer.Argument(help="what to measure; `list` names all")] = "list",
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as one JSON object")] = False,
    keep_in: Annotated[
        Path | None, typer.Option("--keep", help="add the figures to the records in this folder, e.g. docs/results")
    ] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", help="a folder of data, for benchmarks that need some; may be repeated"),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="measure this part alone, e.g. one detector of `detectors`; may be repeated"),
    ] = None,
    note: Annotated[str, typer.Option(help="set, split, seed or settings, kept with the figures")] = "",
    page: Annotated[
        Path | None, typer.Option("--page", help="only write the page of all records of this folder, e.g. docs/results")
    ] = None,
) -> None:
    """Measure one part of the platform against a floor or a peer, on the same files in the same run."""
    # the measured rooms take seconds to import
    with _peers():
        from xray_platform.bench.all import BENCHES
        from xray_platform.bench.contract import Inputs
        from xray_platform.bench.results_page import keep, write_page

    if page is not None:
        say(f"wrote {write_page(page)}")
        return
    if name == "list":
        show("Benchmarks", ["name", "what"], [[bench.name, bench.description] for bench in BENCHES.values()])
        return
    if name not in BENCHES:
        raise InputError(f"no benchmark is called {name!r}; there are {', '.join(BENCHES)}")
    chosen, inputs = BENCHES[name], Inputs(places().root, tuple(data or ()), tuple(only or ()))
    if unknown := [part for part in inputs.only if part not in chosen.parts]:
        raise InputError(f"{name} has no part {', '.join(unknown)}; it has {', '.join(chosen.parts) or 'none'}")
    if chosen.needs and not inputs.data:
        raise InputError(f"{name} needs --data: {chosen.needs}")
    with _peers(), bar(name) as progress:
        figures = chosen.measure(progress, inputs)
    if as_json:
        OUT.print(json.dumps(dict(figures), indent=2), soft_wrap=True, markup=False)
    else:
        rows = [[key, f"{value:.4g}" if isinstance(value, float) else str(value)] for key, value in figures.items()]
        show(name, ["figure", "value"], rows)
    if keep_in is not None:
        say(f"kept in {keep(keep_in, name, {'note': note} | dict(figures), f'xray bench {name}')}")


@contextmanager
def _peers() -> Iterator[None]:
    """Say which extra brings the packages that only benchmarks need, where one of them is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MachineError(f"benchmarks need {error.name}: pip install 'xray-platform[bench]'") from error
