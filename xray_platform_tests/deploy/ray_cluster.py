"""Ray cluster: a head and workers of a test's own on this machine, started as the page says, ended by their own ids.

Each node has a loopback address of its own (127.0.0.2 and on, which Linux has), a folder of its own, and stands in a
group of processes of its own. `ray stop` would end every Ray process of the machine.
"""

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from tempfile import mkdtemp
from typing import Any

import psutil

from xray_platform.ports import free_port
from xray_platform_tests.cli.processes import environment
from xray_platform_tests.deploy.deployment import START_SECONDS, page_command, until

RAY = str(Path(sys.executable).parent / "ray")
HEAD = "127.0.0.2"
TOKEN = "5f2b1c0e9d8a7b6c5f2b1c0e9d8a7b6c"  # noqa: S105 - of a cluster that lives for one test
SMALL = ["--object-store-memory", str(100 * 1024**2)]
AUTHORISED = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN, "RAY_USAGE_STATS_ENABLED": "0"}


def lacking() -> str:
    """Return what a cluster lacks here; empty: nothing."""
    if not sys.platform.startswith("linux"):
        return "only Linux has the loopback addresses 127.0.0.2 and on"
    return "" if find_spec("ray") and find_spec("dagster_ray") else "Ray is not installed (xray-platform[cluster])"


@dataclass(frozen=True)
class Node:
    """A head or a worker: its address, and its process."""

    address: str
    process: "subprocess.Popen[bytes]"

    def family(self) -> dict[int, psutil.Process]:
        """Return what it has started, with itself, by process id."""
        with suppress(psutil.NoSuchProcess):
            node = psutil.Process(self.process.pid)
            return {one.pid: one for one in [node, *node.children(recursive=True)]}
        return {}

    def sees(self, folder: Path) -> bool:
        """Say whether there is anything for it in a folder of this machine."""
        return any(Path(f"/proc/{self.process.pid}/root{folder}").iterdir())

    def kill(self) -> None:
        """End it at once with all that it has started, runs too, which have sessions of their own: a power failure."""
        for one in reversed(self.family().values()):
            with suppress(psutil.NoSuchProcess):
                one.kill()
        self.process.wait(30)


class RayCluster:
    """A head; workers join it when they are told to."""

    def __init__(
        self, folder: Path, variables: Mapping[str, str], stack: ExitStack, hidden: Path | None = None
    ) -> None:
        self.folder, self._stack, self._hidden = folder, stack, hidden
        self._variables = {**variables, **AUTHORISED}
        self._port, self._jobs_port = str(free_port()), str(free_port())
        words = {"HEAD": HEAD, "6379": self._port, "8265": self._jobs_port}
        more = ["--ray-client-server-port", str(free_port())]
        self.head = self._node(HEAD, [*page_command("ray start --head", words), *more])
        until(lambda: self.jobs() is not None, START_SECONDS, "the head of Ray")

    @property
    def variables(self) -> dict[str, str]:
        """What those who give work to the cluster need to know."""
        return {**AUTHORISED, "RAY_ADDRESS": f"http://{HEAD}:{self._jobs_port}"}

    def worker(self, number: int) -> Node:
        """Start the worker of this number, from 1 on."""
        address = f"127.0.0.{number + 2}"
        words = {"HEAD": HEAD, "6379": self._port, "WORKER": address}
        return self._node(address, page_command("ray start --block", words))

    def jobs(self) -> list[dict[str, Any]] | None:
        """Return what Ray tells of its jobs; None while it does not answer."""
        with suppress(OSError):
            return json.loads(self.asked("/api/jobs/"))  # type: ignore[no-any-return]
        return None

    def asked(self, path: str, token: str = TOKEN) -> bytes:
        request = urllib.request.Request(
            f"http://{HEAD}:{self._jobs_port}{path}", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - on loopback
            return bytes(answer.read())

    def address_of(self, run_id: str) -> str | None:
        """Return the address of the node that a run is or was on; None where it has not begun."""
        for job in self.jobs() or []:
            if job["submission_id"] == f"dagster-run-{run_id}" and (agent := job.get("driver_agent_http_address")):
                return str(agent).split("//")[1].split(":")[0]
        return None

    def _node(self, address: str, command: list[str]) -> Node:
        folder = self.folder / address.rsplit(".", 1)[1]
        (folder / "tmp").mkdir(parents=True)
        own = {"XRAY_CACHE": str(folder / "cache"), "TMPDIR": str(folder / "tmp")}
        with (folder / "log.txt").open("wb") as log:
            process = subprocess.Popen(
                [*_without(self._hidden), RAY, *command[1:], *SMALL, "--temp-dir", str(folder)],
                env=environment(**self._variables, **own), stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        node = Node(address, process)
        self._stack.callback(node.kill)
        return node

    def left(self) -> list[str]:
        """Return the command lines of all processes that still work in the cluster's folder."""
        return [line for line in _command_lines() if str(self.folder) in line]


@contextmanager
def ray_cluster(variables: Mapping[str, str], hidden: Path | None = None) -> Iterator[RayCluster]:
    """Start a head, whose workers have these variables; all of it is ended at the end of the block, by its own ids.

    What lies in the folder `hidden` no node sees, where the kernel lets us hide it.
    """
    folder = Path(mkdtemp(prefix="xray-ray-"))  # sockets need short paths
    try:
        with ExitStack() as stack:
            yield (cluster := RayCluster(folder, variables, stack, hidden))
        until(lambda: not cluster.left(), 30, "the end of Ray's processes")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def hides() -> tuple[str, ...]:
    """Return the command that gives a process a file system of its own; empty where the kernel refuses it."""
    ways = (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"])
    allowed = [way for way in ways if which("unshare") and subprocess.run([*way, "true"], check=False).returncode == 0]
    return tuple(allowed[0]) if allowed else ()


def _without(folder: Path | None) -> list[str]:
    """Return what to put before a command for which a folder shall be empty."""
    if folder is None or not hides():
        return []
    return [*hides(), "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', str(folder)]


def _command_lines() -> Iterator[str]:
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield (entry / "cmdline").read_text(errors="replace").replace("\0", " ")
