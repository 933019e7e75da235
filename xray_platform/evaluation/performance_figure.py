"""Performance figure: the control chart of a model in use, batch by batch."""

from collections.abc import Sequence

import numpy as np

from xray_platform.evaluation.figure_style import PAGE, Layout, Theme, canvas, drawn, legend
from xray_platform.evaluation.performance import MEASURES, PerformancePoint

HEIGHT = 2.6  # inch, of each of both charts
SHOWN = 60  # batches, the last ones


def draw_performance(points: Sequence[PerformancePoint], theme: Theme, layout: Layout = PAGE) -> bytes:
    """Draw sensitivity and specificity of each batch, what was expected, and the limit; alarms are filled.

    One chart for each, below each other; with at least one point.
    """
    batches = list(dict.fromkeys(point.batch for point in points))[-SHOWN:]
    place = {batch: number for number, batch in enumerate(batches)}
    margins = (0.62, 0.12, 0.62, 0.5)
    figure, axes = canvas(theme, layout.wide, 2 * HEIGHT + 1, margins, 2, 1, gap=0.45, sharex=True)
    for axis, measure in zip(axes.flat, MEASURES, strict=True):
        held = [point for point in points if point.measure == measure and point.batch in place]
        at = np.array([place[point.batch] for point in held], float)
        share = np.array([point.share for point in held])
        expected, limit = (_shares([getattr(point, name) for point in held]) for name in ("expected", "limit"))
        alarm = np.array([point.alarm for point in held], bool)
        axis.plot(at, expected, color=theme.muted, linewidth=1.2, label="as before")
        axis.fill_between(at, limit, 0, color=theme.line, linewidth=0, label="below the limit", step="mid")
        axis.plot(at, share, color=theme.accent, linewidth=1.2, marker="o", markersize=4, label=measure)
        axis.plot(at[alarm], share[alarm], color=theme.abnormal, linestyle="", marker="s", markersize=7, label="alarm")
        axis.set_ylim(0, 1.03)
        axis.set_ylabel(measure)
        legend(axis, theme, columns=layout.columns * 2)
    step = -(-len(batches) // (12 if layout is PAGE else 5))
    axes.flat[-1].set_xticks(range(0, len(batches), step), [one.removeprefix("batch-") for one in batches[::step]])
    axes.flat[-1].set_xlabel("batch")
    return drawn(figure, layout)


def _shares(values: "Sequence[float | None]") -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.array([np.nan if value is None else value for value in values], np.float64)
