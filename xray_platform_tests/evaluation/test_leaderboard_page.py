"""Leaderboard page: links to the reports, marks the champion, and copes with models that have no curve."""

from dataclasses import replace
from pathlib import Path

import pytest

from xray_platform.errors import StoreError
from xray_platform.evaluation.cautions import Caution
from xray_platform.evaluation.curves import curves_of
from xray_platform.evaluation.evaluate import evaluate
from xray_platform.evaluation.leaderboard import Entry, leaderboard
from xray_platform.evaluation.leaderboard_page import write_leaderboard
from xray_platform_tests.evaluation.invented import QUICK, evaluation, scores
from xray_platform_tests.evaluation.test_report import Page


def test_all_models_are_shown_and_linked(tmp_path: Path) -> None:
    blind = evaluate(scores(90).assign(abnormal=False), QUICK, model="blind")
    models = [replace(evaluation(200, model="first_one"), ms_per_picture=12.5), blind]
    sizes = {"first_one": 1.75, "blind": None}
    board = leaderboard(
        [Entry(one, "detector", "0" * 32, f"{one.model}/run/report.html", sizes[one.model]) for one in models]
    )
    curves = {model.model: curves_of(model) for model in models}
    file = write_leaderboard(tmp_path, board, curves, titles={"blind": "Blind <one>"}, champion="first_one")
    page = Page(file.read_text())
    assert [link for link in page.addresses if not link.startswith("data:")] == [
        "first_one/run/report.html",
        "blind/run/report.html",
    ]
    assert sum(link.startswith("data:image/png") for link in page.addresses) == 4, "light and dark, page and phone"
    assert "first one champion" in page.text
    assert "Blind <one>" in page.text
    assert "not a medical device" in page.text
    assert "12.5 ms 1.75 MB" in page.text
    assert page.text.count(" MB") == 1
    assert page.open == []


def test_cautions_of_all_models_come_first_and_those_of_one_stand_beside_it(tmp_path: Path) -> None:
    models = [evaluation(200, model="careful"), evaluation(200, model="lucky")]
    board = leaderboard([Entry(model, "detector", "0" * 32, f"{model.model}/run/report.html") for model in models])
    both = Caution("phantoms", "Made-up pictures", "All pictures are made up.")
    own = Caution("nearly-perfect", "Nearly perfect <validation>", "Look for a shortcut.")
    file = write_leaderboard(tmp_path, board, {}, cautions={"careful": [both], "lucky": [both, own]})
    page = Page(file.read_text())
    assert page.text.count("All pictures are made up.") == 1
    before, _, table = page.text.partition("Models")
    assert "Made-up pictures" in before
    assert table.count("Nearly perfect <validation>") == 2  # in the row, and in words below the table
    assert "lucky: read these too" in table
    assert "careful: read these too" not in table
    assert page.open == []


def test_a_champion_that_is_none_of_these_is_named(tmp_path: Path) -> None:
    board = leaderboard([Entry(evaluation(90), "network", "0" * 32, "invented/run/report.html")])
    page = Page(write_leaderboard(tmp_path, board, {}, elsewhere="old, version 3, which is none of these").read_text())
    assert "Champion old, version 3, which is none of these" in page.text


def test_an_empty_board_says_so(tmp_path: Path) -> None:
    file = write_leaderboard(tmp_path / "new" / "folder", leaderboard([]), {})
    assert "No model has been judged yet." in Page(file.read_text()).text


def test_without_curves_the_table_is_still_there(tmp_path: Path) -> None:
    board = leaderboard([Entry(evaluation(90), "network", "0" * 32, "invented/run/report.html")])
    assert "No curve" in Page(write_leaderboard(tmp_path, board, {}).read_text()).text


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot write .*file"):
        write_leaderboard(tmp_path / "file", leaderboard([]), {})
