"""Hostile and unlucky clients: each is answered or let go, and the next one is served as if nothing had been."""

import io
import json
import socket
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from xray_platform.serving.http.champion import ModelLocation
from xray_platform.serving.http.settings import ServeSettings
from xray_platform_tests.serving.http.serving import Running, form, server, wait_until

HEAD = b"POST /v1/predictions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
MEBI = 1024**2


@pytest.fixture(autouse=True)
def served_as_before(served: Running, sound: list[Path]) -> Iterator[None]:
    yield
    wait_until(lambda: served.engine.admission.taken == 0)
    assert served.engine.admission.held_bytes == 0
    assert served.judge(sound[0].read_bytes()).status == 200


def test_half_a_dicom_is_refused_in_words(served: Running, sound: list[Path]) -> None:
    data = sound[0].read_bytes()
    answer = served.judge(data[: len(data) // 2])
    assert answer.status == 422
    assert answer.json["images"][0]["error"][0]["code"].startswith("Q0")


def test_bombs_do_not_go_off(served: Running) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(200 * MEBI))
    assert served.judge(packed.getvalue()).json["images"][0]["error"][0]["code"] == "Q009"
    meta = b"\x02\x00\x10\x00UI\x16\x001.2.840.10008.1.2.1.99"
    length = b"\x02\x00\x00\x00UL\x04\x00" + len(meta).to_bytes(4, "little")
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = squeeze.compress(bytes(600 * MEBI)) + squeeze.flush()
    answer = served.judge(bytes(128) + b"DICM" + length + meta + deflated)
    assert answer.status == 422


def test_a_body_of_a_gigabyte_is_refused_before_it_is_read(served: Running) -> None:
    began = time.monotonic()
    came = served.send(HEAD + b"Content-Length: 1073741824\r\n\r\n")
    assert came.startswith(b"HTTP/1.1 413")
    assert time.monotonic() - began < 2


def test_a_body_that_does_not_say_its_size_is_counted(served: Running) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield bytes(MEBI)

    try:
        answer = served.ask("POST", "/v1/predictions", endless(), {"transfer-encoding": "chunked"})
        assert answer.status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # the server hung up while we were still sending, as it may


def test_one_large_file_in_a_form_is_refused_and_so_are_too_many(served: Running) -> None:
    body, headers = form(bytes(5 * MEBI))
    assert served.ask("POST", "/v1/predictions", body, headers).status == 413
    body, headers = form(*[b"x"] * 4)
    answer = served.ask("POST", "/v1/predictions", body, headers)
    assert (answer.status, answer.json["error"]["code"]) == (413, "too_many")


@pytest.mark.parametrize(
    "body", [b"", b"--x7f3a", b"garbage", form()[0], b"--x7f3a\r\nX: y\r\n\r\nvalue\r\n--x7f3a--\r\n"]
)
def test_a_form_that_is_none_is_told_so(served: Running, body: bytes) -> None:
    assert served.ask("POST", "/v1/predictions", body, form()[1]).status == 400


def test_a_client_that_goes_away_leaves_its_place(served: Running) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as line:
        line.sendall(HEAD + b"Content-Length: 100000\r\n\r\n" + bytes(500))
        wait_until(lambda: served.engine.admission.taken == 1)
    wait_until(lambda: served.engine.admission.taken == 0, 5)
    wait_until(lambda: any(json.loads(line)["status"] == 499 for line in served.log))


def test_a_slow_client_is_given_up(served: Running) -> None:
    came = served.send(HEAD + b"Content-Length: 100000\r\n\r\n", *[bytes(10)] * 6, wait=0.5)
    assert came.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example"])
def test_under_another_name_it_is_not_heard(served: Running, host: str) -> None:
    assert served.get("/v1/models", Host=host).status == 421


def test_pages_of_other_origins_may_not_ask(served: Running) -> None:
    for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example"):
        assert served.get("/v1/models", Origin=origin).status == 403
    assert served.get("/v1/models", Origin=f"http://127.0.0.1:{served.port}").status == 200
    assert served.ask("POST", "/v1/predictions", b"x", {"sec-fetch-site": "cross-site"}).status == 403


@pytest.mark.parametrize(
    "path", ["/../../etc/passwd", "/v1/../../x", "/%2e%2e/%2e%2e/etc/passwd", "/v1/models/../../x", "//etc/passwd"]
)
def test_paths_lead_nowhere(served: Running, path: str) -> None:
    came = served.send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    assert came.split()[1] == b"404"


def test_a_value_of_the_request_is_not_quoted(served: Running) -> None:
    answer = served.judge(b"x", "?heatmap=<script>MUELLER</script>")
    assert answer.status == 422
    assert b"MUELLER" not in answer.body


def test_one_more_than_there_are_places_is_told_to_come_again(location: ModelLocation, sound: list[Path]) -> None:
    with server(lambda: location, ServeSettings(readers=1, places=2, upload_seconds=20)) as running:
        lines = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(2)]
        for line in lines:
            line.sendall(HEAD + b"Content-Length: 9\r\n\r\n")
        wait_until(lambda: running.engine.admission.taken == 2)
        answer = running.judge(sound[0].read_bytes())
        assert (answer.status, answer.headers["retry-after"]) == (429, "1")
        for line in lines:
            line.close()
        wait_until(lambda: running.engine.admission.taken == 0)
        assert running.judge(sound[0].read_bytes()).status == 200


def test_memory_is_bounded_over_all_requests(location: ModelLocation, sound: list[Path]) -> None:
    settings = ServeSettings(readers=1, max_memory_mib=1, upload_seconds=20)
    with server(lambda: location, settings) as running:
        assert running.judge(bytes(2 * MEBI)).status == 429
        assert running.engine.admission.held_bytes == 0
        assert running.judge(sound[0].read_bytes()).status == 200


def test_without_the_token_nothing_is_told(location: ModelLocation, sound: list[Path]) -> None:
    token = "a token of the tests"  # noqa: S105 - of this test alone
    with server(lambda: location, token=token) as running:
        assert running.get("/healthz").status == 200
        for path in ("/v1/models", "/metrics", "/openapi.json"):
            assert running.get(path).status == 401
            assert running.get(path, Authorization="Bearer wrong").status == 401
            assert running.get(path, Authorization=f"Bearer {token}").status == 200
        assert running.judge(sound[0].read_bytes()).status == 401


def test_a_reader_that_is_killed_costs_one_image(location: ModelLocation, sound: list[Path]) -> None:
    with server(lambda: location, ServeSettings(readers=1, read_seconds=0.001)) as running:
        answer = running.judge(sound[0].read_bytes())
        assert answer.status == 422
        assert answer.json["images"][0]["error"][0]["code"] == "timeout"
        assert running.get("/readyz").status == 200


def test_a_form_that_ends_in_the_midst_of_an_image_is_no_form(served: Running, sound: list[Path]) -> None:
    body, headers = form(sound[0].read_bytes())
    answer = served.ask("POST", "/v1/predictions", body[: len(body) // 2], headers)
    assert answer.status == 400
    assert answer.json["error"]["words"] == "the form ends before its last boundary"
