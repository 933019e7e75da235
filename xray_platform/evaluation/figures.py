"""Figures: ROC, precision–recall, histograms, confusion matrix, reliability, decision and training curves as PNG."""

from collections.abc import Mapping, Sequence

import numpy as np

from xray_platform.evaluation.bootstrap import Metric
from xray_platform.evaluation.curves import Curves, Histogram, PrecisionRecallCurve, Reliability, RocCurve
from xray_platform.evaluation.evaluate import SPLIT_TITLES, Evaluation
from xray_platform.evaluation.figure_style import LIGHT, PAGE, Layout, Theme, canvas, drawn, legend, unit_square
from xray_platform.evaluation.map_figure import draw_class_maps
from xray_platform.evaluation.map_statistics import MapStatistics
from xray_platform.evaluation.metrics import Predictions
from xray_platform.evaluation.net_benefit import DecisionCurve
from xray_platform.evaluation.reliance import Reliance
from xray_platform.evaluation.reliance_figures import draw_calibrations, draw_risk_coverage
from xray_platform.evaluation.robustness_figure import draw_robustness

STRAIGHT_NAMES, LONGEST_NAME = 5, 22  # classes named without turning the text, and signs of a name that are shown
History = Sequence[Mapping[str, float]]


def draw_figures(
    evaluation: Evaluation,
    curves: Curves,
    history: History = (),
    theme: Theme = LIGHT,
    layout: Layout = PAGE,
    reliance: Reliance | None = None,
    maps: MapStatistics | None = None,
) -> dict[str, bytes]:
    """Return every figure of the page that can be drawn, by name; one whose curve is undefined is left out."""
    test = evaluation.predictions("test")
    made = {"histograms": draw_histograms(curves, evaluation.threshold.value, theme, layout)}
    if curves.roc:
        made["roc"] = draw_roc(curves.roc, test, evaluation.metrics["test"]["auroc"], theme, layout)
    if curves.precision_recall:
        made["precision_recall"] = draw_precision_recall(curves.precision_recall, test, theme, layout)
    if curves.reliability:
        made["reliability"] = draw_reliability(curves.reliability, theme, layout)
    if curves.decision:
        made["decision"] = draw_decision(curves.decision, theme, layout)
    made |= _of_uncertainty(reliance, theme, layout) if reliance else {}
    made |= _of_classes_and_corruptions(evaluation, theme, layout)
    if maps and (shown := draw_class_maps(maps, theme, layout)):
        made["class_maps"] = shown
    if len(history) > 1:
        made["training"] = draw_history(history, theme, layout)
    return made


def _of_uncertainty(reliance: Reliance, theme: Theme, layout: Layout) -> dict[str, bytes]:
    made = {}
    if any(way.reliability for way in reliance.calibrations.ways):
        made["calibrations"] = draw_calibrations(reliance.calibrations.ways, theme, layout)
    if reliance.selective.coverage:
        made["risk_coverage"] = draw_risk_coverage(reliance.selective, reliance.orders, theme, layout)
    return made


def _of_classes_and_corruptions(evaluation: Evaluation, theme: Theme, layout: Layout) -> dict[str, bytes]:
    made = {}
    if evaluation.classes and any(map(sum, evaluation.classes.metrics["test"].confusion)):
        metrics = evaluation.classes.metrics["test"]
        made["classes"] = draw_class_confusion(evaluation.classes.classes, metrics.confusion, theme, layout)
    if evaluation.robustness and evaluation.robustness.each and evaluation.robustness.clean["auroc"].value is not None:
        made["robustness"] = draw_robustness(evaluation.robustness, theme, layout)
    return made


def draw_roc(curve: RocCurve, test: Predictions, auroc: Metric, theme: Theme = LIGHT, layout: Layout = PAGE) -> bytes:
    """Draw the ROC curve, its band, and the point at which the threshold puts the model."""
    figure, axis = canvas(theme, *layout.square)
    axis.plot([0, 1], [0, 1], color=theme.muted, linewidth=0.9, linestyle=(0, (4, 4)), label="guessing")
    if curve.grid:
        axis.fill_between(
            curve.grid, curve.low, curve.high, color=theme.accent, alpha=0.16, linewidth=0, label="band of draws"
        )
    axis.plot(
        curve.false_positive_rate,
        curve.true_positive_rate,
        color=theme.accent,
        linewidth=2,
        label=f"AUROC {auroc.value:.3f}",
    )
    across, up = test.predicted[~test.labels].mean(), test.predicted[test.labels].mean()
    axis.plot([across], [up], "o", color=theme.abnormal, markersize=7, markeredgecolor=theme.paper, label="threshold")
    unit_square(axis, "1 − specificity", "sensitivity")
    legend(axis, theme)
    return drawn(figure, layout)


def draw_precision_recall(
    curve: PrecisionRecallCurve, test: Predictions, theme: Theme = LIGHT, layout: Layout = PAGE
) -> bytes:
    """Draw the precision–recall curve over the line that guessing gives."""
    figure, axis = canvas(theme, *layout.square)
    axis.axhline(curve.prevalence, color=theme.muted, linewidth=0.9, linestyle=(0, (4, 4)), label="guessing")
    axis.step(curve.recall, curve.precision, where="pre", color=theme.accent, linewidth=2, label="test part")
    if test.predicted.any():
        across, up = test.predicted[test.labels].mean(), test.labels[test.predicted].mean()
        axis.plot(
            [across], [up], "o", color=theme.abnormal, markersize=7, markeredgecolor=theme.paper, label="threshold"
        )
    unit_square(axis, "recall (sensitivity)", "precision (positive predictive value)")
    legend(axis, theme)
    return drawn(figure, layout)


def draw_histograms(curves: Curves, threshold: float, theme: Theme = LIGHT, layout: Layout = PAGE) -> bytes:
    """Draw the scores of each part by class, as shares of the class, with the threshold."""
    filled = [split for split in SPLIT_TITLES if any(h.split == split and any(h.counts) for h in curves.histograms)]
    narrow = layout.columns == 1  # then title and legend stand above each other
    height, margins = (1.8, (0.42, 0.12, 0.62, 0.5)) if narrow else (1.5, (0.42, 0.12, 0.5, 0.3))
    figure, axes = canvas(
        theme,
        layout.wide,
        0.9 + height * len(filled),
        margins,
        len(filled),
        1,
        gap=0.5 if narrow else 0.3,
        sharex=True,
    )
    for axis, split in zip(np.ravel(axes), filled, strict=True):
        for histogram in curves.histograms:
            if histogram.split == split and any(histogram.counts):
                _draw_histogram(axis, histogram, curves.edges, theme)
        axis.axvline(threshold, color=theme.ink, linewidth=1.2, linestyle=(0, (5, 3)))
        axis.set_title(
            SPLIT_TITLES[split], loc="left", size=9.5, color=theme.ink, weight="bold", pad=20 if narrow else 6
        )
        axis.set_yticks([])
        axis.set_ylim(bottom=0)
        axis.spines["left"].set_visible(False)
        axis.grid(visible=False, axis="y")
        legend(axis, theme, at_right=not narrow)
    last = np.ravel(axes)[-1]
    last.set_xlabel("score (higher is more abnormal);" + ("\n" if narrow else " ") + "dashed: threshold")
    figure.supylabel("share of the class", size=9.5, color=theme.muted)
    return drawn(figure, layout)


def _draw_histogram(axis: object, histogram: Histogram, edges: Sequence[float], theme: Theme) -> None:
    count = np.array(histogram.counts, dtype=np.float64)
    colour = theme.abnormal if histogram.abnormal else theme.normal
    name = f"{'abnormal' if histogram.abnormal else 'normal'} ({int(count.sum()):,})"
    axis.stairs(count / count.sum(), edges, fill=True, color=colour, alpha=0.35, label=name)  # type: ignore[attr-defined]
    axis.stairs(count / count.sum(), edges, color=colour, linewidth=1.4)  # type: ignore[attr-defined]


def draw_confusion(test: Predictions, theme: Theme = LIGHT, layout: Layout = PAGE) -> bytes:
    """Draw the two-by-two table of truth and verdict; the shade is the share of the row."""
    figure, axis = canvas(theme, 4.6, 4.4, (0.62, 0.1, 0.5, 0.1))
    table = np.array(
        [
            [int(((test.labels == labels) & (test.predicted == called)).sum()) for called in (False, True)]
            for labels in (False, True)
        ]
    )
    for row in range(2):
        for column in range(2):
            share = table[row, column] / max(table[row].sum(), 1)
            right = row == column
            axis.add_patch(_cell(column, row, theme.normal if right else theme.abnormal, 0.10 + 0.55 * share))
            axis.text(
                column + 0.5, row + 0.46, str(table[row, column]), ha="center", va="center", size=20, color=theme.ink
            )
            axis.text(column + 0.5, row + 0.68, f"{share:.1%}", ha="center", va="center", size=9.5, color=theme.muted)
    axis.set(xlim=(0, 2), ylim=(2, 0), aspect="equal", xlabel="verdict", ylabel="truth")
    axis.set_xticks([0.5, 1.5], ["normal", "abnormal"])
    axis.set_yticks([0.5, 1.5], ["normal", "abnormal"], rotation=90, va="center")
    axis.grid(visible=False)
    for side in ("left", "bottom"):
        axis.spines[side].set_visible(False)
    return drawn(figure, layout)


def draw_class_confusion(
    classes: Sequence[str], table: Sequence[Sequence[int]], theme: Theme = LIGHT, layout: Layout = PAGE
) -> bytes:
    """Draw pictures by their class (rows) and the one that is named (columns); the shade is the share of the row."""
    counts, many = np.array(table), len(classes)
    longest = max(len(name) for name in classes)
    left = min(0.34 + 0.075 * min(longest, LONGEST_NAME), layout.wide / 3)
    bottom = left if many > STRAIGHT_NAMES or layout.columns == 1 else 0.55
    width = min(layout.wide, left + 0.2 + max(0.42 if many > STRAIGHT_NAMES else 0.95, 0.3) * many)
    cell = (width - left - 0.12) / many
    figure, axis = canvas(theme, width, bottom + 0.12 + cell * many, (left, 0.12, bottom, 0.12))
    for row in range(many):
        for column in range(many):
            share = counts[row, column] / max(counts[row].sum(), 1)
            colour = theme.normal if row == column else theme.abnormal
            axis.add_patch(_cell(column, row, colour, 0.08 + 0.57 * share))
            if counts[row, column] or many <= STRAIGHT_NAMES:
                axis.text(
                    column + 0.5, row + 0.5, f"{counts[row, column]:,}", ha="center", va="center",
                    size=float(np.clip(16 * cell, 5, 15)), color=theme.ink,
                )  # fmt: skip
    axis.set(xlim=(0, many), ylim=(many, 0), aspect="equal", xlabel="named", ylabel="truth")
    names = [name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…" for name in classes]
    places = np.arange(many) + 0.5
    axis.set_xticks(places, names, rotation=0 if bottom < left else 90)
    axis.set_yticks(places, names)
    axis.grid(visible=False)
    for side in ("left", "bottom"):
        axis.spines[side].set_visible(False)
    return drawn(figure, layout)


def _cell(column: int, row: int, colour: str, opacity: float) -> object:
    from matplotlib.patches import FancyBboxPatch  # only this figure needs it

    return FancyBboxPatch(
        (column + 0.05, row + 0.05),
        0.9,
        0.9,
        boxstyle="round,pad=0,rounding_size=0.06",
        color=colour,
        alpha=opacity,
        linewidth=0,
    )


def draw_reliability(curve: Reliability, theme: Theme = LIGHT, layout: Layout = PAGE) -> bytes:
    """Draw observed against predicted frequency, with intervals; the size of a point is its number of pictures."""
    figure, axis = canvas(theme, *layout.square)
    axis.plot([0, 1], [0, 1], color=theme.muted, linewidth=0.9, linestyle=(0, (4, 4)), label="perfectly calibrated")
    axis.vlines(curve.predicted, curve.low, curve.high, color=theme.accent, alpha=0.45, linewidth=1.6, label="interval")
    sizes = 18 + 160 * np.array(curve.pictures) / max(curve.pictures)
    axis.plot(curve.predicted, curve.observed, color=theme.accent, linewidth=1.2)
    axis.scatter(
        curve.predicted, curve.observed, s=sizes, color=theme.accent, edgecolor=theme.paper, zorder=3, label="test part"
    )
    unit_square(axis, "predicted probability", "observed share of abnormal pictures")
    legend(axis, theme)
    return drawn(figure, layout)


def draw_decision(curve: DecisionCurve, theme: Theme = LIGHT, layout: Layout = PAGE) -> bytes:
    """Draw the net benefit of probabilities and verdicts beside that of acting on all pictures, and on none."""
    figure, axis = canvas(theme, *layout.square)
    axis.axhline(0, color=theme.muted, linewidth=0.9, label="act on none")
    axis.plot(curve.threshold, curve.everyone, color=theme.muted, linewidth=1.2, linestyle=(0, (4, 4)), label="on all")
    axis.plot(curve.threshold, curve.verdict, color=theme.abnormal, linewidth=1.2, label="verdict")
    axis.plot(curve.threshold, curve.model, color=theme.accent, linewidth=2, label="probability")
    highest = max(*curve.model, curve.everyone[0], 0.05)
    axis.set(xlim=(0, 1), ylim=(-0.15 * highest, 1.08 * highest))
    axis.set(xlabel="probability from which on one acts", ylabel="net benefit")
    legend(axis, theme)
    return drawn(figure, layout)


def draw_history(history: History, theme: Theme = LIGHT, layout: Layout = PAGE) -> bytes:
    """Draw what the network reported after each epoch: losses first, then everything else that lies in [0, 1]."""
    epochs = [row.get("epoch", number) for number, row in enumerate(history, start=1)]
    names = [name for name in dict.fromkeys(key for row in history for key in row) if name != "epoch"]
    losses = [name for name in names if "loss" in name]
    shares = [name for name in names if name not in losses and _is_share(history, name)]
    rows = 2 // layout.columns
    figure, axes = canvas(theme, layout.wide, 3.0 * rows + 0.6, (0.62, 0.12, 0.5, 0.34), rows, layout.columns, gap=0.4)
    for axis, chosen, title in zip(np.ravel(axes), (losses, shares), ("loss", "validation"), strict=True):
        for name, colour in zip(chosen, (theme.accent, theme.abnormal, theme.normal, theme.muted), strict=False):
            axis.plot(
                epochs,
                [row.get(name, np.nan) for row in history],
                color=colour,
                linewidth=1.8,
                label=name.replace("_", " "),
            )
        axis.set(xlabel="epoch", ylabel=title)
        axis.xaxis.get_major_locator().set_params(integer=True)
        if chosen:
            legend(axis, theme)
    return drawn(figure, layout)


def _is_share(history: History, name: str) -> bool:
    values = [row[name] for row in history if name in row and np.isfinite(row[name])]
    wanted = any(
        word in name for word in ("auroc", "accuracy", "precision", "sensitivity", "specificity", "f1", "brier")
    )
    return bool(values) and wanted and min(values) >= 0 and max(values) <= 1
