"""Figures: every figure is drawn as a small PNG in the colours of its page, and none where there is nothing to draw."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from xray_platform.evaluation.curves import curves_of
from xray_platform.evaluation.evaluate import evaluate
from xray_platform.evaluation.figure_style import DARK, LIGHT, PAGE, PHONE, THEMES, Layout, Theme, canvas, legend
from xray_platform.evaluation.figures import draw_confusion, draw_figures, draw_histograms, draw_history
from xray_platform.evaluation.metrics import Predictions
from xray_platform_tests.evaluation.invented import QUICK, evaluation, scores

SURE = np.array([-1.0, -1, 1, 1])
HISTORY = [{"epoch": n, "train_loss": 1 / (n + 1), "val_auroc": 0.9, "seconds": 3.0} for n in range(4)]


@pytest.fixture(scope="module")
def drawn() -> dict[str, dict[str, bytes]]:
    model = evaluation(200)
    curves = curves_of(model)
    return {theme.name: draw_figures(model, curves, HISTORY, theme) for theme in THEMES}


def opened(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(picture)).convert("RGB"))


def share(picture: bytes, colour: str, tolerance: int = 8) -> float:
    wanted = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)])
    return float((np.abs(opened(picture).astype(int) - wanted).max(axis=-1) < tolerance).mean())


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_all_figures_are_drawn_on_the_paper_of_the_page(drawn: dict[str, dict[str, bytes]], theme: Theme) -> None:
    figures = drawn[theme.name]
    assert set(figures) == {"roc", "precision_recall", "histograms", "reliability", "decision", "training"}
    for name, picture in figures.items():
        assert picture.startswith(b"\x89PNG"), name
        assert len(picture) < 120_000, name
        assert share(picture, theme.paper, 1) > 0.3, name


def test_the_curve_has_the_colour_of_its_theme(drawn: dict[str, dict[str, bytes]]) -> None:
    for theme, other in ((LIGHT, DARK), (DARK, LIGHT)):
        picture = drawn[theme.name]["roc"]
        assert share(picture, theme.accent) > 0.004 > share(picture, other.accent)


@pytest.mark.parametrize("layout", [PAGE, PHONE], ids=lambda layout: layout.name)
@pytest.mark.parametrize("at_right", [False, True])
def test_a_legend_stands_off_the_data_and_within_the_picture(layout: Layout, at_right: bool) -> None:
    figure, axis = canvas(LIGHT, *layout.square)
    for name in ("guessing", "band of draws", "AUROC 0.942", "threshold"):
        axis.plot([0, 1], [0, 1], label=name)
    legend(axis, LIGHT, at_right=at_right)
    figure.canvas.draw()
    drawn = axis.get_legend().get_window_extent()
    assert not drawn.overlaps(axis.get_window_extent())
    assert figure.bbox.contains(drawn.x0, drawn.y0)
    assert figure.bbox.contains(drawn.x1, drawn.y1)


def test_a_phone_gets_narrow_figures_with_letters_of_the_same_size(drawn: dict[str, dict[str, bytes]]) -> None:
    model = evaluation(200)
    narrow = draw_figures(model, curves_of(model), HISTORY, LIGHT, PHONE)
    assert set(narrow) == set(drawn["light"])
    assert {opened(picture).shape[1] for picture in narrow.values()} == {544}
    assert min(opened(picture).shape[1] for picture in drawn["light"].values()) > 700


def test_the_threshold_moves_its_line() -> None:
    curves = curves_of(evaluation(200))
    dark = [(opened(draw_histograms(curves, cut)) < 90).all(axis=-1).sum(axis=0).argmax() for cut in (-1.0, 1.0)]
    assert dark[1] > dark[0] + 100


def test_figures_without_curves_are_left_out() -> None:
    given = scores(90)
    normals = evaluate(given.assign(abnormal=False), QUICK, model="a")
    untested = evaluate(given[given["split"] != "test"], QUICK, model="a")
    assert set(draw_figures(normals, curves_of(normals))) == {"histograms"}
    assert set(draw_figures(untested, curves_of(untested))) == {"histograms"}


def test_right_verdicts_are_blue_and_wrong_ones_red() -> None:
    right, wrong = (draw_confusion(Predictions(SURE, SURE > 0, (SURE > 0) == agree, None)) for agree in (True, False))
    red, blue = ([opened(picture)[..., channel].mean() for picture in (right, wrong)] for channel in (0, 2))
    assert red[0] < red[1]
    assert blue[0] > blue[1]


def test_a_history_with_gaps_is_drawn() -> None:
    gaps = [{"epoch": 0, "train_loss": 0.5}, {"epoch": 1, "train_loss": float("nan"), "val_loss": 0.2}]
    assert opened(draw_history(gaps)).shape[2] == 3
