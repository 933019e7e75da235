"""Wording: how numbers, intervals and counts read on a page."""

from typing import Any

from xray_platform.evaluation.bootstrap import Metric

MINUS, DASH, NONE = "−", "–", "—"
THIN = "\u202f"  # a narrow space that does not break, between a number and its per cent sign


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


def chance(value: float | None) -> str:
    """Return a p-value with three decimals, never as 0; `—` where there is none."""
    if value is None:
        return NONE
    return "under 0.001" if value < 0.001 else f"{value:.3f}"


def percent(value: float | None) -> str:
    """Return a share in whole per cent, or finer, so that only all reads as 100 and only nothing as 0."""
    if value is None:
        return NONE
    shown = f"{100 * value:.0f}"
    if shown in {"0", "100"} and value not in {0.0, 1.0}:
        shown = f"{100 * value:.1f}"
    if shown in {"0.0", "100.0"}:
        shown = "under 0.1" if value < 0.5 else "over 99.9"
    return f"{shown}{THIN}%"


def count(value: int, what: str, many: str = "") -> str:
    """Return `1 picture`, `1,204 pictures`."""
    return f"{value:,} {what if value == 1 else many or what + 's'}"
