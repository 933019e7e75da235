"""The UI starts on the loopback address and shows the runs."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator

import pytest

from xray_platform.tracking.mlflow_store import Tracking
from xray_platform.tracking.runs import open_run
from xray_platform.tracking.server_command import ui_command, ui_environment


@pytest.fixture
def address(tracking: Tracking) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        ui_command(tracking, port),
        env=ui_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    yield f"http://127.0.0.1:{port}"
    os.killpg(server.pid, signal.SIGTERM)
    assert server.wait(30) is not None


def wait_for(address: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/health", timeout=5):  # noqa: S310 - our own address
            return
        time.sleep(0.3)
    pytest.fail(f"nothing answered at {address} for {seconds} s")


def test_the_ui_shows_a_run(tracking: Tracking, address: str) -> None:
    with open_run(tracking, model="shown") as run:
        run.log_metrics({"auroc": 0.75})
    wait_for(address)
    asked = f"{address}/api/2.0/mlflow/runs/get?run_id={run.run_id}"
    with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 - our own address
        assert json.load(answer)["run"]["data"]["metrics"][0]["value"] == 0.75


def test_the_command_keeps_to_the_loopback_address_and_one_worker(tracking: Tracking) -> None:
    command = ui_command(tracking, 5001)
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--workers") + 1] == "1"
    assert ui_environment()["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
