"""`xray ui`: the Dagster and MLflow user interfaces on the loopback address."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Annotated
from urllib.error import URLError
from urllib.request import urlopen

import typer

from xray_platform.cli.listening import check_free
from xray_platform.cli.screen import OUT, say
from xray_platform.cli.session import places
from xray_platform.errors import InputError, MachineError, without_password
from xray_platform.ports import HOST
from xray_platform.tables.places import Places

START_SECONDS = 180
STOP_SECONDS = 20


@dataclass(frozen=True)
class Service:
    """A program that serves or works until it is ended.

    It is ready when `url` answers (empty: it serves nothing there), and its `socket_file` is there (None: it has none).
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    url: str = ""
    socket_file: Path | None = None

    @property
    def ready(self) -> bool:
        return (not self.url or _answers(self.url)) and (self.socket_file is None or self.socket_file.exists())


def ui(
    dagster_port: Annotated[int, typer.Option(min=1, max=65535, help="port of the Dagster UI")] = 3000,
    mlflow_port: Annotated[int, typer.Option(min=1, max=65535, help="port of the MLflow UI")] = 5000,
) -> None:
    """Serve both user interfaces until Ctrl-C: Dagster (webserver and daemon) and MLflow, for this machine only.

    Where MLFLOW_TRACKING_URI names a server of MLflow, none is started.
    Closing the terminal ends them too, unless it was started with nohup.
    """
    if dagster_port == mlflow_port:
        raise InputError(f"both ports are {mlflow_port}; two different ones are needed")
    store, elsewhere = places(), _mlflow_elsewhere()
    for name, port in (("Dagster", dagster_port), ("MLflow", mlflow_port)):
        if name == "Dagster" or not elsewhere:
            check_free(port, option=f"--{name.lower()}-port", purpose=f" for {name}")
    mlflow_url = elsewhere or f"http://{HOST}:{mlflow_port}"
    running: list[subprocess.Popen[bytes]] = []
    _on_signals(_as_interrupt)
    try:
        ours = [] if elsewhere else [_mlflow(store, mlflow_port)]
        for service in [*ours, *_dagster(store, dagster_port, mlflow_url)]:
            say(f"starting {service.name} …")
            running.append(_start(store, service))
            _await(service, running[-1])
        OUT.print(f"Dagster: http://{HOST}:{dagster_port}\nMLflow:  {_runs(store, mlflow_url)}", soft_wrap=True)
        say("Ctrl-C ends all of them.")
        _watch(running)
    except KeyboardInterrupt:
        with suppress(OSError):  # the terminal may be gone
            say("ending …")
    finally:
        _on_signals(signal.SIG_IGN)  # a second Ctrl-C, or the shell's own word after the terminal's, would leave some
        _end(running)


def _mlflow_elsewhere() -> str:
    """Return the address of the MLflow server that the runs are kept on; empty: they lie in a database."""
    # MLflow takes a second to import
    from xray_platform.tracking.links import is_server

    named = os.environ.get("MLFLOW_TRACKING_URI", "")
    return without_password(named) if is_server(named) else ""


def _runs(store: Places, mlflow_url: str) -> str:
    """Return the address of all runs; MLflow's home page is about language models."""
    from xray_platform.tracking.links import experiment_url  # see above
    from xray_platform.tracking.mlflow_store import open_tracking

    return experiment_url(open_tracking(store).experiment_id, mlflow_url)


def _mlflow(store: Places, port: int) -> Service:
    from xray_platform.tracking.mlflow_store import open_tracking  # see above
    from xray_platform.tracking.server_command import ui_command, ui_environment

    command = ui_command(open_tracking(store), port)
    return Service("MLflow", command, {**ui_environment(), "PYTHONWARNINGS": "ignore"}, f"http://{HOST}:{port}")


def _dagster(store: Places, port: int, mlflow_url: str) -> list[Service]:
    # Dagster takes a second to import
    from xray_platform.defs.home import dagster_home
    from xray_platform.defs.location import code_server_command, write_workspace

    base = {**os.environ, "XRAY_ROOT": str(store.root), "XRAY_MLFLOW_URL": mlflow_url, "PYTHONWARNINGS": "ignore"}
    base["DAGSTER_HOME"] = str(dagster_home(store))
    socket_file = Path(tempfile.mkdtemp(prefix="xray-ui-")) / "code"  # not in the store: a socket's path must be short
    code = ["-w", str(write_workspace(store.dagster, socket_file))]
    webserver = [sys.executable, "-m", "xray_platform.defs.webserver", "-h", HOST, "-p", str(port), *code]
    daemon = [sys.executable, "-m", "dagster._daemon", "run", *code]
    return [
        Service("the code server", code_server_command(socket_file), base, socket_file=socket_file),
        Service("the Dagster daemon", daemon, base),
        Service("the Dagster webserver", webserver, base, f"http://{HOST}:{port}/server_info"),
    ]


def _start(store: Places, service: Service) -> "subprocess.Popen[bytes]":
    """Start a service in a group of its own, so that Ctrl-C reaches this command alone, which ends them in order."""
    log = store.dagster / f"{service.name.split()[-1].lower()}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        return subprocess.Popen(
            service.command,
            cwd=store.root,
            env=dict(service.environment),
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def _await(service: Service, process: "subprocess.Popen[bytes]") -> None:
    began = time.monotonic()
    while not service.ready:
        if process.poll() is not None:
            raise MachineError(f"{service.name} ended with {process.returncode}; its log lies in data/.dagster")
        if time.monotonic() - began > START_SECONDS:
            raise MachineError(f"{service.name} did not answer within {START_SECONDS} s; its log lies in data/.dagster")
        time.sleep(0.3)


def _answers(url: str) -> bool:
    with suppress(URLError, OSError, HTTPException), urlopen(url, timeout=5) as answer:  # noqa: S310 - our own loopback address
        return int(answer.status) == 200
    return False


def _watch(running: "list[subprocess.Popen[bytes]]") -> None:
    while all(process.poll() is None for process in running):
        time.sleep(0.5)
    raise MachineError("one of the services ended by itself; its log lies in data/.dagster")


def _end(running: "list[subprocess.Popen[bytes]]") -> None:
    """End all, the last one first, with what they have started: politely, and after a while by force."""
    for process in reversed(running):
        _signal(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for process in reversed(running):
        while _signal(process.pid, 0) and time.monotonic() < deadline:
            process.poll()  # else what has ended would still be there as a name
            time.sleep(0.1)
        _signal(process.pid, signal.SIGKILL)
        process.wait()


def _signal(group: int, number: int) -> bool:
    """Send a signal to a service and what it has started; tell whether any of it is still there."""
    with suppress(ProcessLookupError):
        os.killpg(group, number)
        return True
    return False


def _on_signals(handler: "Callable[[int, object], None] | signal.Handlers") -> None:
    """Say what Ctrl-C, a polite end and a closed terminal do; what was started with nohup outlives its terminal."""
    signal.signal(signal.SIGTERM, handler)
    signal.signal(signal.SIGINT, handler)  # also where a shell started it in the background
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, handler)


def _as_interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
