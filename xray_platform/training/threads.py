"""Threads: how many cores torch uses while a network learns, put back afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from xray_platform.workers import cores


@contextmanager
def threads(wanted: int, processes: int = 1) -> Iterator[None]:
    """Let torch use `wanted` threads inside; 0: one for each core, divided among the `processes` that do likewise.

    More than cores would only wait for each other.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(min(wanted or max(cores() // processes, 1), cores()))
    try:
        yield
    finally:
        torch.set_num_threads(before)
