"""`xray serve`: the champion over HTTP, for machines (API) and people (reading room)."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xray_platform.cli.listening import check_free
from xray_platform.cli.screen import OUT, say
from xray_platform.cli.session import existing_store, places
from xray_platform.errors import InputError
from xray_platform.ports import HOST

if TYPE_CHECKING:
    from fastapi import APIRouter

    from xray_platform.serving.http.champion import ModelLocation
    from xray_platform.serving.http.settings import ServeSettings

CHILDREN_IMPORT = ("__main__", "xray_platform.serving.http.reader")
LEAST_TOKEN = 16


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="port to listen on")] = 8000,
    host: Annotated[str, typer.Option(help="address to listen on; beyond this machine only with token and TLS")] = HOST,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="name under which clients may call the server, may be repeated")
    ] = None,
    tls_certificate: Annotated[Path | None, typer.Option(help="certificate chain, PEM")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="its private key, PEM")] = None,
    behind_proxy: Annotated[bool, typer.Option("--behind-proxy", help="a proxy in front of it speaks TLS")] = False,
    words: Annotated[
        Path | None, typer.Option(help="JSON file with words of the reading room in another language, or other advice")
    ] = None,
    stow: Annotated[
        bool, typer.Option("--stow", help="take DICOM objects by STOW-RS at /dicom-web/studies into data/inbox")
    ] = False,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE of the server's settings, may be repeated")
    ] = None,
) -> None:
    """Serve the champion until Ctrl-C: an API for machines and a reading room for people, for this machine only.

    A new champion takes over without a restart. The environment's XRAY_TOKEN is the token that clients must show. This
    is no medical device.
    """
    token = os.environ.get("XRAY_TOKEN") or None
    if token is not None and len(token) < LEAST_TOKEN:
        raise InputError(f"XRAY_TOKEN has {len(token)} signs; at least {LEAST_TOKEN} are needed")
    existing_store()
    check_free(port)
    from xray_platform.workers import start_ahead

    start_ahead(CHILDREN_IMPORT)
    # FastAPI and torch take seconds to import, and `--help` must not wait
    from xray_platform.serving.http.access import LOCAL, Access
    from xray_platform.serving.http.app import make_app
    from xray_platform.serving.http.engine import Engine
    from xray_platform.serving.http.gate import Gate
    from xray_platform.serving.http.server import Listening
    from xray_platform.serving.http.server import serve as run
    from xray_platform.serving.room.routes import room_router
    from xray_platform.serving.room.words import read_words

    listening = Listening(host, port, tls_certificate, tls_key, behind_proxy)
    listening.check(token)
    names = (*LOCAL, *((name.lower() for name in allowed_host) if allowed_host else ()))
    engine = Engine(champion_finder(), _settings(settings or []))
    access = Access(names, token, secure=listening.tls or behind_proxy)
    room = room_router(engine, access, places(), read_words(words))
    scheme = "https" if listening.tls else "http"
    OUT.print(
        f"Reading room: {scheme}://{host}:{port}/\nAPI:          {scheme}://{host}:{port}/openapi.json", soft_wrap=True
    )
    say("Ctrl-C ends it. This is no medical device.")
    with _inbox(taken=stow) as routers:
        run(Gate(make_app(engine, [room, *routers]), access, engine.metrics), listening)


@contextmanager
def _inbox(*, taken: bool) -> "Iterator[list[APIRouter]]":
    """Open the inbox for STOW-RS, where that is wanted, and return its addresses."""
    if not taken:
        yield []
        return
    from xray_platform.cli.receive import pacs_settings
    from xray_platform.serving.pacs.received_files import received_files
    from xray_platform.serving.pacs.stow import stow_router

    settings = pacs_settings()
    with received_files(places(), "web") as files:
        yield [stow_router(files, settings)]


def _settings(given: list[str]) -> "ServeSettings":
    from pydantic import ValidationError

    from xray_platform.serving.http.settings import ServeSettings
    from xray_platform.settings import first_problem

    values = dict(pair.partition("=")[::2] for pair in given)
    try:
        return ServeSettings.model_validate(values)
    except ValidationError as error:
        raise InputError(f"--set {first_problem(ServeSettings, error)}") from error


def champion_finder() -> "Callable[[], ModelLocation | None]":
    """Return what asks this store's registry for its champion: the database, or MLflow where only that knows."""
    from xray_platform.serving.http.champion import ModelLocation
    from xray_platform.tracking.names import CHAMPION
    from xray_platform.tracking.registry_file import registered_bundle

    store = places()

    def find() -> ModelLocation | None:
        if found := registered_bundle(store, CHAMPION):
            return ModelLocation(found.folder, found.id, found.version)
        if not os.environ.get("MLFLOW_TRACKING_URI") and not (store.mlruns / "mlflow.db").is_file():
            return None
        # MLflow takes two seconds to import
        from xray_platform.tracking.mlflow_store import open_tracking
        from xray_platform.tracking.registry import champion, champion_bundle

        tracking = open_tracking(store)
        held = champion(tracking)
        if held is None:
            return None
        bundle = champion_bundle(tracking)
        return ModelLocation(bundle.folder, bundle.id, str(held.version))

    return find
