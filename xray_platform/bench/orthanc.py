"""Orthanc: a true archive on loopback, in a folder of its own, to be measured and tested against."""

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xray_platform.errors import MachineError
from xray_platform.ports import HOST, free_port

TITLE = "ORTHANC"
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
START_SECONDS = 60


def installed() -> bool:
    """Say whether Orthanc and its DICOMweb are installed."""
    return shutil.which("Orthanc") is not None and PLUGIN.exists()


@dataclass(frozen=True)
class Orthanc:
    """An archive at work: its DICOM port, and its HTTP address."""

    port: int
    address: str

    @property
    def dicom(self) -> str:
        """Its address in the settings, by DICOM associations."""
        return f"dicom://{TITLE}@{HOST}:{self.port}"

    @property
    def web(self) -> str:
        """Its address in the settings, by DICOMweb."""
        return f"{self.address}/dicom-web"

    def asked(self, path: str) -> Any:
        """Return what the archive's own interface says. Raises OSError."""
        with urllib.request.urlopen(f"{self.address}{path}", timeout=10) as answer:  # noqa: S310 - on loopback
            return json.load(answer)

    def alive(self) -> bool:
        """Say whether it answers."""
        try:
            return bool(self.asked("/system"))
        except OSError:
            return False


@contextmanager
def orthanc(folder: Path, devices: Mapping[str, int] | None = None) -> Iterator[Orthanc]:
    """Run Orthanc until the end of the block; it knows these devices (titles and ports) on this machine.

    Raises MachineError where it is not installed or does not start.
    """
    if not installed():
        raise MachineError("Orthanc is needed: apt-get install orthanc orthanc-dicomweb")
    folder.mkdir(parents=True)
    port, http = free_port(), free_port()
    (folder / "orthanc.json").write_text(json.dumps(_settings(folder, port, http, devices or {})))
    archive = Orthanc(port, f"http://{HOST}:{http}")
    with (folder / "log.txt").open("wb") as log, subprocess.Popen(
        ["Orthanc", str(folder / "orthanc.json")], stdout=log, stderr=log
    ) as process:  # fmt: skip
        try:
            until = time.monotonic() + START_SECONDS
            while not archive.alive():
                if time.monotonic() > until or process.poll() is not None:
                    raise MachineError(f"Orthanc did not start: {(folder / 'log.txt').read_text()[-500:]}")
                time.sleep(0.1)
            yield archive
        finally:
            process.terminate()
            process.wait(60)


def _settings(folder: Path, port: int, http: int, devices: Mapping[str, int]) -> dict[str, object]:
    rights = {"AllowFind": True, "AllowGet": True, "AllowMove": True, "AllowStore": True}
    return {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "HttpPort": http,
        "DicomPort": port,
        "DicomAet": TITLE,
        "DicomCheckCalledAet": True,
        "DicomAlwaysAllowStore": True,
        "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "DicomModalities": {
            title.lower(): {"AET": title, "Host": HOST, "Port": where, **rights} for title, where in devices.items()
        },
    }
