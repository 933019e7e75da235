"""Objects by STOW-RS lie in the inbox, byte for byte, once they are listed as stored; and nothing half ever does."""

import http.client
import json
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from pydicom import dcmread

from xray_platform.ports import HOST, free_port
from xray_platform.serving.http.access import Access
from xray_platform.serving.http.app import make_app
from xray_platform.serving.http.engine import Engine
from xray_platform.serving.http.gate import Gate
from xray_platform.serving.http.server import Listening, server_of
from xray_platform.serving.http.settings import ServeSettings
from xray_platform.serving.pacs.delivery import web_client
from xray_platform.serving.pacs.destinations import Archive
from xray_platform.serving.pacs.received_files import received_files
from xray_platform.serving.pacs.settings import PacsSettings
from xray_platform.serving.pacs.stow import stow_router
from xray_platform.tables.places import Places
from xray_platform_tests.serving.pacs.devices import until

TOKEN = "a long token of the tests"  # noqa: S105 - of this test alone
RELATED = 'multipart/related; type="application/dicom"; boundary=here'


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return Places(tmp_path_factory.mktemp("stow"))


@pytest.fixture(scope="module")
def port(places: Places) -> Iterator[int]:
    """A server with STOW-RS, asked with a token; it has no model."""
    engine, port = Engine(lambda: None, ServeSettings(readers=1)), free_port()
    with received_files(places, "web") as files:
        app = make_app(engine, [stow_router(files, PacsSettings(max_object_mib=1, network_seconds=2))])
        server = server_of(Gate(app, Access(token=TOKEN), engine.metrics, lambda _: None), Listening(HOST, port))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        assert until(lambda: server.started, 120)
        yield port
        server.should_exit = True
        thread.join(60)


def body(*parts: bytes) -> bytes:
    head = b"--here\r\nContent-Type: application/dicom\r\n\r\n"
    return b"".join(head + part + b"\r\n" for part in parts) + b"--here--\r\n"


def asked(port: int, data: bytes, kind: str = RELATED, token: str = TOKEN) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    headers = {"content-type": kind, "authorization": f"Bearer {token}"}
    try:
        connection.request("POST", "/dicom-web/studies", data, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    finally:
        connection.close()


def inbox(places: Places) -> set[bytes]:
    return {path.read_bytes() for path in places.inbox.rglob("*") if path.is_file()}


def halves(places: Places) -> list[Path]:
    return list(places.root.rglob("*.part"))


def test_objects_arrive_byte_for_byte(port: int, places: Places, files: list[Path]) -> None:
    parts = [file.read_bytes() for file in files]
    status, said = asked(port, body(*parts))
    assert (status, len(said["00081199"]["Value"])) == (200, len(files))
    assert inbox(places) >= set(parts)
    assert not halves(places)
    assert all(
        stat.S_IMODE(path.stat().st_mode) == 0o600 for path in places.inbox.rglob("*") if path.is_file()
    )  # fmt: skip


def test_a_dicomweb_client_can_store(port: int, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_PACS_TOKEN", TOKEN)
    client = web_client(Archive.parse("ours", f"http://{HOST}:{port}/dicom-web"), PacsSettings(network_seconds=20))
    answer = client.store_instances([dcmread(file) for file in files[:2]])
    assert len(answer.ReferencedSOPSequence) == 2


def test_what_is_too_large_or_no_object_is_listed_as_failed(port: int, places: Places, files: list[Path]) -> None:
    good, before = files[0].read_bytes(), inbox(places)
    status, said = asked(port, body(good, good + bytes(2 * 1024**2), b"no object at all"))
    assert (status, len(said["00081199"]["Value"])) == (202, 1)
    assert [one["00081197"]["Value"][0] for one in said["00081198"]["Value"]] == [0xC000, 0xC000]
    assert asked(port, body(b"no object at all"))[0] == 409
    assert inbox(places) == before | {good}
    assert not halves(places)


def test_a_full_disk_is_said_and_leaves_nothing(port: int, places: Places, files: list[Path]) -> None:
    before = inbox(places)
    full = OSError(28, "No space left on device")
    for broken in ("os.fsync", "xray_platform.serving.pacs.received_files.IncomingFile.write"):
        with patch(broken, side_effect=full):
            status, said = asked(port, body(files[3].read_bytes() + b"\0\0"))
        assert (status, said["00081198"]["Value"][0]["00081197"]["Value"]) == (409, [0xA700])
    assert inbox(places) == before
    assert not halves(places)


@pytest.mark.parametrize(
    ("data", "kind", "token", "status"),
    [
        (body(b"x"), RELATED, "another token of no use", 401),
        (body(b"x"), "application/dicom", TOKEN, 415),
        (body(b"x"), "multipart/related; type=text/html; boundary=here", TOKEN, 415),
        (b"--there\r\n", RELATED, TOKEN, 400),
        (body(b"broken off")[:-6], RELATED, TOKEN, 400),
        (body(*[b""] * 1001), RELATED, TOKEN, 413),
    ],
)
def test_what_is_no_such_request_is_refused(
    port: int, places: Places, data: bytes, kind: str, token: str, status: int
) -> None:
    before = inbox(places)
    assert asked(port, data, kind, token)[0] == status
    assert (inbox(places), halves(places)) == (before, [])


def test_who_goes_away_or_falls_silent_half_way_leaves_nothing(port: int, places: Places, files: list[Path]) -> None:
    before, data = inbox(places), body(files[0].read_bytes()[:-100])
    for silent in (False, True):
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
        connection.putrequest("POST", "/dicom-web/studies")
        for name, value in (
            ("content-type", RELATED), ("authorization", f"Bearer {TOKEN}"), ("content-length", str(2 * len(data))),
        ):  # fmt: skip
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(data[: len(data) // 2])
        assert until(lambda: bool(halves(places)))
        if silent:
            assert connection.getresponse().status == 408
        connection.close()
        assert until(lambda: not halves(places))
    assert inbox(places) == before
