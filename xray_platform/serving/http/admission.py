"""Admission: so many requests and so many bytes at once, and no more; who comes too much is told to come again."""

from collections.abc import Iterator
from contextlib import contextmanager


class BusyError(Exception):
    """There is no room at the moment."""


class Admission:
    """The places and the memory of a server. Used by its one event loop alone, so it needs no lock."""

    def __init__(self, places: int, memory_bytes: int) -> None:
        self.places, self.memory_bytes = places, memory_bytes
        self.taken, self.held_bytes = 0, 0

    @contextmanager
    def place(self) -> Iterator["Held"]:
        """Hold a place while a request is worked on; BusyError where none is free."""
        if self.taken >= self.places:
            raise BusyError
        self.taken += 1
        held = Held(self)
        try:
            yield held
        finally:
            self.taken -= 1
            self.held_bytes -= held.size


class Held:
    """What one request holds: a place, and as many bytes as have come."""

    def __init__(self, admission: Admission) -> None:
        self._admission, self.size = admission, 0

    def grow(self, size: int) -> None:
        """Hold `size` bytes more; BusyError where all requests together would hold too many."""
        if self._admission.held_bytes + size > self._admission.memory_bytes:
            raise BusyError
        self._admission.held_bytes += size
        self.size += size
