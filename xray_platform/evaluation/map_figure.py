"""Map figure: the mean map of each class side by side, on one scale."""

import numpy as np

from xray_platform.evaluation.figure_style import LIGHT, PAGE, Layout, Theme, canvas, drawn
from xray_platform.evaluation.map_statistics import MapStatistics

LONGEST_NAME = 18


def draw_class_maps(found: MapStatistics, theme: Theme = LIGHT, layout: Layout = PAGE) -> bytes | None:
    """Draw the mean map of each class with its mean centre; None where no map has any colour."""
    shown = [one for one in found.classes if one.coloured]
    highest = max((float(found.mean_maps[one.name].max()) for one in shown), default=0.0)
    if highest <= 0:
        return None
    columns = 2 if layout.columns == 1 else 4
    rows = -(-len(shown) // columns)
    width, each = layout.wide, (layout.wide - 0.2) / columns
    figure, axes = canvas(theme, width, rows * (each + 0.34) + 0.1, (0.1, 0.1, 0.1, 0.34), rows, columns, gap=0.25)
    for axis, one in zip(np.ravel(axes), [*shown, *[None] * (rows * columns - len(shown))], strict=True):
        axis.set_axis_off()
        if one is None:
            continue
        axis.imshow(found.mean_maps[one.name], cmap="inferno", vmin=0, vmax=highest, extent=(0, 1, 1, 0))
        axis.plot([one.column], [one.row], "+", color="white", markersize=9)
        name = one.name if len(one.name) <= LONGEST_NAME else f"{one.name[: LONGEST_NAME - 1]}…"
        axis.set_title(f"{name} ({one.pictures})", size=9, color=theme.ink, loc="left", pad=4)
    return drawn(figure, layout)
