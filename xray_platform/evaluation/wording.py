"""Wording: how numbers, intervals and counts read on a page."""

from typing import Any

from xray_platform.evaluation.bootstrap import Metric

MINUS, DASH, NONE = "−", "–", "—"


def number(value: Any) -> str:
    """Return a value as a reader wants it: at most four significant digits, a true minus, `—` for nothing."""
    if value is None or value == "":
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}".replace("-", MINUS) if value == value else NONE
    if isinstance(value, (list, tuple, set)):
        return ", ".join(number(item) for item in value) or NONE
    return str(value)


def figure(value: float | None) -> str:
    """Return a figure in [−1, 1] with three decimals; `—` where it is undefined."""
    return NONE if value is None else f"{value:.3f}".replace("-", MINUS)


def interval(metric: Metric) -> str:
    """Return the interval of a figure, such as `0.891–0.932`; empty where there is none."""
    if metric.low is None or metric.high is None:
        return ""
    between = f" to {figure(metric.high)}" if metric.low < 0 else f"{DASH}{figure(metric.high)}"
    return figure(metric.low) + between


def percent(value: float | None) -> str:
    """Return a share as whole per cent, but never 100 or 0 where it is not exactly that."""
    if value is None:
        return NONE
    shown = f"{value:.0%}"
    return f"{value:.1%}" if shown in {"100%", "0%"} and value not in {0.0, 1.0} else shown


def count(value: int, what: str, many: str = "") -> str:
    """Return `1 picture`, `1,204 pictures`."""
    return f"{value:,} {what if value == 1 else many or what + 's'}"
