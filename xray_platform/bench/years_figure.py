"""Years figure: two simulated years in one picture: how right the champion was, what was noticed, and what was done."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from xray_platform.bench.simulated_years import EVENTS
from xray_platform.evaluation.figure_style import LIGHT, PAGE, canvas, drawn, legend

if TYPE_CHECKING:
    from xray_platform.bench.years import MonthSeen

LANES: Mapping[str, str] = {
    "batch drifted": "drifted",
    "more often wrong": "losses",
    "retrained": "retrained",
    "promoted": "promoted",
    "kept or refused": "held",
    "confirmed": "confirmed",
}


def draw_years(seen: "Sequence[MonthSeen]") -> bytes:
    """Draw sensitivity and specificity by month above, and what was noticed and done below; a PNG."""
    figure, axes = canvas(LIGHT, PAGE.wide, 6.4, (1.5, 0.2, 0.6, 0.6), 2, 1, gap=0.3, sharex=True)
    above, below = axes[:, 0]
    months = np.array([one.number for one in seen])
    for place, (title, colour) in enumerate((("sensitivity", LIGHT.abnormal), ("specificity", LIGHT.normal))):
        shares = np.array([np.nan if one.right is None else one.right[place] for one in seen])
        above.plot(months, shares, color=colour, marker="o", markersize=4, linewidth=1.6, label=title)
    above.set_ylim(0, 1.03)
    above.set_ylabel("of the month's pictures, share right")
    legend(above, LIGHT, columns=2)
    for month, event in EVENTS.items():
        for axis in (above, below):
            axis.axvline(month, color=LIGHT.muted, linewidth=0.9, linestyle=(0, (3, 3)))
        above.text(month + 0.1, 0.04, event, color=LIGHT.muted, size=8, rotation=90, va="bottom")
    names = list(LANES)
    for lane, name in enumerate(names):
        at = [one.number for one in seen if _happened(one, LANES[name])]
        below.plot(at, [lane] * len(at), color=LIGHT.series[lane], linestyle="", marker="s", markersize=8)
    below.set_yticks(range(len(names)), names)
    below.set_ylim(len(names) - 0.5, -0.5)
    below.set_xlabel("month")
    return drawn(figure, PAGE)


def _happened(one: "MonthSeen", lane: str) -> bool:
    if lane == "promoted":
        return "promoted" in one.decisions
    if lane == "held":
        return bool({"kept", "refused"} & set(one.decisions))
    return bool(getattr(one, lane))
