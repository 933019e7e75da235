"""Local runner: what fails holds back only what reads it."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from xray_platform.defs.asset import PlatformAsset, platform_asset
from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.materializations import failed_since
from xray_platform.defs.store import Store
from xray_platform.errors import DataError
from xray_platform.tables.places import Places


def model(name: str) -> list[PlatformAsset]:
    """A model that fails while a file of its name lies in the store, and its scores."""

    def fit(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
        if (store.places.root / f"{name} fails").exists():
            raise DataError(f"{name} cannot learn")
        return AssetResult(content=name)

    def score(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
        if (store.places.root / f"{name} cannot score").exists():
            raise DataError(f"{name} cannot score")
        return AssetResult(content=name)

    return [
        platform_asset(group="detectors", version="1", name=name)(fit),
        platform_asset(group="evaluation", version="1", name=f"{name}_scores", deps=[name])(score),
    ]


@platform_asset(group="evaluation", version="1", deps=["first_scores", "second_scores"], any_deps=True)
def board(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
    """Whatever there is."""
    return AssetResult(content="board")


@platform_asset(group="evaluation", version="1", deps=["board"])
def page(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
    """What reads the board."""
    return AssetResult(content="page")


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalRunner]:
    monkeypatch.setenv("XRAY_ROOT", str(tmp_path))
    assets = [*model("first"), *model("second"), board, page]
    definitions = dg.Definitions(
        assets=[asset.definition() for asset in assets],
        resources={"store": Store(root="")},
        executor=dg.in_process_executor,
    )
    made = LocalRunner(Places(tmp_path), definitions)
    yield made
    made.close()


def run(runner: LocalRunner) -> tuple[set[str], dict[str, str]]:
    """Return what was made, and why something was not."""
    made: set[str] = set()
    failures: dict[str, str] = {}

    def listen(entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is not None and event.is_step_materialization and event.asset_key:
            made.add(event.asset_key.to_user_string())

    for outcome in runner.run(list(runner.graph.specs), listen):
        failures |= outcome.failures
    return made, failures


def test_a_model_that_cannot_learn_leaves_the_others_whole(runner: LocalRunner) -> None:
    broken = runner.places.root / "first fails"
    broken.touch()
    assert run(runner) == ({"second", "second_scores", "board", "page"}, {"first": "first cannot learn"})
    broken.unlink()
    made, failures = run(runner)
    assert failures == {}
    assert made == {"first", "first_scores", "board", "page"}, "the second is as it was"
    assert run(runner) == (set(), {})


def test_a_model_that_cannot_be_scored_does_not_keep_the_board_from_the_others(runner: LocalRunner) -> None:
    (runner.places.root / "second cannot score").touch()
    made, failures = run(runner)
    assert failures == {"second_scores": "second cannot score"}
    assert made == {"first", "second", "first_scores", "board", "page"}


def test_where_every_model_fails_there_is_no_board(runner: LocalRunner) -> None:
    for name in ("first", "second"):
        (runner.places.root / f"{name} fails").touch()
    made, failures = run(runner)
    assert made == set()
    assert set(failures) == {"first", "second"}


def test_a_failure_is_known_until_the_asset_is_made_again(runner: LocalRunner) -> None:
    first, second = dg.AssetKey("first"), dg.AssetKey("second")
    run(runner)
    broken = runner.places.root / "first fails"
    broken.touch()
    list(runner.run([first, second], lambda _: None, force=True))
    assert (failed_since(runner.instance, first), failed_since(runner.instance, second)) == (True, False)
    broken.unlink()
    list(runner.run([first], lambda _: None, force=True))
    assert not failed_since(runner.instance, first)
