"""TLS: who shows a certificate of the authority may send, nobody else; and who says nothing holds nobody up."""

import shutil
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from xray_platform.ports import HOST
from xray_platform_tests.serving.pacs.devices import associated, receiving, sent


def certificates(folder: Path) -> None:
    """Make an authority, and a certificate that it has signed."""
    names = "subjectAltName=IP:127.0.0.1"
    for words in (
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca",
         "-days", "2"],
        ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", "one.key", "-out", "one.csr", "-subj", "/CN=one",
         "-addext", names],
        ["x509", "-req", "-in", "one.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "one.pem",
         "-copy_extensions", "copy", "-days", "2"],
    ):  # fmt: skip
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_only_a_certificate_of_the_authority_opens_the_door(tmp_path: Path, files: list[Path]) -> None:
    certificates(tmp_path)
    held = {"tls_certificate": "one.pem", "tls_key": "one.key", "tls_authority": "ca.pem"}
    settings: dict[str, Any] = {name: str(tmp_path / file) for name, file in held.items()}
    known = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    known.load_cert_chain(tmp_path / "one.pem", tmp_path / "one.key")
    stranger = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    with (
        receiving(tmp_path / "store", **settings) as running,
        socket.create_connection((HOST, running.port)),  # which never begins its handshake
    ):
        with associated(running.port, files[:1], tls=known) as association:
            assert sent(association, files[0]) == 0
        with associated(running.port, tls=stranger) as association:
            assert not association.is_established
        with associated(running.port) as association:
            assert not association.is_established
        assert len(running.received()) == 1
