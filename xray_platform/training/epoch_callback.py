"""Told: who hears of each pass of a fit."""

from collections.abc import Callable

OnEpoch = Callable[[int, dict[str, float]], None]  # the pass, from 0, and its metrics by name


def tell_nobody(epoch: int, metrics: dict[str, float]) -> None:
    """Take the metrics of a pass and do nothing with them."""
