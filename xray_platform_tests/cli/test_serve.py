"""`xray serve`: never open to the network without a token and TLS, and served until a signal ends it."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from xray_platform.ports import free_port
from xray_platform_tests.cli.conftest import Xray
from xray_platform_tests.cli.processes import XRAY, environment

TOKEN = "a long token of the tests"  # noqa: S105 - of this test alone


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store that holds nothing yet."""
    (tmp_path / "store" / "data" / ".dagster").mkdir(parents=True)
    return tmp_path / "store"


@pytest.mark.parametrize(
    ("words", "token", "said"),
    [
        (("--host", "0.0.0.0"), "", "a token is needed"),  # noqa: S104 - refused
        (("--host", "0.0.0.0"), TOKEN, "--behind-proxy"),  # noqa: S104 - refused
        (("--tls-key", "key.pem"), "", "give both"),
        (("--set", "places=0"), "", "places: found '0'"),
        (("--set", "chairs=3"), "", "there is no setting 'chairs'"),
        ((), "short", "at least 16"),
    ],
)
def test_what_is_not_safe_or_unknown_is_refused(
    xray: Xray, root: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], token: str, said: str
) -> None:
    monkeypatch.setenv("XRAY_TOKEN", token)
    ran = xray("serve", "--port", free_port(), *words, root=root)
    assert ran.code == 2
    assert said in ran.err


def test_a_folder_without_a_store_is_wrong_use(xray: Xray, tmp_path: Path) -> None:
    ran = xray("serve", root=tmp_path)
    assert (ran.code, "holds no store" in ran.err) == (2, True)


def test_it_serves_until_it_is_told_to_end(root: Path) -> None:
    port = free_port()
    command = [
        XRAY if Path(XRAY).exists() else sys.executable,
        "--root",
        str(root),
        "serve",
        "--stow",
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            ready = _answer(f"http://127.0.0.1:{port}/readyz", process)
            assert "no champion yet" in ready["problem"]
            with pytest.raises(HTTPError, match="415"):  # the address is there, and takes objects alone
                urlopen(f"http://127.0.0.1:{port}/dicom-web/studies", data=b"no object", timeout=30)
        finally:
            os.kill(process.pid, signal.SIGINT)
        _, log = process.communicate(timeout=60)
    assert process.returncode in {0, 130}, log.decode()
    assert b"Traceback" not in log


def _answer(url: str, process: "subprocess.Popen[bytes]") -> dict[str, str]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(URLError, OSError):
            try:
                with urlopen(url, timeout=5) as answer:  # noqa: S310 - our own loopback address
                    return dict(json.load(answer))
            except HTTPError as error:
                return dict(json.load(error))
        time.sleep(0.3)
    raise AssertionError("it did not answer")
