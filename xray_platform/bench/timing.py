"""Timing: time one piece of work, or several ways to do the same by turns, so that other work hits them alike."""

import time
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


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


def timed(work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> tuple[Result, float]:
    """Do a piece of work once; return what it gave, and its seconds."""
    began = time.perf_counter()
    return work(*args, **kwargs), time.perf_counter() - began
