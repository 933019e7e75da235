"""Ports: where servers of this platform listen, and which ports are free; on the loopback address alone."""

import socket

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Tell whether a server can listen on a port, also where one has just ended there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
