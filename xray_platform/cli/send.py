"""`xray send`: the champion's results about images of the store, as DICOM objects, to an archive on the list."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from xray_platform.cli.predict import registered_predictor
from xray_platform.cli.receive import pacs_settings, show_archives
from xray_platform.cli.screen import OUT, bar, complain, say, show
from xray_platform.cli.session import existing_store, places
from xray_platform.errors import InputError

if TYPE_CHECKING:
    from xray_platform.serving.pacs.send import ListedImage, Outcome

SHOWN = 20


def send(
    destination: Annotated[
        str | None, typer.Argument(help="an archive of the list `destinations` in xray.yaml; without, all are shown")
    ] = None,
    image: Annotated[list[str] | None, typer.Option(help="only this image of the store, may be repeated")] = None,
    batch: Annotated[list[str] | None, typer.Option(help="only images of this batch, may be repeated")] = None,
    phantoms: Annotated[
        bool, typer.Option("--phantoms", help="made-up images too, and models that learnt from nothing else")
    ] = False,
    make: Annotated[bool, typer.Option("--make", help="make and keep the results, and send nothing")] = False,
) -> None:
    """Send results to an archive: a report, a picture with overlay and a segmentation of the heat map for each image.

    They carry the true patient and study, are made from the raw files, and stay in the raw zone but for this. What
    arrived before is not sent again, what failed is tried again; each try is journalled. Ends with 1 where one failed.
    """
    existing_store()
    settings = pacs_settings()
    if destination is None and not make:
        show_archives("destinations", settings.destinations)
        return
    archive = settings.destination(destination) if destination is not None else None
    images = _images(image or [], batch or [], phantoms=phantoms)
    predictor, name, version, bundle = registered_predictor()
    # highdicom, pydicom and pynetdicom take two seconds to import
    from xray_platform.serving.bundle import ORIGIN
    from xray_platform.serving.pacs.results import ModelIdentity
    from xray_platform.serving.pacs.send import Sender
    from xray_platform.tables.columns import PHANTOM

    if predictor.facts.provenance.get(ORIGIN) == PHANTOM and not phantoms:
        raise InputError(f"{name} learnt from made-up images only; its results are sent with --phantoms alone")
    sender = Sender(places(), predictor, ModelIdentity(name, version, bundle), settings)
    with bar("results") as progress:
        if archive is None or make:
            _tell(list(sender.make(images, progress)))
            say(f"The results about {len(images)} images are in the raw zone.")
            return
        outcomes = list(sender.send(images, archive, progress))
    _tell(outcomes)
    counts = Counter(outcome.ending for outcome in outcomes)
    said = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
    OUT.print(f"{archive.name}: {said or 'nothing to send'}")
    if counts["failed"]:
        raise typer.Exit(1)


def _images(names: list[str], batches: list[str], *, phantoms: bool) -> "list[ListedImage]":
    """Return the images that are meant, those of phantoms only where they are wanted; InputError for unknown ones."""
    from xray_platform.serving.pacs.send import listed_images  # see above
    from xray_platform.tables.all import IMAGES
    from xray_platform.tables.columns import PHANTOM

    rows = IMAGES.read(places())
    for wanted, column in ((names, "image"), (batches, "batch")):
        if unknown := sorted(set(wanted) - set(rows[column])):
            raise InputError(f"the store has no published {column} {unknown[0]!r}")
        rows = rows[rows[column].isin(wanted)] if wanted else rows
    if not phantoms:
        rows = rows[rows["origin"] != PHANTOM]
    return listed_images(rows)


def _tell(outcomes: "list[Outcome]") -> None:
    rows = [[one.image, one.ending, one.reason] for one in outcomes if one.ending in {"refused", "failed"}]
    if rows:
        more = f" (the first {SHOWN} of {len(rows)})" if len(rows) > SHOWN else ""
        show(f"Not sent{more}", ["image", "", "why"], rows[:SHOWN])
        complain(f"the results about {len(rows)} images did not arrive")
