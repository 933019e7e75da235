"""Closing the terminal of `xray ui` ends all three servers, as Ctrl-C does; what nohup started goes on."""

import os
import pty
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from xray_platform.ports import free_port
from xray_platform_tests.cli.processes import XRAY, environment

SECONDS = 180


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """`xray ui` in a terminal of its own, all of it up; the terminal's other end comes with it."""
    words = [XRAY, "--root", str(tmp_path), "ui"]
    for name in ("--dagster-port", "--mlflow-port"):
        words += [name, str(free_port())]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        words, stdin=theirs, stdout=theirs, stderr=theirs, env=environment(), start_new_session=True,
        preexec_fn=take_terminal,  # noqa: PLW1509 - what a terminal does for the programs in it
    )  # fmt: skip
    os.close(theirs)
    try:
        await_text(ours, b"Ctrl-C ends all of them")
        yield ours, process
    finally:
        for left in family(process.pid):
            with suppress(psutil.NoSuchProcess):
                left.kill()
        process.wait()


def take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_a_closed_terminal_ends_all_of_it(served: tuple[int, "subprocess.Popen[bytes]"]) -> None:
    terminal, process = served
    servers = [one for one in family(process.pid) if one.pid != process.pid]
    assert len(servers) >= 3
    os.close(terminal)  # the window is closed: the kernel sends SIGHUP to what runs in it
    process.wait(60)
    _, alive = psutil.wait_procs(servers, timeout=30)
    assert alive == []


def await_text(terminal: int, text: bytes) -> None:
    said, deadline = b"", time.monotonic() + SECONDS
    while text not in said:
        assert time.monotonic() < deadline, said
        said += os.read(terminal, 4096)


def family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        head = psutil.Process(pid)
        return [head, *head.children(recursive=True)]
    return []
