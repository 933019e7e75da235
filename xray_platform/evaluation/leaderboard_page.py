"""Leaderboard page: all models in one self-contained HTML table, with their ROC curves on top of each other."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from xray_platform.atomic import atomic_write
from xray_platform.evaluation.bootstrap import Metric
from xray_platform.evaluation.cautions import Caution
from xray_platform.evaluation.curves import Curves, RocCurve
from xray_platform.evaluation.figure_style import PAGE, Layout, Theme, canvas, drawn, legend, unit_square
from xray_platform.evaluation.page import by_look, render
from xray_platform.evaluation.paired_models import PairedModel
from xray_platform.evaluation.subgroups import Subgroup, Subgroups
from xray_platform.evaluation.wording import figure

LINE = 0.19  # inch, of a legend
DRAWN = 6  # curves, the best first; more cannot be told apart


def write_leaderboard(
    folder: Path,
    leaderboard: pd.DataFrame,
    curves: Mapping[str, Curves | None],
    *,
    titles: Mapping[str, str] = {},
    champion: str = "",
    elsewhere: str = "",
    created: str = "",
    cautions: Mapping[str, Sequence[Caution]] = {},
    missing: Mapping[str, str] = {},
    pairs: Sequence[PairedModel] = (),
    origins: Mapping[str, Subgroups] = {},
    decisions: pd.DataFrame | None = None,
) -> Path:
    """Write `leaderboard.html` into the folder of the reports (data/reports) and return its path.

    leaderboard: the table LEADERBOARD; its `report` paths, relative to that folder, become links. curves: by model,
    from `read_curves(<report>/metrics/curves.json)`; models without are not drawn. titles: names for
    people, by model. champion: the model in use, if it is one of these; elsewhere: what is in use if it is not.
    cautions: by model, as its report says them; those that hold for all models come first, once.
    missing: models that are not on the board, and why. pairs: from `pair_models(evaluations, reference)`.
    origins: by model, its figures on each origin of the test part. decisions: the table DECISIONS, the newest first.
    Raises StoreError where the folder cannot be written.
    """
    rows = leaderboard.sort_values("rank").astype(object).where(leaderboard.notna(), None).to_dict("records")
    named = {str(row["model"]): titles.get(str(row["model"]), str(row["model"]).replace("_", " ")) for row in rows}
    lines = {
        named[str(row["model"])]: curve.roc
        for row in rows
        if (curve := curves.get(str(row["model"]))) is not None and curve.roc is not None
    }
    drawn = by_look(lambda theme, layout: draw_rocs(lines, theme, layout)) if lines else None
    common, own = _shared(cautions, [str(row["model"]) for row in rows])
    content = {"rows": rows, "titles": named, "drawn": drawn, "shown": DRAWN, "champion": champion, "created": created}
    text = render(
        "leaderboard.html",
        **content,
        elsewhere=elsewhere,
        cautions=common,
        own=own,
        missing=missing,
        pairs=pairs,
        heat=heat_table(origins, [str(row["model"]) for row in rows]),
        decisions=_decisions(decisions),
    )
    page = folder / "leaderboard.html"
    atomic_write(page, text)
    return page


def _decisions(decisions: pd.DataFrame | None) -> "list[dict[Hashable, object]]":
    if decisions is None:
        return []
    return decisions.astype(object).where(decisions.notna(), None).to_dict("records")


@dataclass(frozen=True)
class HeatTable:
    """Models (rows) by origin (columns): what each column is, and by model a figure a column, None where unknown."""

    origins: tuple[Subgroup, ...]
    rows: Mapping[str, tuple[Metric | None, ...]]


def heat_table(origins: Mapping[str, Subgroups], models: Sequence[str]) -> HeatTable | None:
    """Return the AUROC of each model on each origin, the largest origin first; None where no origin is known."""
    found: dict[str, Subgroup] = {}
    for model in models:
        for group in origins[model].groups if model in origins else ():
            found.setdefault(group.value, group)
    if not found:
        return None
    cells = {
        model: {g.value: g.metrics["auroc"] for g in origins[model].groups} for model in models if model in origins
    }
    columns = sorted(found.values(), key=lambda group: (-group.pictures, group.value))
    rows = {model: tuple(cells.get(model, {}).get(group.value) for group in columns) for model in models}
    return HeatTable(tuple(columns), rows)


def _shared(
    cautions: Mapping[str, Sequence[Caution]], models: Sequence[str]
) -> tuple[list[Caution], dict[str, list[Caution]]]:
    """Return the cautions that all models have in the same words, and by model those that it has for itself."""
    first = cautions.get(models[0], ()) if models else ()
    common = [caution for caution in first if all(caution in cautions.get(model, ()) for model in models)]
    own = {model: [caution for caution in cautions.get(model, ()) if caution not in common] for model in models}
    return common, own


def draw_rocs(curves: Mapping[str, RocCurve], theme: Theme, layout: Layout = PAGE) -> bytes:
    """Draw the ROC curves of the first models over each other, without bands, as PNG."""
    width, height, (left, right, bottom, top) = layout.square
    columns = layout.columns
    rows = -(-min(len(curves), DRAWN) // columns)
    more = max(0, rows - 2) * LINE
    drawing, axis = canvas(theme, width, height + more, (left, right, bottom, top + more))
    axis.plot([0, 1], [0, 1], color=theme.muted, linewidth=0.9, linestyle=(0, (4, 4)))
    for (title, curve), colour in zip(list(curves.items())[:DRAWN], theme.series, strict=False):
        area = float(np.trapezoid(curve.true_positive_rate, curve.false_positive_rate))
        label = f"{title} {figure(area)}"
        axis.plot(curve.false_positive_rate, curve.true_positive_rate, color=colour, linewidth=1.8, label=label)
    unit_square(axis, "1 − specificity", "sensitivity")
    legend(axis, theme, columns=columns)
    return drawn(drawing, layout)
