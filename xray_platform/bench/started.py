"""Started: servers that a benchmark runs in processes of their own, as a user starts them, until it is done."""

import http.client
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from xray_platform.errors import MachineError
from xray_platform.ports import HOST

START_SECONDS = 180
OK = 200


def xray_command(root: Path, *arguments: str) -> list[str]:
    """Return the command line of `xray` on a store, for a process of its own."""
    return [sys.executable, "-c", "from xray_platform.cli import main; main()", "--root", str(root), *arguments]


def await_answer(process: "subprocess.Popen[bytes]", port: int, path: str, command: str) -> None:
    """Wait until a server answers 200 at a path; MachineError where it ends or takes too long, naming its command."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError, http.client.HTTPException):
            client = http.client.HTTPConnection(HOST, port, timeout=5)
            client.request("GET", path)
            if client.getresponse().status == OK:
                return
        time.sleep(0.1)
    raise MachineError(f"`{command}` was not ready within {START_SECONDS} s; start it yourself, and it says why")
