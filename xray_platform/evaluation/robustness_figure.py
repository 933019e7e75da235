"""Robustness figure: AUROC by severity, a line for each kind of corruption; and the table of all figures as CSV."""

from typing import Any

import pandas as pd

from xray_platform.evaluation.figure_style import LIGHT, PAGE, Layout, Theme, canvas, drawn, legend
from xray_platform.evaluation.robustness import MEASURED, Robustness
from xray_platform.imaging.corruptions import KINDS, SEVERITIES

LOWEST = 0.4  # of the axis, unless a figure lies lower
TITLES = {kind.name: kind.title for kind in KINDS}


def draw_robustness(found: Robustness, theme: Theme = LIGHT, layout: Layout = PAGE) -> bytes:
    """Draw AUROC against severity; 0 is the clean picture."""
    drawing, axis = canvas(theme, *layout.square)
    clean = found.clean["auroc"].value
    lowest = LOWEST
    for kind, colour in zip(KINDS, theme.series, strict=True):
        points = [(one.severity, one.auroc.value) for one in found.each if one.kind == kind.name]
        line = [(0, clean), *points]
        known = [(severity, value) for severity, value in line if value is not None]
        lowest = min([lowest, *(value - 0.02 for _, value in known)])
        axis.plot(*zip(*known, strict=True), "o-", color=colour, linewidth=1.8, markersize=4, label=kind.title)
    axis.axhline(0.5, color=theme.muted, linewidth=0.9, linestyle=(0, (4, 4)))
    axis.set(xlim=(-0.2, max(SEVERITIES) + 0.2), ylim=(lowest, 1.02), xlabel="severity; 0: clean", ylabel="AUROC")
    axis.set_xticks([0, *SEVERITIES])
    legend(axis, theme, columns=3)
    return drawn(drawing, layout)


def robustness_rows(found: Robustness) -> list[dict[str, Any]]:
    """Return a row for each kind and severity: `title`, `level`, what a level `says`, and the figures."""
    kinds = {kind.name: kind for kind in KINDS}
    return [
        {
            "title": kinds[one.kind].title,
            "says": kinds[one.kind].says,
            "level": kinds[one.kind].level(one.severity),
            "severity": one.severity,
            "loss": one.loss,
            **{name: getattr(one, name) for name in MEASURED},
        }
        for one in found.each
    ]


def robustness_csv(found: Robustness) -> str:
    """Return every figure with its interval, a line for each kind and severity."""
    rows = []
    for row in robustness_rows(found):
        flat = {
            "corruption": row["title"],
            "severity": row["severity"],
            "level": row["level"],
            "level means": row["says"],
        }
        for name in (*MEASURED, "loss"):
            flat |= {name: row[name].value, f"{name}_low": row[name].low, f"{name}_high": row[name].high}
        rows.append(flat)
    return pd.DataFrame(rows).to_csv(index=False)
