"""A model on request is trained where a store names it or a person asks for it, and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from xray_platform.defs.graph import definitions
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.models_in_use import ON_REQUEST, models_in_use
from xray_platform.tables.places import Places

ASSETS = {"densenet", "densenet_scores", "densenet_report"}


@contextmanager
def store(folder: Path, settings: str = "") -> Iterator[LocalRunner]:
    (folder / "xray.yaml").write_text(settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_ROOT", str(folder))
        opened = LocalRunner(Places(folder), definitions())
        yield opened
        opened.close()


def by_itself(store: LocalRunner) -> list[set[str]]:
    """Return what the command makes unless told otherwise, what it says is pending, and what the schedule makes."""
    run = {key.to_user_string() for key in store.select([], None)}
    grouped = {key.to_user_string() for key in store.select(["networks", "evaluation"], None)}
    job = store.definitions.resolve_job_def("retrain").asset_layer.executable_asset_keys
    return [run, grouped, {*store.pending()}, {key.to_user_string() for key in job}]


def test_nobody_asked_for_it(tmp_path: Path) -> None:
    assert "densenet" in ON_REQUEST
    with store(tmp_path) as opened:
        for made in by_itself(opened):
            assert not made & ASSETS
            assert made > {"attention_cnn_report", "leaderboard"}


def test_a_store_that_names_it_trains_it_with_the_others(tmp_path: Path) -> None:
    with store(tmp_path, "densenet:\n") as opened:
        assert "densenet" in models_in_use(opened.places)
        for made in by_itself(opened):
            assert made > ASSETS


def test_a_person_can_always_ask_for_it(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        asked = opened.select([], "key:densenet+")
        assert {key.to_user_string() for key in asked} >= ASSETS


def test_the_board_goes_on_without_it(tmp_path: Path) -> None:
    """Its report is one of those that the leaderboard may read, and its absence keeps nobody waiting."""
    with store(tmp_path) as opened:
        board = next(spec for key, spec in opened.graph.specs.items() if key.to_user_string() == "leaderboard")
        assert "densenet_report" in {dep.asset_key.to_user_string() for dep in board.deps}
        condition = str(board.automation_condition)
        assert "densenet_report" in condition
