"""Serving: a true server on the loopback address, in a thread of the test's process, and ways to ask it."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from xray_platform.ports import free_port
from xray_platform.serving.http.access import LOCAL, Access
from xray_platform.serving.http.app import make_app
from xray_platform.serving.http.champion import Find
from xray_platform.serving.http.engine import Engine
from xray_platform.serving.http.gate import Gate
from xray_platform.serving.http.server import Listening, server_of
from xray_platform.serving.http.settings import ServeSettings
from xray_platform.serving.room.routes import room_router
from xray_platform.serving.room.words import Words, shipped_words
from xray_platform.tables.places import Places

SECONDS = 120


@dataclass
class Answer:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Running:
    """A server, its log, and what it stands on."""

    port: int
    engine: Engine
    log: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers={key.replace("_", "-"): value for key, value in headers.items()})

    def judge(self, data: bytes, query: str = "") -> Answer:
        return self.ask("POST", f"/v1/predictions{query}", data, {"content-type": "application/octet-stream"})

    def send(self, *parts: bytes, wait: float = 0.0) -> bytes:
        """Send bytes as they are, and return what comes back until the server closes or a second of silence."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as line:
            for part in parts:
                line.sendall(part)
                time.sleep(wait)
            came = b""
            while b"\r\n\r\n" not in came and (chunk := line.recv(65536)):
                came += chunk
            return came


@contextmanager
def server(
    find: Find,
    settings: ServeSettings = ServeSettings(readers=1),
    token: str | None = None,
    store: Places | None = None,
    words: Words | None = None,
) -> Iterator[Running]:
    """Run a server until the end of the block, with the reading room of a store where one is given."""
    engine = Engine(find, settings)
    running = Running(free_port(), engine)
    access = Access(LOCAL, token)
    rooms = [room_router(engine, access, store, words or shipped_words())] if store else []
    gate = Gate(make_app(engine, rooms), access, engine.metrics, running.log.append)
    serving = server_of(gate, Listening(port=running.port))
    thread = threading.Thread(target=serving.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + SECONDS
    while not serving.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert serving.started
    try:
        yield running
    finally:
        serving.should_exit = True
        thread.join(SECONDS)
        assert not thread.is_alive()


def wait_until(true: Any, seconds: float = 30) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def form(*files: bytes, name: str = "picture.dcm") -> tuple[bytes, dict[str, str]]:
    """A form with a file field for each of `files`."""
    boundary = "x7f3a"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="images"; filename="{name}"\r\n'
        "Content-Type: application/dicom\r\n\r\n".encode()
        + file
        + b"\r\n"
        for file in files
    ]
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), {
        "content-type": f"multipart/form-data; boundary={boundary}"
    }
