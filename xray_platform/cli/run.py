"""`xray run`: materialise what is pending or damaged."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xray_platform.cli.screen import RunScreen, complain, say, warn
from xray_platform.cli.session import existing_store, opened_store
from xray_platform.errors import DataError, InputError, StoreError
from xray_platform.object_store.cache import shown

if TYPE_CHECKING:
    import dagster as dg

    from xray_platform.defs.local_runner import LocalRunner, RunConfig

SHOWN = 20


def run(
    group: Annotated[
        list[str] | None,
        typer.Option(help="only this stage: archive, imaging, detectors, networks, ensembles, evaluation"),
    ] = None,
    select: Annotated[
        str | None,
        typer.Option(
            help="only these assets: names with commas, or Dagster's selection syntax, e.g. 'key:pca_residual+'"
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="make also what is up to date")] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="read every byte to find what is damaged, also where size and time are right")
    ] = False,
    config: Annotated[
        Path | None, typer.Option(help="settings of this run: a file like xray.yaml, which is then not read")
    ] = None,
) -> None:
    """Make everything that is missing, damaged or out of date: images, tensors, models, reports, champion."""
    # OpenCV and pandas take a second to import
    from xray_platform.cli.results import show_results
    from xray_platform.dicom.intake.raw_store import lost_raw

    existing_store()
    if config is not None:
        _hold_to(config)
    with opened_store() as store:
        if not store.batches():
            raise DataError(
                f"{shown(store.places.root)} holds no images yet; bring some: `xray ingest PATH` or `xray demo`"
            )
        lost = lost_raw(store.places)
        for reason in list(lost.values())[:SHOWN]:
            complain(reason)
        try:
            materialise(store, store.select(group or [], select), force=force, deep=deep)
        except typer.Exit:
            show_results(store.places)
            raise
        show_results(store.places)
    if lost:
        raise StoreError(f"{len(lost)} raw files are gone or cut; what was made of them before is kept")


def _hold_to(config: Path) -> None:
    """Let this process and its children read their settings from another file than the store's."""
    from xray_platform.defs.settings_file import FILE_VARIABLE  # Dagster takes a second to import

    if not config.is_file():
        raise InputError(f"{config} is no file; settings are YAML like the store's xray.yaml, see `xray settings`")
    os.environ[FILE_VARIABLE] = str(config.resolve())


def materialise(
    store: "LocalRunner",
    keys: "Sequence[dg.AssetKey]",
    *,
    force: bool = False,
    deep: bool = False,
    quiet: bool = False,
    config: "RunConfig | None" = None,
    batches: "Collection[str] | None" = None,
) -> None:
    """Run what is pending or damaged among `keys` and show it; ends the command with 1 where something failed.

    Of what goes by batch only that of `batches` is looked at, where they are given.
    """
    made = 0
    failures: dict[str, str] = {}
    with RunScreen() as screen:
        asked = store.run(keys, screen.hear, force=force, deep=deep, config=config, notice=warn, batches=batches)
        for outcome in asked:
            made += len(outcome.assets)
            failures |= outcome.failures
    for name, reason in failures.items():
        complain(f"{name}: {reason}")
    if failures:
        say("What was done before is kept; `xray run` goes on from here.")
        raise typer.Exit(1)
    if not made and not quiet:
        say("Everything is up to date; nothing to do.")
