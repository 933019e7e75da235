"""Subgroups: figures of each group are right, gaps need enough subjects, and what is missing is said."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from xray_platform.evaluation.evaluate import Evaluation, evaluate
from xray_platform.evaluation.leaderboard import Entry, leaderboard
from xray_platform.evaluation.leaderboard_page import heat_table, write_leaderboard
from xray_platform.evaluation.load_evaluation import load_evaluation
from xray_platform.evaluation.report import SUBGROUPS_FILE, write_report
from xray_platform.evaluation.report_input import ReportInput
from xray_platform.evaluation.subgroups import Subgroups, origins_of
from xray_platform_tests.evaluation.invented import QUICK, scores
from xray_platform_tests.evaluation.test_report import ATTACK, Page

RUN = "0" * 32


def apart(pictures: int = 900, model: str = "invented") -> tuple[pd.DataFrame, Evaluation]:
    """Three origins: one good, one where scores say nothing, and one that is in the test part alone."""
    rows = scores(pictures, skill=2.5)
    generator = np.random.default_rng(8)
    subject = np.arange(pictures) // 2  # the class goes by subject // 3, the split by the rest
    origin = np.where(subject // 6 % 2 == 0, "here", "there").astype(object)
    origin[(rows["split"] == "test").to_numpy() & (subject // 6 % 5 == 0)] = "elsewhere"
    noise = generator.normal(size=pictures)
    rows["score"] = np.where(origin == "there", noise, rows["score"])
    sex = np.array(["F", "F", "M", ""])[subject // 12 % 4]
    given = rows.assign(origin=origin, sex=sex, view="PA", age=None)
    return given, evaluate(given, QUICK, model=model)


def by_fact(model: Evaluation) -> dict[str, Subgroups]:
    return {one.fact: one for one in model.subgroups}


def test_each_group_has_the_figures_that_scikit_learn_gives() -> None:
    given, model = apart()
    rows = model.part("test").join(given[["origin"]])
    origins = origins_of(model.subgroups)
    assert origins is not None
    assert sum(group.pictures for group in origins.groups) == len(rows)
    for group in origins.groups:
        own = rows[rows["origin"] == group.value]
        assert group.metrics["auroc"].value == pytest.approx(roc_auc_score(own["abnormal"], own["score"]))
        called = (own["verdict"] == "abnormal")[own["abnormal"].astype(bool)]
        assert group.metrics["sensitivity"].value == pytest.approx(called.mean())
        assert group.learnt == int(((given["split"] != "test") & (given["origin"] == group.value)).sum())
    assert {group.value: group.learnt > 0 for group in origins.groups} == {
        "here": True,
        "there": True,
        "elsewhere": False,
    }


def test_the_largest_gap_is_that_of_the_group_in_which_scores_say_nothing() -> None:
    _, model = apart()
    gap = next(gap for gap in by_fact(model)["origin"].gaps if gap.name == "auroc")
    assert gap.lowest == "there"
    assert gap.difference > 0.3
    assert gap.apart
    sex = by_fact(model)["sex"]
    assert {group.value for group in sex.groups} == {"F", "M", "unknown"}
    assert all("unknown" not in (gap.lowest, gap.highest) for gap in sex.gaps)
    assert (by_fact(model)["view"].telling, by_fact(model)["age"].telling) == (False, False)
    names = model.figures()
    assert names["subgroup/origin/auroc_gap"] == gap.difference
    assert "origin/elsewhere/auroc" in names


def test_the_report_and_the_board_show_each_origin_and_call_no_figure_general(tmp_path: Path) -> None:
    _, model = apart()
    page = Page(write_report(tmp_path / "one", ReportInput(model)).read_text())
    for words in ("No figure of one origin is general", "external", "Largest gap in AUROC", "unknown", "Sex"):
        assert words in page.text, words
    lines = pd.read_csv(tmp_path / "one" / SUBGROUPS_FILE)
    assert set(lines["fact"]) == {"origin", "sex", "view", "age"}
    again = load_evaluation(tmp_path / "one" / "metrics" / "metrics.json", model.rows)
    assert again.subgroups == model.subgroups
    older = evaluate(scores(), QUICK, model="older")
    board = leaderboard([Entry(one, "detector", RUN, f"{one.model}.html") for one in (model, older)])
    found = origins_of(model.subgroups)
    assert found is not None
    shown = Page(write_leaderboard(tmp_path, board, {}, origins={"invented": found}).read_text()).text
    assert "Models on each origin" in shown
    assert "elsewhere" in shown
    heat = heat_table({"invented": found}, ["invented", "older"])
    assert heat is not None
    assert [group.value for group in heat.origins] == [group.value for group in found.groups]
    assert heat.rows["older"] == (None, None, None)
    assert heat_table({}, ["older"]) is None
    assert "Not computed" in Page(write_leaderboard(tmp_path, board, {}).read_text()).text


def test_one_origin_alone_is_said_to_be_so(tmp_path: Path) -> None:
    model = evaluate(scores().assign(origin="here"), QUICK)
    page = Page(write_report(tmp_path, ReportInput(model)).read_text())
    assert "All test pictures are of one origin, here, which was also learnt from" in page.text


@pytest.mark.parametrize("hostile", ["one class", "three pictures", "constant", "no facts", "markup", "many groups"])
def test_a_report_comes_out_of_hostile_groups(hostile: str, tmp_path: Path) -> None:
    rows = scores(300).assign(origin=np.where(np.arange(300) % 4 == 0, "a", "b"))
    if hostile == "one class":
        rows = rows[rows["abnormal"] | (rows["split"] != "test")]
    elif hostile == "three pictures":
        rows = pd.concat([rows[rows["split"] == "val"], rows[rows["split"] == "test"].head(3)])
    elif hostile == "constant":
        rows["score"] = 1.0
    elif hostile == "no facts":
        rows = rows.drop(columns="origin")
    elif hostile == "markup":
        rows["origin"] = [ATTACK if origin == "a" else None for origin in rows["origin"]]
    else:
        rows["origin"] = [f"clinic {number % 40}" for number in range(300)]
    model = evaluate(rows, QUICK)
    page = Page(write_report(tmp_path, ReportInput(model)).read_text())
    assert "External validation" in page.text
    assert "script" not in page.tags
    if hostile == "no facts":
        assert "the origin of these pictures is not known" in page.text
    if hostile == "many groups":
        assert "smaller groups are not shown" in page.text
    assert all("/" in name and " " not in name for name in model.figures())
