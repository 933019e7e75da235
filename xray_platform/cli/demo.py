"""`xray demo`: the whole graph on made-up images."""

from typing import Annotated

import typer

from xray_platform.cli.demo_settings import write_demo_settings
from xray_platform.cli.ingest import take_in
from xray_platform.cli.run import materialise
from xray_platform.cli.screen import bar, say
from xray_platform.cli.session import opened_store, places
from xray_platform.tables.places import Places

DIFFICULTY = 0.5  # plain findings: a few dozen images and half a minute must suffice to learn them


def demo(
    pictures: Annotated[int, typer.Option(min=40, max=20_000, help="how many phantoms")] = 240,
    seed: Annotated[int, typer.Option(min=0, help="another seed gives other phantoms")] = 0,
) -> None:
    """Make phantom radiographs as DICOM, take them in, train and judge all models, and show the results.

    What is done is not done again. Phantoms give way to real images as soon as the store has labelled ones.
    """
    from xray_platform.cli.results import show_results  # pandas takes a second to import

    write_demo_settings(places())
    with opened_store() as store:
        write_phantoms(store.places, pictures, seed)
        take_in(store, store.places.phantoms / f"{pictures}-{seed}", None, origin="phantom")
        materialise(store, store.select([], None))
        show_results(store.places)
        say("The images are made up: the figures show that everything works, and nothing about patients.")


def write_phantoms(places: Places, pictures: int, seed: int) -> None:
    """Write the phantom archive, unless it is there."""
    # the phantoms' numerical libraries take a second to import
    from xray_platform.phantoms.archive import ArchiveSettings, write_archive

    folder = places.phantoms / f"{pictures}-{seed}"
    if folder.exists():
        return
    with bar("phantoms") as progress:
        write_archive(folder, ArchiveSettings(pictures=pictures, seed=seed, difficulty=DIFFICULTY), progress=progress)
