"""Figure style: the colours and axes that all figures share, for light and dark pages."""

from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, Literal

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

DOTS_PER_INCH = 160
Margins = tuple[float, float, float, float]  # left, right, bottom, top


@dataclass(frozen=True)
class Layout:
    """How large figures are drawn, in inch, so that their text is readable where the page shows them.

    `square`: width, height and margins of a curve in the unit square; `wide`: width of the others, `columns` of them
    beside each other; `form`: what `drawn` makes of them.
    """

    name: str
    square: tuple[float, float, Margins]
    wide: float
    columns: int
    form: Literal["png", "svg"] = "png"


PAGE = Layout("page", (4.6, 4.84, (0.62, 0.1, 0.5, 0.54)), 9.4, 2)
PRINT = replace(PAGE, name="print", form="svg")
PHONE = Layout("phone", (3.4, 3.72, (0.56, 0.1, 0.46, 0.54)), 3.4, 1)


@dataclass(frozen=True)
class Theme:
    """Colours of one look of the page."""

    name: str
    paper: str
    ink: str
    muted: str
    line: str
    normal: str
    abnormal: str
    accent: str
    others: tuple[str, ...]

    @property
    def series(self) -> tuple[str, ...]:
        """Colours that tell lines apart, the first the strongest."""
        return (self.accent, self.abnormal, *self.others)


LIGHT = Theme(
    "light",
    "#ffffff",
    "#1b2733",
    "#5c6b7a",
    "#dfe5ea",
    "#3b7ea1",
    "#c4553b",
    "#1f5673",
    ("#5b8c5a", "#8a5a9e", "#b58a1b", "#6b7785"),
)
DARK = Theme(
    "dark",
    "#182028",
    "#e6ecf1",
    "#93a3b1",
    "#303c47",
    "#6db3d6",
    "#ef8a6f",
    "#8cc8e6",
    ("#92c791", "#c39bd6", "#e3bf5c", "#a5b1bc"),
)
THEMES = (LIGHT, DARK)


def canvas(
    theme: Theme,
    width: float,
    height: float,
    margins: Margins,
    rows: int = 1,
    columns: int = 1,
    *,
    gap: float = 0.3,
    **grid: Any,
) -> tuple[Figure, Any]:
    """Return a figure of so many inches, with margins in inches, and its axes, drawn without any global state."""
    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, facecolor=theme.paper)
    FigureCanvasAgg(figure)
    left, right, bottom, top = margins
    figure.subplots_adjust(
        left=left / width,
        right=1 - right / width,
        bottom=bottom / height,
        top=1 - top / height,
        wspace=0.16,
        hspace=gap,
    )
    axes = figure.subplots(rows, columns, squeeze=False, **grid)
    for axis in axes.flat:
        _calm(axis, theme)
    return figure, axes if rows * columns > 1 else axes[0, 0]


def _calm(axis: Any, theme: Theme) -> None:
    axis.set_facecolor(theme.paper)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axis.spines[side].set_color(theme.line)
    axis.tick_params(colors=theme.muted, labelsize=8.5, length=0, pad=5)
    axis.xaxis.label.set(color=theme.muted, size=9.5)
    axis.yaxis.label.set(color=theme.muted, size=9.5)
    axis.grid(color=theme.line, linewidth=0.7)
    axis.set_axisbelow(True)


def unit_square(axis: Any, across: str, up: str) -> None:
    """Make both axes run from 0 to 1 at the same scale."""
    axis.set(xlim=(-0.015, 1.015), ylim=(-0.015, 1.015), xlabel=across, ylabel=up, aspect="equal")
    axis.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    axis.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])


def legend(axis: Any, theme: Theme, *, columns: int = 2, at_right: bool = False) -> None:
    """Add a legend without a frame above the axes, where no data are; `at_right` leaves the left to a title."""
    axis.legend(
        loc="lower right" if at_right else "lower left",
        bbox_to_anchor=(1.0 if at_right else 0.0, 1.015),
        ncols=columns,
        borderaxespad=0,
        columnspacing=1.2,
        frameon=False,
        fontsize=8.5,
        labelcolor=theme.ink,
        handlelength=1.6,
    )


def drawn(figure: Figure, layout: Layout = PAGE) -> bytes:
    """Return the figure in the form of its layout."""
    return svg(figure) if layout.form == "svg" else png(figure)


def svg(figure: Figure) -> bytes:
    """Return the figure as an SVG with its text as text; the same figure gives the same bytes."""
    into = BytesIO()
    with rc_context({"svg.hashsalt": "xray", "svg.fonttype": "none"}):
        figure.savefig(into, format="svg", metadata={"Date": None}, facecolor=figure.get_facecolor())
    return into.getvalue()


def png(figure: Figure) -> bytes:
    """Return the figure as a PNG of at most 256 colours, which is small and looks the same."""
    drawn: Any = figure.canvas
    drawn.draw()
    picture = Image.frombuffer("RGBA", drawn.get_width_height(), bytes(drawn.buffer_rgba())).convert("RGB")
    few = picture.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    _keep_paper(few, picture.getpixel((0, 0)))
    into = BytesIO()
    few.save(into, "PNG")
    return into.getvalue()


def _keep_paper(picture: Any, paper: Any) -> None:
    """Give the paper its exact colour back, which the choice of few colours moved by one or two steps."""
    palette, place = picture.getpalette(), 3 * picture.getpixel((0, 0))
    palette[place : place + 3] = paper
    picture.putpalette(palette)
