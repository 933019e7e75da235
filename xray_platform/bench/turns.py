"""Turns: time several ways to do the same, by turns, so that the machine's other work hits them alike."""

import time
from collections.abc import Callable, Mapping


def best_seconds(
    ways: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Return the least seconds that each way took, the ways taking turns.

    The clock is the wall's, or `time.process_time`, which counts the seconds of every core that a way used.
    """
    seconds = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            began = clock()
            way()
            seconds[name] = min(seconds[name], clock() - began)
    return seconds
