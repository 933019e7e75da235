"""Deployment: what the stories share: the commands of a user, an MLflow server, and two stores compared."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import NullPool, create_engine, text

from xray_platform.ports import HOST, free_port
from xray_platform.tables.places import Places
from xray_platform.tables.table import Table
from xray_platform_tests.cli.processes import ROOT, XRAY, environment
from xray_platform_tests.conftest import KEY

PAGE = ROOT / "docs" / "guides" / "deployments.md"
START_SECONDS = 180
OF_THE_RUN = {"run", "ms_per_picture", "report"}
"""Columns that name a run of MLflow or measure its time."""


@dataclass(frozen=True)
class Deployment:
    """A store that was run, and the variables that say where its memories are."""

    places: Places
    variables: Mapping[str, str]


def page_command(begins: str, words: Mapping[str, str]) -> list[str]:
    """Return a command as the page of deployments shows it, once, with what its words stand for."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(begins)]
    assert len(lines) == 1, f"{PAGE.name} shows {len(lines)} commands that begin with {begins!r}"
    line = lines[0]
    for word, stands_for in words.items():
        assert word in line, f"{PAGE.name}: {line} has no {word}"
        line = line.replace(word, stands_for)
    return line.split()


@contextmanager
def mlflow_server(database: str, root: Path) -> Iterator[str]:
    """Run `mlflow server` as the page says, until the end of the block; yield its address."""
    port = free_port()
    words = {"FOLDER": str(root.parent / "artifacts"), "5000": str(port)}
    command = [sys.executable, "-m", *page_command("mlflow server", words)]
    with subprocess.Popen(
        command, cwd=root.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env=environment(MLFLOW_BACKEND_STORE_URI=database),
    ) as process:  # fmt: skip
        try:
            awaited(f"http://{HOST}:{port}/health", process)
            yield f"http://{HOST}:{port}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # a test's own, whose workers take their time otherwise
            process.wait(30)


def awaited(address: str, process: "subprocess.Popen[bytes]") -> None:
    def answers() -> bool:
        assert process.poll() is None, f"{process.args!r} has ended"
        with suppress(OSError), urllib.request.urlopen(address, timeout=5):  # noqa: S310 - on loopback
            return True
        return False

    until(answers, START_SECONDS, address)


def until(done: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for something to come true."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.3)


@contextmanager
def pages(root: Path | str, variables: Mapping[str, str]) -> Iterator[str]:
    """Serve a store with `xray ui` until the end of the block; yield Dagster's address. MLflow is served elsewhere."""
    port = free_port()
    command = [XRAY, "--root", str(root), "ui", "--dagster-port", str(port), "--mlflow-port", str(free_port())]
    with subprocess.Popen(
        command, env=environment(XRAY_KEY=KEY, **variables), text=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            told = [process.stdout.readline() for _ in range(2)]
            assert told[0].split() == ["Dagster:", f"http://{HOST}:{port}"], told
            assert told[1].split()[1].startswith(variables["MLFLOW_TRACKING_URI"]), told
            yield f"http://{HOST}:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def graphql(address: str, query: str, **variables: object) -> Any:
    """Return what Dagster's pages are answered to a query."""
    data = json.dumps({"query": query, "variables": variables}).encode()
    kind = {"content-type": "application/json"}
    request = urllib.request.Request(f"{address}/graphql", data, kind)  # noqa: S310 - on loopback
    with urllib.request.urlopen(request, timeout=90) as answer:  # noqa: S310 - on loopback
        return json.load(answer)["data"]


def command(root: Path | str, variables: Mapping[str, str], *words: object) -> str:
    ran = subprocess.run(
        [XRAY, "--root", str(root), *map(str, words)],
        env=environment(XRAY_KEY=KEY, **variables), capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return ran.stdout


def count(deployment: Deployment, database: str, query: str) -> int:
    """Return the one number that a query of a deployment's PostgreSQL gives."""
    address = deployment.variables["XRAY_DAGSTER_DATABASE"].removesuffix("dagster") + database
    with create_engine(address, poolclass=NullPool).connect() as connection:
        return int(connection.execute(text(query)).scalar_one())


def assert_same_tables(one: Places, other: Places, tables: Sequence[tuple[Table, str | None]]) -> None:
    """Hold parts of tables (None: all of them) of two stores against each other, but for what names a run."""
    for table, part in tables:
        there, here = table.read(one, part), table.read(other, part)
        assert len(here), f"{table.name} is empty"
        own = [name for name in here if name not in OF_THE_RUN]
        pd.testing.assert_frame_equal(there[own], here[own], obj=table.name)
