"""`xray metrics`: the figures of a store for an operator's monitoring, in the text form of Prometheus."""

from typing import TYPE_CHECKING, Annotated

import typer

from xray_platform.cli.listening import check_free, ended_by_signal
from xray_platform.cli.screen import say
from xray_platform.cli.session import read_store
from xray_platform.ports import HOST

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


def metrics(
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="serve them at /metrics on this port, for this machine, until Ctrl-C"),
    ] = None,
) -> None:
    """Print batches, runs, checks, models and the champion as Prometheus reads them; nothing is changed.

    Printed once, they suit the text-file collector of a node exporter; with --port a server gives them, read anew each
    time. No figure names a picture, a file or a person.
    """
    if port is not None:
        check_free(port)
    with read_store() as store:
        # MLflow takes a second to import
        from prometheus_client import generate_latest

        from xray_platform.defs.operator_metrics import store_registry

        registry = store_registry(store)
        if port is None:
            typer.echo(generate_latest(registry), nl=False)
        else:
            _serve(registry, port)


def _serve(registry: "CollectorRegistry", port: int) -> None:
    from prometheus_client import start_http_server

    ended = ended_by_signal()
    server, thread = start_http_server(port, addr=HOST, registry=registry)
    say(f"metrics: http://{HOST}:{port}/metrics; Ctrl-C ends it")
    ended.wait()
    server.shutdown()
    thread.join()
