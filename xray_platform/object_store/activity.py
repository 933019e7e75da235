"""Activity: who is at work in a working copy on this machine. The kernel forgets whoever dies."""

import fcntl
import os
from pathlib import Path


class Activity:
    """A mark that a process is at work in a working copy; several may be at the same time."""

    def __init__(self, file: Path) -> None:
        self._file, self._descriptor = file, -1

    def alone(self) -> bool:
        """Say whether nobody is at work, and let nobody begin until `begin` or `end`."""
        return self._lock(fcntl.LOCK_EX)

    def begin(self) -> None:
        """Be at work from now on, beside others."""
        self._lock(fcntl.LOCK_SH, wait=True)

    def end(self) -> None:
        """Be at work no more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _lock(self, kind: int, *, wait: bool = False) -> bool:
        if self._descriptor < 0:
            self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, kind | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True
