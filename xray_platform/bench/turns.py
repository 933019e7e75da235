"""Turns: time several ways to do the same, by turns, so that the machine's other work hits them alike."""

import time
from collections.abc import Callable, Mapping


def best_seconds(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the least seconds that each way took, the ways taking turns."""
    seconds = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            seconds[name] = min(seconds[name], time.perf_counter() - began)
    return seconds
