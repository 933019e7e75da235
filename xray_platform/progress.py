"""Progress: how long work says how far it is, without knowing who listens."""

from typing import Protocol

MARK = "progress: "
"""How a line of a run's log begins that says how far long work is."""


class Progress(Protocol):
    """Called as `progress(done, total, what)`; cheap enough to call for every item."""

    def __call__(self, done: int, total: int, what: str) -> None: ...


def silent(done: int, total: int, what: str) -> None:
    """Tell nobody."""
