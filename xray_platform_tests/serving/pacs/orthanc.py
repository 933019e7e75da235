"""Orthanc: a true archive on loopback, in a folder of its own, for as long as a test needs it."""

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from xray_platform.ports import HOST, free_port
from xray_platform_tests.serving.pacs.devices import until

PROGRAM = shutil.which("Orthanc")
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
TITLE = "ORTHANC"
needed = pytest.mark.skipif(PROGRAM is None or not PLUGIN.exists(), reason="Orthanc and its DICOMweb are not installed")


@dataclass(frozen=True)
class Orthanc:
    """An archive at work: its DICOM port, and its HTTP address."""

    port: int
    address: str

    @property
    def dicom(self) -> str:
        return f"dicom://{TITLE}@{HOST}:{self.port}"

    @property
    def web(self) -> str:
        return f"{self.address}/dicom-web"

    def asked(self, path: str) -> Any:
        """Return what the archive's own interface says."""
        with urllib.request.urlopen(f"{self.address}{path}", timeout=10) as answer:  # noqa: S310 - on loopback
            return json.load(answer)

    def alive(self) -> bool:
        try:
            return bool(self.asked("/system"))
        except OSError:
            return False


@contextmanager
def orthanc(folder: Path, devices: dict[str, int] | None = None) -> Iterator[Orthanc]:
    """Run Orthanc until the end of the block; it knows these devices (titles and ports) on this machine."""
    folder.mkdir(parents=True)
    port, http = free_port(), free_port()
    settings = {
        "StorageDirectory": str(folder / "storage"), "IndexDirectory": str(folder / "storage"),
        "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "HttpPort": http, "DicomPort": port,
        "DicomAet": TITLE, "DicomCheckCalledAet": True, "DicomAlwaysAllowStore": True, "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "DicomModalities": {
            title.lower(): {"AET": title, "Host": HOST, "Port": where, "AllowFind": True, "AllowGet": True,
                            "AllowMove": True, "AllowStore": True}
            for title, where in (devices or {}).items()
        },
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(settings))
    archive = Orthanc(port, f"http://{HOST}:{http}")
    with (folder / "log.txt").open("wb") as log, subprocess.Popen(
        [str(PROGRAM), str(folder / "orthanc.json")], stdout=log, stderr=log
    ) as process:  # fmt: skip
        try:
            assert until(archive.alive, 60), (folder / "log.txt").read_text()
            yield archive
        finally:
            process.terminate()
            process.wait(60)
