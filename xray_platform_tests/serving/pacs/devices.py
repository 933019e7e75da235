"""Devices: `xray receive` in a process of its own, and a device that sends to it over a real association."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydicom import dcmread
from pynetdicom import AE, _config
from pynetdicom.association import Association

from xray_platform.ports import HOST, free_port
from xray_platform_tests.cli.processes import environment

COMMAND = [sys.executable, "-c", "from xray_platform.cli import main; main()"]
TITLE = "XRAY"
SENDER = "SENDER"
START_SECONDS = 120


@dataclass(frozen=True)
class Running:
    """A receiver at work: its store, its port, its process, and the file that its log goes to."""

    root: Path
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def inbox(self) -> Path:
        return self.root / "data" / "inbox"

    def received(self) -> list[Path]:
        """All files in the inbox, whatever they are called."""
        return sorted(path for path in self.inbox.rglob("*") if path.is_file())

    def halves(self) -> list[Path]:
        """All files of the store that wait to become whole."""
        return sorted(self.root.rglob("*.part"))

    def said(self, words: str) -> bool:
        """Wait until the log says so, for some seconds."""
        return until(lambda: words in self.log.read_text())


def until(true: Callable[[], bool], seconds: float = 20) -> bool:
    """Wait until something is true, for so many seconds at most, and say whether it is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return true()


@contextmanager
def receiving(
    root: Path, most_file_bytes: int | None = None, port: int | None = None, **settings: Any
) -> Iterator[Running]:
    """Run `xray receive` until the end of the block; no file of it may be longer than `most_file_bytes`."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "xray.yaml").write_text(yaml.safe_dump({"pacs": settings}))
    port, log = port or free_port(), root / "log.txt"

    confined = ["prlimit", f"--fsize={most_file_bytes}"] if most_file_bytes else []
    command = [*confined, *COMMAND, "--root", str(root), "receive", "--port", str(port)]
    with log.open("ab") as errors, subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=errors
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith(b"Receiving"), log.read_text()
            yield Running(root, port, process, log)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(60)


@contextmanager
def associated(
    port: int, files: Sequence[Path] = (), *, calling: str = SENDER, called: str = TITLE, more: Sequence[str] = (),
    tls: Any = None,
) -> Iterator[Association]:  # fmt: skip
    """Open an association that offers each file's class in its own transfer syntax; it may come to nothing."""
    entity = AE(calling)
    offered = {(str(meta.MediaStorageSOPClassUID), str(meta.TransferSyntaxUID)) for meta in map(_meta, files)}
    for kind, syntax in sorted(offered):
        entity.add_requested_context(kind, syntax)
    for kind in more or (() if offered else ("1.2.840.10008.1.1",)):
        entity.add_requested_context(kind)
    entity.acse_timeout = entity.network_timeout = entity.dimse_timeout = 15
    association = entity.associate(HOST, port, ae_title=called, tls_args=(tls, HOST) if tls else None)
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


def sent(association: Association, file: Path) -> int | None:
    """Send a file's bytes as they are; return the status, None where there was no answer."""
    _config.STORE_SEND_CHUNKED_DATASET = True
    status = association.send_c_store(file).get("Status")
    return None if status is None else int(status)


def rejected(port: int, **titles: str) -> tuple[int, int, int]:
    """Ask for an association that must be rejected; return result, source and diagnostic."""
    with associated(port, **titles) as association:  # type: ignore[arg-type]
        assert not association.is_established
        said = association.acceptor.primitive
        assert said is not None, "it was not even answered"
        return said.result or 0, said.result_source or 0, said.diagnostic or 0


def data_set(file: Path) -> bytes:
    """Return the bytes behind the file's meta information."""
    data = file.read_bytes()
    return data[144 + int.from_bytes(data[140:144], "little") :]


def is_compressed(file: Path) -> bool:
    """Say whether a file's pixels are compressed."""
    return bool(_meta(file).TransferSyntaxUID.is_compressed)


def _meta(file: Path) -> Any:
    return dcmread(file, stop_before_pixels=True).file_meta


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process as a power cut would."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
