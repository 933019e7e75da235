"""`xray pull`: images that an archive has, fetched by a query into the inbox."""

from typing import Annotated

import typer

from xray_platform.cli.receive import pacs_settings, show_archives
from xray_platform.cli.screen import OUT, bar, complain
from xray_platform.cli.session import places


def pull(
    source: Annotated[
        str | None, typer.Argument(help="an archive of the list `sources` in xray.yaml; without, all are shown")
    ] = None,
    study_date: Annotated[str, typer.Option(help="a day or days: 20240131, 20240101-20240131, 20240101-")] = "",
    patient_id: Annotated[str, typer.Option(help="of this patient")] = "",
    accession: Annotated[str, typer.Option(help="of this accession number")] = "",
    study_uid: Annotated[str, typer.Option(help="of this study")] = "",
    modality: Annotated[list[str] | None, typer.Option(help="may be repeated [default: CR and DX]")] = None,
    move: Annotated[
        bool, typer.Option("--move", help="by C-MOVE to `xray receive`, which must be running, and not by C-GET")
    ] = False,
) -> None:
    """Fetch images by C-FIND and C-GET, or by QIDO-RS and WADO-RS, into data/inbox, whole and durable.

    What lies there already is not written again. `xray ui`, or `xray ingest data/inbox`, takes it in. Ends with 1 where
    an object failed.
    """
    settings = pacs_settings()
    if source is None:
        show_archives("sources", settings.sources)
        return
    # pynetdicom and pydicom take a second to import
    from xray_platform.serving.pacs import pull as pulling
    from xray_platform.serving.pacs.query import RADIOGRAPHS, Query
    from xray_platform.serving.pacs.received_files import received_files

    archive = settings.source(source)
    query = Query(study_date, patient_id, accession, study_uid, tuple(modality or RADIOGRAPHS))
    query.check()
    with received_files(places(), "pull") as files, bar("pulling") as progress:
        pulled = pulling.pull(archive, query, files, settings, move=move, progress=progress)
    OUT.print(f"{pulled.series} series: {pulled.stored} images fetched, {pulled.known} were here before")
    for reason, count in pulled.failed.items():
        complain(f"{count} failed: {reason}")
    if pulled.failed:
        raise typer.Exit(1)
