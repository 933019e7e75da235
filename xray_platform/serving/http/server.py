"""Server: an application on a port; with uvicorn, its own log silent, since that would name addresses."""

from dataclasses import dataclass
from pathlib import Path

import uvicorn

from xray_platform.errors import InputError, MachineError
from xray_platform.ports import HOST
from xray_platform.serving.http.gate import Gate

LOOPBACK = frozenset((HOST, "::1", "localhost"))
HEADER_BYTES = 16 * 1024
CONNECTIONS = 256
GRACE_SECONDS = 20


@dataclass(frozen=True)
class Listening:
    """Where a server listens, and what stands between it and the network."""

    host: str = HOST
    port: int = 8000
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False

    @property
    def tls(self) -> bool:
        return self.certificate is not None

    def check(self, token: str | None) -> None:
        """Raise InputError where the server could be reached from outside without a token, or in the clear."""
        if (self.certificate is None) != (self.key is None):
            raise InputError("--tls-certificate and --tls-key: give both, or neither")
        if self.host in LOOPBACK:
            return
        if token is None:
            raise InputError(f"--host {self.host} is reached from outside: a token is needed (XRAY_TOKEN)")
        if not (self.tls or self.behind_proxy):
            raise InputError(
                f"--host {self.host} is reached from outside: give --tls-certificate and --tls-key, or say "
                "--behind-proxy where a proxy in front of it speaks TLS"
            )


def server_of(gate: Gate, listening: Listening) -> uvicorn.Server:
    """Return the server of an application, which is yet to be run."""
    config = uvicorn.Config(
        gate,
        host=listening.host,
        port=listening.port,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here asks who the client is
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=HEADER_BYTES,
        http="h11",
        ssl_certfile=listening.certificate,
        ssl_keyfile=listening.key,
    )
    return uvicorn.Server(config)


def serve(gate: Gate, listening: Listening) -> None:
    """Serve until a signal ends it; requests that are being answered are answered. Raises MachineError."""
    server = server_of(gate, listening)
    server.run()
    if not server.started:
        raise MachineError("the server did not start; the lines above say why")
