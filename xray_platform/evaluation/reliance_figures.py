"""Reliance figures: calibrations side by side, and what is gained by passing on what the model is unsure of."""

from collections.abc import Sequence

from xray_platform.evaluation.calibration_comparison import CalibratedBy
from xray_platform.evaluation.error_order import ErrorOrder
from xray_platform.evaluation.figure_style import LIGHT, PAGE, Layout, Theme, canvas, drawn, legend, unit_square
from xray_platform.evaluation.selective import RiskCoverage


def draw_calibrations(ways: Sequence[CalibratedBy], theme: Theme = LIGHT, layout: Layout = PAGE) -> bytes:
    """Draw the reliability of each way to make probabilities, the one in use thicker, without intervals."""
    figure, axis = canvas(theme, *layout.square)
    axis.plot([0, 1], [0, 1], color=theme.muted, linewidth=0.9, linestyle=(0, (4, 4)))
    for way, colour in zip(ways, (theme.muted, *theme.series[1:]), strict=False):
        if way.reliability:
            line = way.reliability
            axis.plot(
                line.predicted, line.observed, "o-", color=colour, markersize=4, linewidth=2.4 if way.chosen else 1.2,
                label=way.method,
            )  # fmt: skip
    unit_square(axis, "predicted probability", "observed share of abnormal pictures")
    legend(axis, theme)
    return drawn(figure, layout)


def draw_risk_coverage(
    found: RiskCoverage, orders: Sequence[ErrorOrder] = (), theme: Theme = LIGHT, layout: Layout = PAGE
) -> bytes:
    """Draw the share of wrong verdicts among the surest share of the test pictures, by each measure of uncertainty."""
    figure, axis = canvas(theme, *layout.square)
    axis.step(found.coverage, found.risk, where="post", color=theme.accent, linewidth=2, label="distance")
    others = [one for one in orders if one.source != "distance"]
    for one, colour in zip(others, theme.others, strict=False):
        axis.step(one.coverage, one.risk, where="post", color=colour, linewidth=1.1, label=one.source)
    axis.axhline(found.risk[-1], color=theme.muted, linewidth=0.9, linestyle=(0, (4, 4)), label="all")
    highest = max(max(risk) for risk in (found.risk, *(one.risk for one in others)))
    axis.set(xlim=(0, 1.01), ylim=(0, max(0.05, 1.15 * highest)))
    axis.set(xlabel="share of the pictures, the surest first", ylabel="share of wrong verdicts")
    legend(axis, theme, columns=3)
    return drawn(figure, layout)
