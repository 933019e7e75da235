"""Listening: what commands that serve until they are ended have in common."""

import signal
import threading

from xray_platform.errors import MachineError
from xray_platform.ports import is_free


def check_free(port: int, *, option: str = "--port", purpose: str = "") -> None:
    """Raise MachineError, which names the option, where something uses a port already."""
    if not is_free(port):
        what = f"port {port}{purpose}"
        raise MachineError(f"{what} is in use; end what uses it, or give another with {option}")


def ended_by_signal() -> threading.Event:
    """Return what is set by Ctrl-C and by a polite end, also where a shell started the command in the background."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended
