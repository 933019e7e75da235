"""`xray ui`: the Dagster and MLflow user interfaces on the loopback address."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated
from urllib.error import URLError
from urllib.request import urlopen

import typer

from xray_platform.cli.screen import OUT, say
from xray_platform.cli.session import places
from xray_platform.errors import MachineError
from xray_platform.tables.places import Places

HOST = "127.0.0.1"
START_SECONDS = 180
STOP_SECONDS = 20


@dataclass(frozen=True)
class Service:
    """A program that serves or works until it is ended; `url` answers when it is ready (empty: it serves nothing)."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    url: str = ""


def ui(
    dagster_port: Annotated[int, typer.Option(min=1, max=65535, help="port of the Dagster UI")] = 3000,
    mlflow_port: Annotated[int, typer.Option(min=1, max=65535, help="port of the MLflow UI")] = 5000,
) -> None:
    """Serve both user interfaces until Ctrl-C: Dagster (webserver and daemon) and MLflow, for this machine only."""
    for name, port in (("Dagster", dagster_port), ("MLflow", mlflow_port)):
        _free(name, port)
    store = places()
    running: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, _as_interrupt)
    signal.signal(signal.SIGINT, _as_interrupt)  # also where a shell started it in the background
    try:
        for service in _services(store, dagster_port, mlflow_port):
            say(f"starting {service.name} …")
            running.append(_start(store, service))
            _await(service, running[-1])
        OUT.print(f"Dagster: http://{HOST}:{dagster_port}\nMLflow:  {_runs(store, mlflow_port)}", soft_wrap=True)
        say("Ctrl-C ends all of them.")
        _watch(running)
    except KeyboardInterrupt:
        say("ending …")
    finally:
        _end(running)


def _runs(store: Places, mlflow_port: int) -> str:
    """Return the address of all runs; MLflow's home page is about language models."""
    # MLflow takes a second to import
    from xray_platform.tracking.experiments import open_tracking
    from xray_platform.tracking.links import experiment_url

    return experiment_url(open_tracking(store).experiment_id, f"http://{HOST}:{mlflow_port}")


def _services(store: Places, dagster_port: int, mlflow_port: int) -> list[Service]:
    # MLflow takes a second to import
    from xray_platform.tracking.experiments import open_tracking
    from xray_platform.tracking.server import ui_command, ui_environment

    mlflow_url = f"http://{HOST}:{mlflow_port}"
    base = {**os.environ, "XRAY_ROOT": str(store.root), "XRAY_MLFLOW_URL": mlflow_url, "PYTHONWARNINGS": "ignore"}
    base["DAGSTER_HOME"] = _home(store)
    code = ["-m", "xray_platform.definitions"]
    webserver = [sys.executable, "-m", "dagster_webserver", "-h", HOST, "-p", str(dagster_port), *code]
    daemon = [sys.executable, "-m", "dagster._daemon", "run", *code]
    return [
        Service("MLflow", ui_command(open_tracking(store), mlflow_port), {**base, **ui_environment()}, mlflow_url),
        Service("the Dagster daemon", daemon, base),
        Service("the Dagster webserver", webserver, base, f"http://{HOST}:{dagster_port}/server_info"),
    ]


def _home(store: Places) -> str:
    """Return the folder whose dagster.yaml says where Dagster's storage is: the root, or else one made for it."""
    if (store.root / "dagster.yaml").exists():
        return str(store.root)
    home = store.dagster
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(
        f"storage:\n  sqlite:\n    base_dir: {home}\ntelemetry:\n  enabled: false\nnux:\n  enabled: false\n",
        encoding="utf-8",
    )
    return str(home)


def _free(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            option = f"--{name.lower()}-port"
            raise MachineError(
                f"port {port} for {name} is in use; end what uses it, or give another with {option}"
            ) from error


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
    while service.url and not _answers(service.url):
        if process.poll() is not None:
            raise MachineError(f"{service.name} ended with {process.returncode}; its log lies in data/.dagster")
        if time.monotonic() - began > START_SECONDS:
            raise MachineError(f"{service.name} did not answer within {START_SECONDS} s; its log lies in data/.dagster")
        time.sleep(0.3)


def _answers(url: str) -> bool:
    with suppress(URLError, OSError), urlopen(url, timeout=5) as answer:  # noqa: S310 - our own loopback address
        return int(answer.status) == 200
    return False


def _watch(running: "list[subprocess.Popen[bytes]]") -> None:
    while all(process.poll() is None for process in running):
        time.sleep(0.5)
    raise MachineError("one of the services ended by itself; its log lies in data/.dagster")


def _end(running: "list[subprocess.Popen[bytes]]") -> None:
    """End all, the last one first: politely, and after a while by force."""
    for process in reversed(running):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for process in reversed(running):
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _as_interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
