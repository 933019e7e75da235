"""Leaderboard: ranked by the validation part alone, with the undefined last."""

from dataclasses import replace

import pytest

from xray_platform.evaluation.evaluate import Evaluation, evaluate
from xray_platform.evaluation.leaderboard import Entry, leaderboard
from xray_platform.tables.all import LEADERBOARD
from xray_platform_tests.evaluation.invented import QUICK, evaluation, scores


def entry(model: Evaluation) -> Entry:
    return Entry(model, "detector", "0" * 32, f"{model.model}/{'0' * 32}/report.html")


def test_the_validation_part_decides_and_not_the_test_part() -> None:
    frame = scores(400, skill=2)
    test = frame["split"] == "test"
    unlucky = frame.assign(score=frame["score"].where(~test, -frame["score"]))
    lucky = frame.assign(score=frame["score"].where(test, frame["score"] * 0.3 + scores(400, skill=0, seed=3)["score"]))
    board = leaderboard([entry(evaluate(f, QUICK, model=m)) for m, f in (("lucky", lucky), ("unlucky", unlucky))])
    assert board["model"].tolist() == ["unlucky", "lucky"]
    assert board["auroc"].iloc[0] < 0.5 < board["auroc"].iloc[1]


def test_it_fits_its_table_and_takes_its_figures_from_the_evaluations() -> None:
    model = evaluation(200)
    board = leaderboard([entry(model)])
    assert list(board.columns) == [column.name for column in LEADERBOARD.columns]
    row = board.iloc[0]
    assert row["auroc"] == pytest.approx(model.value("auroc"))
    assert row["auroc_low"] == pytest.approx(model.metrics["test"]["auroc"].low)
    assert row["threshold"] == pytest.approx(model.threshold.value)
    assert row["pictures"] == len(model.part("test"))
    assert row[["ms_per_picture", "size_mb"]].isna().all(), "nobody measured"
    measured = Entry(replace(model, ms_per_picture=12.5), "detector", "0" * 32, "invented/report.html", size_mb=1.75)
    assert leaderboard([measured]).iloc[0][["ms_per_picture", "size_mb"]].tolist() == [12.5, 1.75]


def test_models_without_a_figure_come_last_in_the_order_of_their_names() -> None:
    blind = scores(90).assign(abnormal=False)
    board = leaderboard(
        [entry(evaluate(blind, QUICK, model=name)) for name in ("b", "a")] + [entry(evaluation(90, model="z"))]
    )
    assert board["model"].tolist() == ["z", "a", "b"]
    assert board["rank"].tolist() == [1, 2, 3]
    assert board["auroc"].isna().tolist() == [False, True, True]


def test_no_models_give_an_empty_board() -> None:
    assert leaderboard([]).empty
