"""Memory file: bytes in memory that a child process opens like a file; nothing touches a disk.

The pipe to a child takes 64 kB at a time, and both processes must be awake for each: 8 MB took 55 to 290 ms on a busy
machine.
"""

import os
from pathlib import Path
from types import TracebackType


class MemoryFile:
    """A file without a name, in memory alone; it is gone when it is closed, or with this process."""

    def __init__(self) -> None:
        self._descriptor, self.size = -1, 0
        self._descriptor = os.memfd_create("xray", os.MFD_CLOEXEC)

    def write(self, chunk: bytes | memoryview) -> None:
        """Add bytes at the end."""
        rest = memoryview(chunk)
        while rest:
            written = os.write(self._descriptor, rest)
            self.size, rest = self.size + written, rest[written:]

    @property
    def path(self) -> Path:
        """Where a child of the same user opens it, while this process holds it open."""
        return Path(f"/proc/{os.getpid()}/fd/{self._descriptor}")

    def read(self) -> bytes:
        """Return all bytes, also those that a child has written."""
        return os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0)

    def close(self) -> None:
        """Let go of the bytes."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()

    def __enter__(self) -> "MemoryFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
