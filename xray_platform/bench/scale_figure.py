"""Scale figure: the processor time of each step by the number of pictures, both axes logarithmic."""

from collections.abc import Mapping

import numpy as np

from xray_platform.evaluation.figure_style import LIGHT, PRINT, canvas, drawn

SHOWN = 12  # steps, those that take longest at the largest size
ROOM = 1.25  # between the names at the right, as a factor


def draw_scale(seconds: Mapping[str, Mapping[int, float]]) -> bytes:
    """Draw each step as a line, those that take longest, and what n log n looks like; an SVG."""
    figure, axis = canvas(LIGHT, 9.0, 5.6, (0.75, 3.6, 0.6, 0.3))
    most = max(size for sizes in seconds.values() for size in sizes)
    slowest = sorted(seconds, key=lambda name: -seconds[name].get(most, 0.0))[:SHOWN]
    colours = (LIGHT.abnormal, LIGHT.normal, *LIGHT.series)
    lowest = 0.0
    for place, name in reversed(list(enumerate(slowest))):
        sizes = sorted(seconds[name])
        times = [max(seconds[name][size], 0.01) for size in sizes]
        colour = colours[place % len(colours)]
        axis.plot(sizes, times, color=colour, marker="o", markersize=3, linewidth=1.4)
        lowest = max(times[-1], lowest * ROOM)
        axis.annotate(
            f"{name}, {times[-1]:.3g} s", (sizes[-1], times[-1]), (sizes[-1] * 1.25, lowest), color=colour, size=8,
            va="center", annotation_clip=False,
        )  # fmt: skip
    least = min(size for sizes in seconds.values() for size in sizes)
    along = np.geomspace(least, most, 50)
    axis.plot(along, along * np.log(along) / (least * np.log(least)), color=LIGHT.muted, linestyle=(0, (3, 3)))
    axis.annotate("n log n", (along[25], 1.4 * along[25] * np.log(along[25]) / (least * np.log(least))), size=8)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlabel("pictures in the store")
    axis.set_ylabel("processor seconds")
    return drawn(figure, PRINT)
