"""Epoch callback: a function that is called after each epoch of a fit."""

from collections.abc import Callable

OnEpoch = Callable[[int, dict[str, float]], None]  # the epoch, from 0, and its metrics by name


def ignore_epoch(epoch: int, metrics: dict[str, float]) -> None:
    """Take the metrics of an epoch and do nothing with them."""
