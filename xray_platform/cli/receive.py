"""`xray receive`: DICOM objects from a PACS or a device, straight into the inbox."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from xray_platform.cli.listening import ended_by_signal
from xray_platform.cli.screen import OUT, say, show
from xray_platform.cli.session import places
from xray_platform.ports import HOST

if TYPE_CHECKING:
    from xray_platform.serving.pacs.settings import PacsSettings


def receive(
    port: Annotated[int, typer.Option(min=1, max=65535, help="port to listen on")] = 11112,
    host: Annotated[
        str, typer.Option(help="address to listen on; beyond this machine only where xray.yaml names the senders")
    ] = HOST,
) -> None:
    """Take DICOM objects into data/inbox (C-STORE, storage commitment, C-ECHO) until Ctrl-C.

    An object is answered with success once it is on the disk, durable and whole. Title, senders, limits and TLS are the
    section `pacs` of xray.yaml. `xray ui` takes in what arrives; without it, `xray ingest data/inbox` does.
    """
    settings = pacs_settings()
    # pynetdicom and pydicom take a second to import
    from xray_platform.serving.pacs.received_files import received_files
    from xray_platform.serving.pacs.receiver import Receiver
    from xray_platform.serving.pacs.tls import client_tls, server_tls

    tls = server_tls(settings)
    with received_files(places(), "dicom") as files:
        receiver = Receiver(files, settings, tls, client_tls(settings) if tls else None)
        receiver.start(host, port)
        ended = ended_by_signal()
        OUT.print(f"Receiving as {settings.ae_title} on {host}:{port}", soft_wrap=True)
        if not settings.senders:
            say("Whoever is on this machine may send; Ctrl-C ends it.")
        ended.wait()
        receiver.stop()


def pacs_settings() -> "PacsSettings":
    """Return what the store's xray.yaml says of PACS, else the defaults. Raises StoreError."""
    # Dagster takes a second to import
    from xray_platform.defs.store_settings import settings_of
    from xray_platform.serving.pacs.settings import SECTION, PacsSettings

    held = settings_of(places(), SECTION, PacsSettings)
    assert isinstance(held, PacsSettings)  # noqa: S101 - of the class that was asked for
    return held


def show_archives(what: str, archives: Mapping[str, str]) -> None:
    """Show the archives of a list of the settings, or say where to name one."""
    if archives:
        show(what.capitalize(), ["name", "where"], [[name, where] for name, where in archives.items()])
    else:
        OUT.print(f"No archive is listed yet. Name one in xray.yaml under `pacs:`, `{what}:`, as")
        OUT.print("  NAME: dicom://TITLE@HOST:PORT, or the address of a DICOMweb service", markup=False)
