"""S3: a stand-in of the storage in a process of its own on the loopback address, gone when the test ends."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from xray_platform.ports import HOST, free_port
from xray_platform_tests.cli.processes import environment

START_SECONDS = 120
SECRET = "a-secret-that-no-line-may-hold"  # noqa: S105 - of the stand-in, which takes any


@dataclass(frozen=True)
class Storage:
    """A running stand-in; `variables` are what a user sets to reach it."""

    endpoint: str
    process: "subprocess.Popen[bytes]"

    @property
    def variables(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "someone",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }

    def make_bucket(self, name: str) -> str:
        """Make a bucket, and return the address of a store in it."""
        asked = urllib.request.Request(f"{self.endpoint}/{name}", method="PUT")  # noqa: S310 - on loopback
        with urllib.request.urlopen(asked, timeout=30):  # noqa: S310
            return f"s3://{name}/store"


@contextmanager
def storage(**variables: str) -> Iterator[Storage]:
    """Run the stand-in, with these variables set, until the end of the block."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)]
    with subprocess.Popen(
        command,
        env=environment(**variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            _awaited(f"http://{HOST}:{port}/moto-api/", process)
            yield Storage(f"http://{HOST}:{port}", process)
        finally:
            process.kill()
            process.wait(30)


def _awaited(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(address, timeout=5):  # noqa: S310 - on loopback
            return
        time.sleep(0.2)
    raise AssertionError("the stand-in of the storage did not start")
