"""Paired models: compared on the same pictures only, adjusted for their number, and shown on the leaderboard page."""

from pathlib import Path

import pandas as pd
import pytest

from xray_platform.evaluation.delong import compare_aurocs, delong_interval
from xray_platform.evaluation.evaluate import Evaluation, evaluate
from xray_platform.evaluation.leaderboard import Entry, leaderboard
from xray_platform.evaluation.leaderboard_page import write_leaderboard
from xray_platform.evaluation.paired_models import OTHER_PICTURES, holm, pair_models
from xray_platform_tests.evaluation.invented import QUICK, scores
from xray_platform_tests.evaluation.test_report import Page


def models() -> list[Evaluation]:
    frames = {"good": scores(400, skill=3.0), "better": scores(400, skill=3.2, seed=1), "poor": scores(400, skill=0.3)}
    mixed = frames["better"].sample(frac=1, random_state=0)  # rows in another order are the same pictures
    return [evaluate(mixed if name == "better" else frame, QUICK, model=name) for name, frame in frames.items()]


def test_each_is_compared_with_the_reference_picture_by_picture() -> None:
    every = models()
    good, better, poor = pair_models(every, "good")
    assert (good.reference, good.difference, good.p, good.verdicts) == (True, None, None, None)
    frames = [model.part("test").sort_values("image") for model in every]
    labels, subjects = frames[0]["abnormal"].to_numpy(bool), frames[0]["subject"].to_numpy(object)
    expected = compare_aurocs(frames[1]["score"].to_numpy(), frames[0]["score"].to_numpy(), labels, subjects)
    assert (better.difference, better.p) == (expected.difference, expected.p)
    assert better.delong == delong_interval(frames[1]["score"].to_numpy(), labels, subjects)
    assert better.drawn == every[1].metrics["test"]["auroc"]
    assert poor.p is not None
    assert poor.p < 0.001
    assert poor.verdicts is not None
    called = [(frame["verdict"] == "abnormal").to_numpy(bool) for frame in frames]
    assert poor.verdicts.only_first == int(((called[2] == labels) & (called[0] != labels)).sum())


def test_other_pictures_are_not_compared() -> None:
    first, other = models()[0], evaluate(scores(380, seed=1), QUICK, model="other")
    found = pair_models([first, other], "good")[1]
    assert (found.reason, found.p, found.difference, found.verdicts) == (OTHER_PICTURES, None, None, None)
    relabelled = scores(400, skill=3.0)
    relabelled["abnormal"] = ~relabelled["abnormal"]
    assert pair_models([first, evaluate(relabelled, QUICK, model="other")], "good")[1].reason == OTHER_PICTURES
    assert pair_models([first], "nobody") == ()


def test_without_a_class_or_pictures_it_says_why() -> None:
    frames = [scores(90).assign(abnormal=False), scores(90, seed=2).assign(abnormal=False)]
    normal = [evaluate(frame, QUICK, model=name) for name, frame in zip("ab", frames, strict=True)]
    found = pair_models(normal, "a")[1]
    assert found.p is None
    assert found.reason == "the test part lacks a class"
    assert found.verdicts is not None
    none = [
        evaluate(frame.query("split != 'test'"), QUICK, model=name) for name, frame in zip("ab", frames, strict=True)
    ]
    assert "no pictures" in pair_models(none, "a")[1].reason


@pytest.mark.parametrize(
    ("values", "adjusted"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([None, 0.5, 0.6], [None, 1.0, 1.0]),
        ([0.02], [0.02]),
        ([], []),
    ],
)
def test_holm_is_that_of_the_worked_example(values: list[float | None], adjusted: list[float | None]) -> None:
    assert holm(values) == [pytest.approx(p) if p is not None else None for p in adjusted]


@pytest.mark.parametrize("champion", ["good", ""])
def test_the_page_shows_them(tmp_path: Path, champion: str) -> None:
    every = models()
    board = leaderboard([Entry(model, "detector", "0" * 32, f"{model.model}/run/report.html") for model in every])
    pairs = pair_models(every, "good")
    titles = {"poor": "Poor <script>"}
    page = Page(write_leaderboard(tmp_path, board, {}, champion=champion, pairs=pairs, titles=titles).read_text())
    _, _, section = page.text.partition("Compared with good")
    assert section.strip().startswith("The champion" if champion else "The first of the board")
    assert "under 0.001" in section
    assert "Poor <script>" in section
    difference = pairs[1].difference
    assert difference is not None
    assert difference.value is not None
    assert f"{difference.value:.3f}".replace("-", "−") in section
    assert "script" not in page.tags
    alone = pd.DataFrame(board[board["model"] == "good"])
    assert "Compared with" not in Page(write_leaderboard(tmp_path, alone, {}, pairs=pairs[:1]).read_text()).text
